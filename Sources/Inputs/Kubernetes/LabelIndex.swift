/// A label with its value.
struct LabelPair: Hashable, Sendable {
    var key: String
    var value: String
}

/// Finds things by namespace and labels without looking at all of them.
struct LabelIndex {
    /// What a namespace holds.
    private struct Space {
        var all: [Int] = []
        var byLabel: [LabelPair: [Int]] = [:]
    }

    private let keys: Set<String>
    private var spaces: [String: Space] = [:]
    private var labels: [Int: [String: String]] = [:]

    /// - Parameter selectors: Those that will be asked for; only their labels are indexed.
    init(for selectors: some Sequence<LabelSelector>) {
        var keys: Set<String> = []
        for selector in selectors { keys.formUnion(selector.labels.keys) }
        self.keys = keys
    }

    /// Adds a thing under a number of the caller's.
    mutating func insert(_ number: Int, namespace: String, labels: [String: String]) {
        self.labels[number] = labels
        spaces[namespace, default: Space()].all.append(number)
        for (key, value) in labels where keys.contains(key) {
            spaces[namespace, default: Space()].byLabel[LabelPair(key: key, value: value), default: []].append(number)
        }
    }

    /// The numbers of the things that a selector selects, in the order in which they were inserted. Looks at those that
    /// carry the selector's rarest label.
    func numbers(namespace: String, selectedBy selector: LabelSelector) -> [Int] {
        guard let space = spaces[namespace], !selector.isEmpty else { return [] }
        var candidates = space.all
        for (key, value) in selector.labels {
            let some = space.byLabel[LabelPair(key: key, value: value)] ?? []
            if some.count < candidates.count { candidates = some }
        }
        return candidates.filter { number in labels[number].map(selector.matches) ?? false }
    }
}
