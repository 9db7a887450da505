/// Which labels a controller's pods carry.
/// Source: the `LabelSelector` of Kubernetes' meta/v1.
struct LabelSelector: Hashable, Sendable {
    /// A condition of `matchExpressions`.
    struct Expression: Hashable, Sendable {
        /// How the label is compared.
        enum Operator: String, Hashable, Sendable, CaseIterable {
            case isIn = "In"
            case isNotIn = "NotIn"
            case exists = "Exists"
            case doesNotExist = "DoesNotExist"
        }

        var key: String
        var comparison: Operator
        /// Used by `In` and `NotIn`.
        var values: [String]

        /// Whether the labels meet the condition; `NotIn` holds for a label that is missing.
        func matches(_ labels: [String: String]) -> Bool {
            switch comparison {
            case .isIn: labels[key].map(values.contains) ?? false
            case .isNotIn: labels[key].map { !values.contains($0) } ?? true
            case .exists: labels[key] != nil
            case .doesNotExist: labels[key] == nil
            }
        }
    }

    var labels: [String: String] = [:]
    var expressions: [Expression] = []

    /// A selector of labels that must have these values.
    init(labels: [String: String]) {
        self.labels = labels
    }

    /// Reads `matchLabels` and `matchExpressions`.
    init(_ fields: inout Fields) throws(InputError) {
        labels = try fields.texts("matchLabels")
        for var expression in try fields.mappings("matchExpressions") {
            guard let comparison = try expression.choice("operator", of: Expression.Operator.self) else {
                throw InputError(expression.file, expression.position, "\"operator\" is missing here")
            }
            let key = try expression.requiredString("key")
            expressions.append(Expression(key: key, comparison: comparison, values: try expression.strings("values")))
        }
    }

    /// A selector without conditions selects nothing here, although Kubernetes lets it select everything in places.
    var isEmpty: Bool { labels.isEmpty && expressions.isEmpty }

    /// Whether every condition holds.
    func matches(_ other: [String: String]) -> Bool {
        !isEmpty && labels.allSatisfy { other[$0.key] == $0.value } && expressions.allSatisfy { $0.matches(other) }
    }
}

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
