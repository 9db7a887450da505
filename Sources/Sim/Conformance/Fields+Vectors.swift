import Inputs
import Model

/// Values that several families of vectors have in common.
extension Fields {
    /// Whole numbers from 0 to the type's maximum; nil when the key is missing.
    mutating func number<T: FixedWidthInteger & UnsignedInteger>(
        _ key: String, as type: T.Type = T.self
    ) throws(InputError) -> T? {
        guard let node = node(key) else { return nil }
        return try number(node, key: key)
    }

    /// A node as such a number.
    func number<T: FixedWidthInteger & UnsignedInteger>(
        _ node: DocumentNode, key: String, as type: T.Type = T.self
    ) throws(InputError) -> T {
        guard let integer = node.integer, let number = T(exactly: integer) else {
            throw InputError(
                file, node.position, "\"\(key)\" must be a whole number from 0 to \(T.max), not \(node.kindName)")
        }
        return number
    }

    /// A mapping's key as such a number.
    func number<T: FixedWidthInteger & UnsignedInteger>(
        key entry: DocumentNode.Entry, as type: T.Type = T.self
    ) throws(InputError) -> T {
        guard let number = T(entry.key) else {
            throw InputError(
                file, entry.keyPosition, "\"\(entry.key)\" must be a whole number from 0 to \(T.max)")
        }
        return number
    }

    /// The entries of a mapping; none when the key is missing.
    mutating func entries(_ key: String) throws(InputError) -> [DocumentNode.Entry] {
        guard let node = node(key) else { return [] }
        guard let entries = node.entries else {
            throw InputError(file, node.position, "\"\(key)\" must be a mapping, not \(node.kindName)")
        }
        return entries
    }

    /// An address and a port that must be there.
    mutating func requiredSocketAddress(_ key: String) throws(InputError) -> SocketAddress {
        let node = try required(key)
        guard let address = node.text.flatMap({ SocketAddress($0) }) else {
            throw InputError(file, node.position, "\"\(key)\" must be address:port, not \(node.kindName)")
        }
        return address
    }

    /// Pairs of a service port and a target port: a list of pairs, or a mapping; none when the key is missing.
    mutating func ports(_ key: String) throws(InputError) -> [ServicePort] {
        guard let node = node(key) else { return [] }
        return try ports(of: node, key: key)
    }

    /// The same, of a node.
    func ports(of node: DocumentNode, key: String) throws(InputError) -> [ServicePort] {
        var ports: [ServicePort] = []
        if case .mapping(let entries) = node.value {
            for entry in entries {
                ports.append(ServicePort(try number(key: entry), to: try number(entry.value, key: key)))
            }
            return ports
        }
        for pair in node.elements ?? [] {
            guard let parts = pair.elements, parts.count == 2 else {
                throw InputError(
                    file, pair.position,
                    "\"\(key)\" must hold [service port, target port], not \(pair.kindName)")
            }
            ports.append(ServicePort(try number(parts[0], key: key), to: try number(parts[1], key: key)))
        }
        return ports
    }

    /// One of several words, whatever their case; `fallback` when the key is missing or empty.
    mutating func word<T>(
        _ key: String, in words: KeyValuePairs<String, T>, default fallback: T
    ) throws(InputError) -> T {
        guard let node = node(key), node.text != "" else { return fallback }
        return try word(node, key: key, in: words)
    }

    /// A node as one of several words.
    func word<T>(
        _ node: DocumentNode, key: String, in words: KeyValuePairs<String, T>
    ) throws(InputError) -> T {
        guard let word = words.first(where: { $0.key == node.text?.uppercased() }) else {
            throw InputError(
                file, node.position,
                "\"\(key)\" must be one of \(words.map(\.key).joined(separator: ", ")), not \(node.kindName)")
        }
        return word.value
    }

    /// The bytes of a frame: `{hex, desc}`.
    mutating func frame(_ key: String) throws(InputError) -> [UInt8] {
        var fields = try Fields(required(key), file: file, what: "\"\(key)\"")
        let node = try fields.required("hex")
        _ = try fields.string("desc")
        try fields.finish()
        let digits = Array((node.text ?? "").utf8)
        let values = digits.compactMap { Digits.value(ofHexadecimal: $0) }
        guard node.text != nil, values.count == digits.count, values.count.isMultiple(of: 2) else {
            throw InputError(file, node.position, "\"hex\" must be pairs of hexadecimal digits, not \(node.kindName)")
        }
        return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }

    /// A node as an address prefix.
    func prefix(_ node: DocumentNode) throws(InputError) -> Prefix {
        guard let prefix = node.text.flatMap({ Prefix($0) }) else {
            throw InputError(file, node.position, "a block must be address/length, not \(node.kindName)")
        }
        return prefix
    }
}
