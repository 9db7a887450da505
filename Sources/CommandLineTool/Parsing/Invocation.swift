/// A command line that fits its declaration: which command, with which values.
///
/// Asking for an option that the command does not accept is a mistake in the tool and traps.
public struct Invocation: Hashable, Sendable {
    /// The command to run.
    public let path: CommandPath
    /// Arguments without a name, in the order given; their count fits the declaration.
    public let positionals: [String]
    /// Values in the order given, by long option name; an empty array for a flag that was given.
    private let valuesByOption: [String: [String]]

    /// Takes over values already checked against `path`.
    init(path: CommandPath, positionals: [String], valuesByOption: [String: [String]]) {
        self.path = path
        self.positionals = positionals
        self.valuesByOption = valuesByOption
    }

    /// Command names below the executable's own: `["run"]` for `kmesh-sim run`, empty for the executable itself.
    public var commandNames: [String] { Array(path.names.dropFirst()) }

    /// Whether the flag with this long name was given.
    public func flag(_ long: String) -> Bool {
        precondition(option(long).value == nil, "--\(long) is not a flag")
        return valuesByOption[long] != nil
    }

    /// The value of an option given at most once; `nil` if it was left out, whatever its default text says.
    public func value(_ long: String) -> String? {
        precondition(option(long).value?.arity == .once, "--\(long) may have several values")
        return valuesByOption[long]?.first
    }

    /// All values of an option, in the order given; empty if it was left out.
    public func values(_ long: String) -> [String] {
        precondition(option(long).value != nil, "--\(long) is a flag")
        return valuesByOption[long] ?? []
    }

    /// The value of an option as a decimal number without a sign.
    /// - Throws: `.badValue` if it is anything else or outside `range`.
    public func unsigned<Number: FixedWidthInteger>(
        _ long: String, in range: ClosedRange<Number> = 0...Number.max
    ) throws(UsageError) -> Number? {
        guard let text = value(long) else { return nil }
        let isDecimal = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isDecimal, let number = Number(text), range.contains(number) else {
            let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
            throw usageError(.badValue(of: "--\(long)", value: text, expected: expected))
        }
        return number
    }

    /// The values of an option split at commas: `a,b` is the same as giving `a` and `b`.
    /// - Throws: `.badValue` if a piece is empty.
    public func list(_ long: String) throws(UsageError) -> [String] {
        var pieces: [String] = []
        for text in values(long) {
            let split = text.split(separator: ",", omittingEmptySubsequences: false)
            guard split.allSatisfy({ !$0.isEmpty }) else {
                throw usageError(.badValue(of: "--\(long)", value: text, expected: "words separated by single commas"))
            }
            pieces += split.map { String($0) }
        }
        return pieces
    }

    /// A usage error about this command, for rules that the tool checks itself.
    public func usageError(_ problem: UsageError.Problem) -> UsageError {
        UsageError(command: path.title, problem)
    }

    private func option(_ long: String) -> Option {
        guard let option = path.option(spelled: "--\(long)") else {
            preconditionFailure("'\(path.title)' does not declare --\(long)")
        }
        return option
    }
}
