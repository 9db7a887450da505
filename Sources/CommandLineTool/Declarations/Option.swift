/// A named argument: `--seed 7`, `-o json`, or a flag such as `--quiet`.
public struct Option: Hashable, Sendable {
    /// How often an option may be given and how many values one occurrence takes.
    public enum Arity: Hashable, Sendable {
        /// At most once, one value.
        case once
        /// Any number of times, one value each.
        case repeatable
        /// Any number of times, each taking values up to the next option: `--mesh FILE FILE`.
        case several
    }

    /// What leaving the option out means.
    public enum Presence: Hashable, Sendable {
        /// Nothing is assumed.
        case optional
        /// A usage error.
        case required
        /// The tool assumes what the text says. It is only shown: accessors still return `nil`.
        case defaults(to: String)
    }

    /// What follows an option that is not a flag.
    public struct Value: Hashable, Sendable {
        /// Stands for the value in help texts, such as `FILE`.
        public let name: String
        /// The only accepted values; empty if the tool checks them itself.
        public let choices: [String]
        /// How many values are accepted.
        public let arity: Arity
        /// Whether a value must be given.
        public let presence: Presence
    }

    /// The name without the leading `--`.
    public let long: String
    /// The letter after a single `-`.
    public let short: Character?
    /// `nil` for a flag.
    public let value: Value?
    /// One or more sentences.
    public let help: String

    private init(long: String, short: Character?, value: Value?, help: String) {
        precondition(isPlainWord(long) && !long.hasPrefix("-"), "not an option name: \(long)")
        precondition(short.map { $0.isASCII && $0.isLetter } ?? true, "not an option letter: -\(short ?? "?")")
        self.long = long
        self.short = short
        self.value = value
        self.help = help
    }

    /// Declares an option that is either given or not, at most once.
    public static func flag(_ long: String, short: Character? = nil, help: String) -> Option {
        Option(long: long, short: short, value: nil, help: help)
    }

    /// Declares an option followed by a value.
    public static func value(
        _ long: String, short: Character? = nil, _ valueName: String, choices: [String] = [],
        arity: Arity = .once, presence: Presence = .optional, help: String
    ) -> Option {
        precondition(choices.allSatisfy(isPlainWord), "--\(long): a choice would need quoting: \(choices)")
        let value = Value(name: valueName, choices: choices, arity: arity, presence: presence)
        return Option(long: long, short: short, value: value, help: help)
    }

    /// The long name as typed, `--seed`; messages use it whichever way the option was written.
    public var name: String { "--\(long)" }

    /// Every way to write the option, the short one first: `-o`, `--output`.
    public var spellings: [String] { (short.map { ["-\($0)"] } ?? []) + [name] }

    /// Whether leaving the option out is an error.
    public var isRequired: Bool { value?.presence == .required }

    /// The option with its value, as in a usage line: `--mesh FILE...`.
    var usage: String {
        guard let value else { return name }
        return "\(name) \(value.name)\(value.arity == .several ? "..." : "")"
    }

    /// `help` followed by the facts the declaration adds: choices, repetition and default.
    var fullHelp: String {
        var sentences = [help]
        guard let value else { return help }
        if !value.choices.isEmpty { sentences.append("One of: \(value.choices.joined(separator: ", ")).") }
        if value.arity == .repeatable { sentences.append("May be repeated.") }
        switch value.presence {
        case .optional: break
        case .required: sentences.append("Required.")
        case .defaults(let text): sentences.append("Default: \(text).")
        }
        return sentences.joined(separator: " ")
    }

    /// Understood by every command, ahead of its own options.
    static let builtIn = [
        flag("help", short: "h", help: "Show this help and exit."),
        flag("version", help: "Show the version and exit."),
    ]
}
