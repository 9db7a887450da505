/// Why a connection is allowed or denied: the verdict, and what each policy that applies has to do with it.
public struct AuthorizationExplanation: Hashable, Sendable {
    public let request: AuthorizationRequest
    public let verdict: AuthorizationVerdict
    /// The verdict if dry runs were enforced too; the same as `verdict` where there are none.
    public let dryRunVerdict: AuthorizationVerdict
    /// Those that apply, dry runs among them, in the order in which they were given.
    public let policies: [PolicyExplanation]

    /// - Parameter policies: those that apply to the destination, ordered by name (`PolicySelection`).
    public init(of request: AuthorizationRequest, by policies: [Policy]) {
        self.request = request
        verdict = ReferenceAuthorization.verdict(on: request, by: policies)
        dryRunVerdict = ReferenceAuthorization.dryRunVerdict(on: request, by: policies)
        self.policies = policies.map { PolicyExplanation(of: $0, for: request) }
    }

    /// Whether dry runs would change the outcome or the rule that decides.
    public var dryRunsMatter: Bool { dryRunVerdict != verdict }
}

/// What one policy has to do with a connection.
public struct PolicyExplanation: Hashable, Sendable {
    /// Whether the policy matches, and by what.
    public enum Outcome: Hashable, Sendable {
        case matched(MatchedRule)
        /// No rule matches; this one comes nearest.
        case missed(NearMiss)
        /// The policy has no rules, so it never matches.
        case withoutRules
    }

    /// `namespace/name`.
    public let name: String
    public let action: Policy.Action
    public let scope: Policy.Scope
    public let isDryRun: Bool
    public let outcome: Outcome

    init(of policy: Policy, for request: AuthorizationRequest) {
        name = policy.resourceName
        action = policy.action
        scope = policy.scope
        isDryRun = policy.isDryRun
        if let rule = policy.firstMatchingRule(for: request) {
            outcome = .matched(MatchedRule(rule, of: policy, for: request))
        } else if let miss = NearMiss(of: policy, for: request) {
            outcome = .missed(miss)
        } else {
            outcome = .withoutRules
        }
    }
}

/// The first rule of a policy that matches, and what in it.
public struct MatchedRule: Hashable, Sendable {
    /// From 0.
    public let rule: Int
    /// Of each clause the index of the first match that holds; nil where a clause has no matches, which it needs not.
    public let matches: [Int?]

    init(_ rule: Int, of policy: Policy, for request: AuthorizationRequest) {
        self.rule = rule
        matches = policy.rules[rule].clauses.map { clause in clause.matches.firstIndex { $0.holds(for: request) } }
    }
}
