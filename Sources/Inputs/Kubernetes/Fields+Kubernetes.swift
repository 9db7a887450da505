import Model

/// Readings that Kubernetes objects need. Their keys are open: unknown ones are skipped, so nobody calls `finish`.
extension Fields {
    /// A mapping's fields, nil when it is missing.
    public mutating func mapping(_ key: String) throws(InputError) -> Fields? {
        guard let node = node(key) else { return nil }
        return try Fields(node, file: file, what: "\"\(key)\"")
    }

    /// The fields of each element of a list of mappings.
    mutating func mappings(_ key: String) throws(InputError) -> [Fields] {
        guard let node = node(key) else { return [] }
        guard let elements = node.elements else {
            throw InputError(file, node.position, "\"\(key)\" must be a list, not \(node.kindName)")
        }
        var mappings: [Fields] = []
        for element in elements {
            mappings.append(try Fields(element, file: file, what: "an element of \"\(key)\""))
        }
        return mappings
    }

    /// A mapping of texts, such as labels; empty when it is missing. Only the wanted keys are read.
    mutating func texts(
        _ key: String, keeping wanted: ((String) -> Bool)? = nil
    ) throws(InputError) -> [String: String] {
        guard let node = node(key) else { return [:] }
        guard let entries = node.entries else {
            throw InputError(file, node.position, "\"\(key)\" must be a mapping (key: value), not \(node.kindName)")
        }
        var texts: [String: String] = [:]
        for entry in entries where wanted?(entry.key) ?? true {
            guard let text = entry.value.isNull ? "" : entry.value.text else {
                throw InputError(
                    file, entry.value.position, "\"\(entry.key)\" must be text, not \(entry.value.kindName)")
            }
            texts[entry.key] = text
        }
        return texts
    }

    /// A port number, host order.
    mutating func port(_ key: String) throws(InputError) -> UInt16? {
        try integer(key, in: 1...65535).map { UInt16($0) }
    }

    /// An IP address, nil when it is missing or empty.
    mutating func optionalAddress(_ key: String) throws(InputError) -> IPAddress? {
        if let text = node(key)?.text, text.isEmpty { return nil }
        return try address(key)
    }
}
