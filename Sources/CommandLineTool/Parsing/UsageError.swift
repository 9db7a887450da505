/// A command line that cannot be carried out; ends in `ExitCode.usage`.
public struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong. Options are written with their dashes.
    public enum Problem: Hashable, Sendable {
        /// No accepted option is written like this.
        case unknownOption(String, suggestion: String?)
        /// No subcommand has this name.
        case unknownSubcommand(String, suggestion: String?, choices: [String])
        /// The line ends where a subcommand is due.
        case missingSubcommand(choices: [String])
        /// An option is not followed by a value.
        case missingValue(Option)
        /// A flag was given a value with `=`.
        case unexpectedValue(Option, String)
        /// A required option was left out.
        case missingOption(Option)
        /// An option was given again although one occurrence is the limit.
        case repeatedOption(Option)
        /// Too few arguments; this one is the first that is missing.
        case missingPositional(Positional)
        /// More arguments than the command takes; this is the first one too many.
        case unexpectedArgument(String)
        /// A value of the named option or positional that is not among its choices.
        case notAChoice(of: String, value: String, suggestion: String?, choices: [String])
        /// A value of the named option that is not what it should be; `expected` completes "expects ...".
        case badValue(of: String, value: String, expected: String)
        /// A rule of the tool itself is broken, such as two options that exclude each other.
        case rule(String)
    }

    /// The command as typed, `kmesh-sim run`; its help is what to read next.
    public let command: String
    /// What is wrong, with the facts needed to put it right.
    public let problem: Problem

    /// Reports a problem with the arguments of `command`.
    public init(command: String, _ problem: Problem) {
        self.command = command
        self.problem = problem
    }

    /// Two lines without a final newline: what is wrong and would be right, then which help to read.
    public var description: String {
        "\(command): \(problem.text)\nSee '\(command) --help'."
    }
}

extension UsageError.Problem {
    /// One line in lower case, without a period.
    fileprivate var text: String {
        switch self {
        case .unknownOption(let given, let suggestion):
            "unknown option '\(given)'\(didYouMean(suggestion))"
        case .unknownSubcommand(let given, let suggestion, let choices):
            "unknown command '\(given)'\(didYouMean(suggestion, orOneOf: choices))"
        case .missingSubcommand(let choices):
            "missing command\(oneOf(choices))"
        case .missingValue(let option):
            "option '\(option.name)' needs a value: '\(option.usage)'\(oneOf(option.value?.choices ?? []))"
        case .unexpectedValue(let option, let value):
            "option '\(option.name)' takes no value, but was given '\(value)'"
        case .missingOption(let option):
            "missing option '\(option.usage)'"
        case .repeatedOption(let option):
            "option '\(option.name)' is given twice; give it once"
        case .missingPositional(let positional):
            "missing argument \(positional.name)\(oneOf(positional.choices))"
        case .unexpectedArgument(let given):
            "unexpected argument '\(given)'"
        case .notAChoice(let owner, let value, let suggestion, let choices):
            "'\(value)' is not a value of \(owner)\(oneOf(choices))\(didYouMean(suggestion))"
        case .badValue(let owner, let value, let expected):
            "\(owner) expects \(expected), not '\(value)'"
        case .rule(let text):
            text
        }
    }

    private func didYouMean(_ suggestion: String?, orOneOf choices: [String] = []) -> String {
        suggestion.map { "; did you mean '\($0)'?" } ?? oneOf(choices)
    }

    private func oneOf(_ choices: [String]) -> String {
        choices.isEmpty ? "" : "; one of: \(choices.joined(separator: ", "))"
    }
}
