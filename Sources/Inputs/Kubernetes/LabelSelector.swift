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
