/// A place in a text file; both count from 1, columns in characters.
public struct Position: Hashable, Sendable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// Input that cannot be used: which file, where, what is wrong and what would be right.
public struct InputError: Error, Hashable, Sendable {
    public var file: String
    /// nil when the file as a whole is meant.
    public var position: Position?
    public var message: String

    public init(_ file: String, _ position: Position? = nil, _ message: String) {
        self.file = file
        self.position = position
        self.message = message
    }
}

extension InputError: CustomStringConvertible {
    /// `file:line:column: message`
    public var description: String {
        guard let position else { return "\(file): \(message)" }
        return "\(file):\(position.line):\(position.column): \(message)"
    }
}
