/// A policy with the alternatives of its rules.
struct CompiledPolicy: Sendable {
    var policy: Policy
    var id: ResourceID
    /// Changes whenever the alternatives or what they do change; never used twice.
    var version: UInt32
    /// By rule, in order; nil when there are more than a view takes.
    var alternatives: [(rule: Int, alternative: PolicyAlternative)]?

    /// Whether its alternatives depend on which identities there are.
    var namesIdentities: Bool {
        policy.rules.contains { rule in
            rule.clauses.contains { clause in
                clause.matches.contains { $0.names(.namespaces) || $0.names(.principals) || $0.names(.serviceAccounts) }
            }
        }
    }

    /// Most alternatives of one rule.
    static let mostAlternatives = AuthorizationCapacities.mostAlternatives

    static func alternatives(
        of policy: Policy, in table: IdentityTable
    ) -> [(rule: Int, alternative: PolicyAlternative)]? {
        var result: [(rule: Int, alternative: PolicyAlternative)] = []
        for (index, rule) in policy.rules.enumerated() {
            guard let alternatives = rule.alternatives(in: table, limit: mostAlternatives - result.count) else {
                return nil
            }
            result += alternatives.map { (index, $0) }
        }
        return result
    }

    func hasSameAlternatives(as other: [(rule: Int, alternative: PolicyAlternative)]?) -> Bool {
        guard let alternatives, let other else { return alternatives == nil && other == nil }
        return alternatives.elementsEqual(other) { $0.rule == $1.rule && $0.alternative == $1.alternative }
    }
}
