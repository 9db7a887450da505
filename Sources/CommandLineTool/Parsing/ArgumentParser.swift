import Model

/// What a command line asks for.
public enum ParsedCommandLine: Hashable, Sendable {
    /// Run a command.
    case run(Invocation)
    /// Show the help of a command.
    case help(CommandPath)
    /// Show the version of the tool.
    case version
}

extension Command {
    /// Matches `arguments`, without the executable's name, against this tree.
    ///
    /// The first of `-h`, `--help` and `--version` wins over anything after it. A word that starts with `-` is an
    /// option unless it is `-` alone or a negative number; after `--` no word is.
    /// - Throws: The first problem from the left, else the first thing that is missing.
    public func parse(_ arguments: [String]) throws(UsageError) -> ParsedCommandLine {
        var parser = ArgumentParser(path: CommandPath(root: self), remaining: arguments[...])
        return try parser.parse()
    }
}

/// Walks once over the arguments and down the command tree.
private struct ArgumentParser {
    /// The command reached so far.
    var path: CommandPath
    /// Arguments not yet looked at.
    var remaining: ArraySlice<String>
    /// By long name; a flag has no values.
    var valuesByOption: [String: [String]] = [:]
    var positionals: [String] = []

    mutating func parse() throws(UsageError) -> ParsedCommandLine {
        while let argument = remaining.popFirst() {
            if argument == "--" {
                for word in remaining { try takePositional(word) }
                break
            } else if looksLikeOption(argument) {
                let (spelling, attached) = splitAtEqualsSign(argument)
                let option = try option(spelled: spelling)
                guard !Option.builtIn.contains(option) else {
                    guard attached == nil else { throw error(.unexpectedValue(option, attached ?? "")) }
                    return option.long == "help" ? .help(path) : .version
                }
                try take(option, attached: attached)
            } else if path.command.subcommands.isEmpty {
                try takePositional(argument)
            } else {
                try enterSubcommand(named: argument)
            }
        }
        try checkNothingIsMissing()
        return .run(Invocation(path: path, positionals: positionals, valuesByOption: valuesByOption))
    }

    private mutating func take(_ option: Option, attached: String?) throws(UsageError) {
        let mayRepeat = option.value.map { $0.arity != .once } ?? false
        guard mayRepeat || valuesByOption[option.long] == nil else { throw error(.repeatedOption(option)) }
        var taken: [String] = []
        if let value = option.value {
            taken = attached.map { [$0] } ?? takeValues(atMost: value.arity == .several ? .max : 1)
            guard !taken.isEmpty else { throw error(.missingValue(option)) }
            for text in taken { try check(text, isIn: value.choices, of: option.name) }
        } else if let attached {
            throw error(.unexpectedValue(option, attached))
        }
        valuesByOption[option.long, default: []] += taken
    }

    /// Takes the words up to the next option.
    private mutating func takeValues(atMost limit: Int) -> [String] {
        let values = Array(remaining.prefix { !looksLikeOption($0) }.prefix(limit))
        remaining = remaining.dropFirst(values.count)
        return values
    }

    private mutating func takePositional(_ word: String) throws(UsageError) {
        // Only the last positional varies in count, so the position alone tells which one this is.
        var position = positionals.count
        for positional in path.command.positionals {
            let maximum = positional.maximum ?? .max
            if position < maximum {
                try check(word, isIn: positional.choices, of: positional.name)
                positionals.append(word)
                return
            }
            position -= maximum
        }
        throw error(.unexpectedArgument(word))
    }

    private mutating func enterSubcommand(named name: String) throws(UsageError) {
        let subcommands = path.command.subcommands
        guard let subcommand = subcommands.first(where: { $0.name == name }) else {
            let choices = subcommands.map(\.name)
            throw error(.unknownSubcommand(name, suggestion: nearestName(to: name, in: choices), choices: choices))
        }
        path = path.entering(subcommand)
    }

    private func option(spelled spelling: String) throws(UsageError) -> Option {
        if let option = path.option(spelled: spelling) { return option }
        // Without dashes, so that they do not make short names look alike and `-seed` finds `--seed`.
        let suggestion = nearestName(to: String(spelling.drop { $0 == "-" }), in: path.options.map(\.long))
        throw error(.unknownOption(spelling, suggestion: suggestion.map { "--\($0)" }))
    }

    private func check(_ text: String, isIn choices: [String], of owner: String) throws(UsageError) {
        guard choices.isEmpty || choices.contains(text) else {
            let suggestion = nearestName(to: text, in: choices)
            throw error(.notAChoice(of: owner, value: text, suggestion: suggestion, choices: choices))
        }
    }

    private func checkNothingIsMissing() throws(UsageError) {
        guard path.command.subcommands.isEmpty else {
            throw error(.missingSubcommand(choices: path.command.subcommands.map(\.name)))
        }
        var needed = 0
        for positional in path.command.positionals {
            needed += positional.minimum
            if needed > positionals.count { throw error(.missingPositional(positional)) }
        }
        for option in path.options where option.isRequired && valuesByOption[option.long] == nil {
            throw error(.missingOption(option))
        }
    }

    private func error(_ problem: UsageError.Problem) -> UsageError {
        UsageError(command: path.title, problem)
    }
}

private func looksLikeOption(_ word: String) -> Bool {
    guard word.hasPrefix("-"), let second = word.dropFirst().first else { return false }
    return !("0"..."9").contains(second)
}

/// Splits `--option=value`; the value is `nil` without a `=`.
private func splitAtEqualsSign(_ word: String) -> (spelling: String, attached: String?) {
    guard let equals = word.firstIndex(of: "=") else { return (word, nil) }
    return (String(word[..<equals]), String(word[word.index(after: equals)...]))
}
