/// A value of a YAML or JSON document, and where it stands.
public struct DocumentNode: Sendable {
    /// What the value is. Scalars stay text until someone asks for a type.
    public enum Value: Sendable {
        /// `null`, `~` or nothing.
        case null
        case scalar(String, isQuoted: Bool)
        case sequence([DocumentNode])
        case mapping([Entry])
    }

    /// One key of a mapping.
    public struct Entry: Sendable {
        public var key: String
        public var keyPosition: Position
        public var value: DocumentNode

        public init(key: String, keyPosition: Position, value: DocumentNode) {
            self.key = key
            self.keyPosition = keyPosition
            self.value = value
        }
    }

    public var value: Value
    public var position: Position

    public init(_ value: Value, at position: Position) {
        self.value = value
        self.position = position
    }
}

extension DocumentNode {
    public var isNull: Bool {
        if case .null = value { return true }
        return false
    }

    /// The text of a scalar, nil for anything else.
    public var text: String? {
        if case .scalar(let text, _) = value { return text }
        return nil
    }

    /// A whole number written in decimal, nil for anything else.
    public var integer: Int? {
        guard let text, text.first != "+" else { return nil }
        return Int(text)
    }

    /// `true` or `false` without quotes, nil for anything else.
    public var boolean: Bool? {
        switch value {
        case .scalar("true", isQuoted: false): true
        case .scalar("false", isQuoted: false): false
        default: nil
        }
    }

    /// The elements of a sequence; null counts as an empty one. nil for anything else.
    public var elements: [DocumentNode]? {
        switch value {
        case .sequence(let elements): elements
        case .null: []
        default: nil
        }
    }

    /// The entries of a mapping; null counts as an empty one. nil for anything else.
    public var entries: [Entry]? {
        switch value {
        case .mapping(let entries): entries
        case .null: []
        default: nil
        }
    }

    /// The value of a key, nil where this is no mapping, the key is missing or its value is null.
    public subscript(key: String) -> DocumentNode? {
        guard case .mapping(let entries) = value, let entry = entries.first(where: { $0.key == key }),
            !entry.value.isNull
        else { return nil }
        return entry.value
    }

    /// The value at the end of a path of keys.
    public subscript(path: String...) -> DocumentNode? {
        var node: DocumentNode? = self
        for key in path { node = node?[key] }
        return node
    }

    /// What the value is, for error messages.
    public var kindName: String {
        switch value {
        case .null: "nothing"
        case .scalar(let text, _): "\"\(text.prefix(40))\""
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
