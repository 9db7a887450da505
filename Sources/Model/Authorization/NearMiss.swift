/// The rule of a policy that comes nearest to matching: the one with the fewest failing clauses, among those the one
/// with the fewest failing kinds of conditions, then the first.
public struct NearMiss: Hashable, Sendable {
    /// From 0.
    public let rule: Int
    /// Those that fail; all others match.
    public let clauses: [FailedClause]

    /// - Precondition: no rule matches.
    /// - Returns: nil for a policy without rules.
    init?(of policy: Policy, for request: AuthorizationRequest) {
        var nearest: (rule: Int, clauses: [FailedClause], kindCount: Int)?
        for (index, rule) in policy.rules.enumerated() {
            let failed = rule.clauses.enumerated().compactMap { FailedClause($0.offset, $0.element, request) }
            let kindCount = failed.reduce(0) { $0 + $1.kindCount }
            if let nearest, (nearest.clauses.count, nearest.kindCount) <= (failed.count, kindCount) { continue }
            nearest = (index, failed, kindCount)
        }
        guard let nearest else { return nil }
        rule = nearest.rule
        clauses = nearest.clauses
    }
}

/// A clause none of whose matches holds, by the match that comes nearest: the one with the fewest failing kinds, then
/// the first.
public struct FailedClause: Hashable, Sendable {
    /// From 0.
    public let clause: Int
    /// From 0, in the clause.
    public let match: Int
    /// What fails in the match, kind by kind.
    public let conditions: [FailedCondition]
    /// How many kinds of conditions fail; for a match that names nothing, more than there are.
    let kindCount: Int

    /// - Returns: nil for a clause that matches.
    init?(_ index: Int, _ clause: Policy.Clause, _ request: AuthorizationRequest) {
        guard !clause.matches(request) else { return nil }
        var nearest: (match: Int, kindCount: Int)?
        for (index, match) in clause.matches.enumerated() {
            let failing = PolicyMatch.Kind.allCases.count { !match.holds($0, for: request) }
            let kindCount = match.isEmpty ? PolicyMatch.Kind.allCases.count + 1 : failing
            if nearest.map({ kindCount < $0.kindCount }) ?? true { nearest = (index, kindCount) }
        }
        // A clause without matches would have matched.
        guard let nearest else { return nil }
        self.clause = index
        match = nearest.match
        kindCount = nearest.kindCount
        conditions = FailedCondition.all(of: clause.matches[nearest.match], for: request)
    }
}
