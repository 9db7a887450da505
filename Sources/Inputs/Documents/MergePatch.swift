extension DocumentNode {
    /// This document with a JSON merge patch applied: mappings merge, null removes a key, all else replaces.
    /// Source: RFC 7386 §2.
    public func merged(with patch: DocumentNode) -> DocumentNode {
        guard case .mapping(let changes) = patch.value else { return patch }
        var result: [Entry] = []
        if case .mapping(let own) = value { result = own }
        for change in changes {
            let index = result.firstIndex { $0.key == change.key }
            if change.value.isNull {
                if let index { result.remove(at: index) }
                continue
            }
            let old = index.map { result[$0].value } ?? DocumentNode(.null, at: change.value.position)
            let entry = Entry(
                key: change.key, keyPosition: change.keyPosition, value: old.merged(with: change.value))
            if let index { result[index] = entry } else { result.append(entry) }
        }
        return DocumentNode(.mapping(result), at: position)
    }
}
