/// An argument known by its position.
public struct Positional: Hashable, Sendable {
    /// Stands for the argument in help texts, such as `SCENARIO`.
    public let name: String
    /// One or more sentences.
    public let help: String
    /// The only accepted values; empty if the tool checks them itself.
    public let choices: [String]
    /// Fewest arguments accepted.
    public let minimum: Int
    /// Most arguments accepted; `nil` for no limit.
    public let maximum: Int?

    /// Declares an argument that must be given once unless the counts say otherwise.
    public init(_ name: String, choices: [String] = [], minimum: Int = 1, maximum: Int? = 1, help: String) {
        precondition(minimum >= 0 && (maximum ?? .max) >= max(minimum, 1), "\(name): \(minimum) to \(maximum ?? 0)")
        precondition(choices.allSatisfy(isPlainWord), "\(name): a choice would need quoting: \(choices)")
        self.name = name
        self.help = help
        self.choices = choices
        self.minimum = minimum
        self.maximum = maximum
    }

    /// The argument as in a usage line: `FILE`, `[FILE]`, `FILE...`, `[FILE...]`.
    var usage: String {
        let name = maximum == 1 ? name : "\(name)..."
        return minimum == 0 ? "[\(name)]" : name
    }

    /// `help` followed by the choices.
    var fullHelp: String {
        choices.isEmpty ? help : "\(help) One of: \(choices.joined(separator: ", "))."
    }
}
