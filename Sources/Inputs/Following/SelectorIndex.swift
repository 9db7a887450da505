/// Finds the selectors that may select labels, without looking at all of them.
struct SelectorIndex<Name: Hashable & Sendable>: Sendable {
    /// By namespace and one label of the selector.
    private var byLabel: [UInt32: [Name]] = [:]
    /// Selectors without labels, by namespace.
    private var byNamespace: [UInt32: [Name]] = [:]

    /// Adds a selector. One that selects nothing is left out.
    mutating func insert(_ name: Name, namespace: String, selector: LabelSelector) {
        guard !selector.isEmpty else { return }
        let hashes = Self.hashes(namespace, selector)
        // The label that the fewest have: some are on everything.
        guard let hash = hashes.min(by: { (byLabel[$0]?.count ?? 0, $0) < (byLabel[$1]?.count ?? 0, $1) }) else {
            byNamespace[CandidateIndex.hash(namespace), default: []].append(name)
            return
        }
        byLabel[hash, default: []].append(name)
    }

    /// Takes a selector out.
    mutating func remove(_ name: Name, namespace: String, selector: LabelSelector) {
        for hash in Self.hashes(namespace, selector) { Self.remove(name, for: hash, in: &byLabel) }
        Self.remove(name, for: CandidateIndex.hash(namespace), in: &byNamespace)
    }

    /// Names of selectors that may select labels in a namespace, each once.
    func candidates(namespace: String, labels: [String: String]) -> Set<Name> {
        var names = Set(byNamespace[CandidateIndex.hash(namespace)] ?? [])
        for (key, value) in labels {
            if let some = byLabel[CandidateIndex.hash(namespace, key, value)] { names.formUnion(some) }
        }
        return names
    }

    private static func hashes(_ namespace: String, _ selector: LabelSelector) -> [UInt32] {
        selector.labels.map { CandidateIndex.hash(namespace, $0.key, $0.value) }
    }

    private static func remove(_ name: Name, for hash: UInt32, in table: inout [UInt32: [Name]]) {
        table[hash]?.removeAll { $0 == name }
        if table[hash]?.isEmpty ?? false { table[hash] = nil }
    }
}
