import Model

extension DocumentNode {
    /// The same mapping with its keys as protobuf's JSON form writes them: `source_ips` becomes `sourceIps`. Readers of
    /// that form take both. What is no mapping stays as it is.
    /// - Throws: when a key is there in both forms, for only one of them would be read.
    func camelCased(file: String) throws(InputError) -> DocumentNode {
        guard case .mapping(let entries) = value, entries.contains(where: { $0.key.contains("_") }) else { return self }
        var renamed: [Entry] = []
        for var entry in entries {
            entry.key = Self.camelCased(entry.key)
            if let other = renamed.first(where: { $0.key == entry.key }) {
                throw InputError(
                    file, entry.keyPosition, "\"\(entry.key)\" again; it is already at line \(other.keyPosition.line)")
            }
            renamed.append(entry)
        }
        return DocumentNode(.mapping(renamed), at: position)
    }

    private static func camelCased(_ key: String) -> String {
        let words = key.split(separator: "_")
        guard let first = words.first else { return key }
        return words.dropFirst().reduce(String(first)) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }
}
