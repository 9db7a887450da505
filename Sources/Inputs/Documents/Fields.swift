import Model

/// Strict reading of a mapping: every key is asked for by name and type, and `finish` refuses what nobody asked for.
public struct Fields {
    public let file: String
    public let position: Position
    private let entries: [DocumentNode.Entry]
    /// Keys that were asked for, in order, present or not.
    private var known: [String] = []

    /// - Throws: when the node is not a mapping; `what` names it in the message.
    public init(_ node: DocumentNode, file: String, what: String) throws(InputError) {
        guard let entries = node.entries else {
            throw InputError(file, node.position, "\(what) must be a mapping (key: value), not \(node.kindName)")
        }
        self.file = file
        position = node.position
        self.entries = entries
    }

    /// The keys of the mapping, in file order.
    public var keys: [String] { entries.map(\.key) }

    /// The value of a key, nil when missing or null.
    public mutating func node(_ key: String) -> DocumentNode? {
        known.append(key)
        guard let entry = entries.first(where: { $0.key == key }), !entry.value.isNull else { return nil }
        return entry.value
    }

    /// Whether the key is there at all, also with a null value.
    public mutating func has(_ key: String) -> Bool {
        known.append(key)
        return entries.contains { $0.key == key }
    }

    /// A value that must be there.
    public mutating func required(_ key: String) throws(InputError) -> DocumentNode {
        guard let node = node(key) else {
            throw InputError(file, position, "\"\(key)\" is missing here")
        }
        return node
    }

    public mutating func string(_ key: String) throws(InputError) -> String? {
        guard let node = node(key) else { return nil }
        guard let text = node.text else {
            throw InputError(file, node.position, "\"\(key)\" must be text, not \(node.kindName)")
        }
        return text
    }

    public mutating func requiredString(_ key: String) throws(InputError) -> String {
        let node = try required(key)
        guard let text = node.text else {
            throw InputError(file, node.position, "\"\(key)\" must be text, not \(node.kindName)")
        }
        return text
    }

    public mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(InputError) -> Int? {
        guard let node = node(key) else { return nil }
        guard let number = node.integer, range.contains(number) else {
            throw InputError(
                file, node.position,
                "\"\(key)\" must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(node.kindName)"
            )
        }
        return number
    }

    public mutating func boolean(_ key: String) throws(InputError) -> Bool? {
        guard let node = node(key) else { return nil }
        guard let boolean = node.boolean else {
            throw InputError(file, node.position, "\"\(key)\" must be true or false, not \(node.kindName)")
        }
        return boolean
    }

    /// A list; a single value counts as a list of one.
    public mutating func list(_ key: String) -> [DocumentNode] {
        guard let node = node(key) else { return [] }
        return node.elements ?? [node]
    }

    /// A list of texts; a single text counts as a list of one.
    public mutating func strings(_ key: String) throws(InputError) -> [String] {
        var texts: [String] = []
        for element in list(key) {
            guard let text = element.text else {
                throw InputError(file, element.position, "\"\(key)\" must hold text, not \(element.kindName)")
            }
            texts.append(text)
        }
        return texts
    }

    /// One of an enum's raw values.
    public mutating func choice<T: RawRepresentable & CaseIterable>(
        _ key: String, of type: T.Type = T.self
    ) throws(InputError) -> T? where T.RawValue == String {
        guard let node = node(key) else { return nil }
        guard let value = node.text.flatMap(T.init(rawValue:)) else {
            let choices = T.allCases.map(\.rawValue)
            let hint = node.text.flatMap { nearestName(to: $0, in: choices) }.map { "; did you mean \($0)?" } ?? ""
            throw InputError(
                file, node.position,
                "\"\(key)\" must be one of \(choices.joined(separator: ", ")), not \(node.kindName)\(hint)")
        }
        return value
    }

    public mutating func address(_ key: String) throws(InputError) -> IPAddress? {
        guard let node = node(key) else { return nil }
        guard let address = node.text.flatMap({ IPAddress($0) }) else {
            throw InputError(file, node.position, "\"\(key)\" must be an IP address, not \(node.kindName)")
        }
        return address
    }

    /// A list of IP addresses; empty ones are skipped.
    mutating func addresses(_ key: String) throws(InputError) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for node in list(key) {
            if let text = node.text, text.isEmpty { continue }
            guard let address = node.text.flatMap({ IPAddress($0) }) else {
                throw InputError(file, node.position, "\"\(key)\" must hold IP addresses, not \(node.kindName)")
            }
            addresses.append(address)
        }
        return addresses
    }

    /// Refuses keys that nobody asked for, and names the nearest that is known.
    public func finish() throws(InputError) {
        for entry in entries where !known.contains(entry.key) {
            let hint: String
            if let near = nearestName(to: entry.key, in: known) {
                hint = "did you mean \"\(near)\"?"
            } else {
                var listed: Set<String> = []
                hint = "known here: \(known.filter { listed.insert($0).inserted }.joined(separator: ", "))"
            }
            throw InputError(file, entry.keyPosition, "unknown key \"\(entry.key)\"; \(hint)")
        }
    }
}
