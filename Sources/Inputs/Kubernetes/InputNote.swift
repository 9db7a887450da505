/// Something an input says that was left out or taken differently than written, for the user to know.
public struct InputNote: Hashable, Sendable {
    public var file: String
    /// nil when the file as a whole is meant.
    public var position: Position?
    public var text: String

    public init(_ file: String, _ position: Position? = nil, _ text: String) {
        self.file = file
        self.position = position
        self.text = text
    }
}

extension InputNote: CustomStringConvertible {
    /// `file:line:column: text`, the form of an `InputError`.
    public var description: String {
        guard let position else { return "\(file): \(text)" }
        return "\(file):\(position.line):\(position.column): \(text)"
    }
}

extension InputNote: Comparable {
    /// By file, then by position, then by text.
    public static func < (a: InputNote, b: InputNote) -> Bool {
        if a.file != b.file { return a.file < b.file }
        let (x, y) = (a.position ?? Position(line: 0, column: 0), b.position ?? Position(line: 0, column: 0))
        return (x.line, x.column, a.text) < (y.line, y.column, b.text)
    }
}
