/// The verdict as Istio defines it, written to be read. Every other engine is held against this one.
public enum ReferenceAuthorization {
    /// - Parameter policies: those that apply to the destination, in the order in which they shall be named; dry runs
    ///   are passed over.
    public static func verdict(on request: AuthorizationRequest, by policies: [Policy]) -> AuthorizationVerdict {
        let enforced = policies.filter { !$0.isDryRun }
        if let rule = firstMatch(in: enforced, .deny, request) { return .denied(by: rule) }
        if let rule = firstMatch(in: enforced, .allow, request) { return .allowed(by: rule) }
        return enforced.contains { $0.action == .allow } ? .deniedByDefault : .allowedByDefault
    }

    /// The verdict if dry runs were enforced too.
    public static func dryRunVerdict(on request: AuthorizationRequest, by policies: [Policy]) -> AuthorizationVerdict {
        verdict(
            on: request,
            by: policies.map { policy in
                var enforced = policy
                enforced.isDryRun = false
                return enforced
            })
    }

    private static func firstMatch(
        in policies: [Policy], _ action: Policy.Action, _ request: AuthorizationRequest
    ) -> RuleReference? {
        for policy in policies where policy.action == action {
            if let rule = policy.firstMatchingRule(for: request) {
                return RuleReference(policy: policy.resourceName, rule: rule)
            }
        }
        return nil
    }
}

extension Policy {
    /// The index of the first rule that matches.
    public func firstMatchingRule(for request: AuthorizationRequest) -> Int? {
        rules.firstIndex { $0.matches(request) }
    }
}

extension Policy.Rule {
    public func matches(_ request: AuthorizationRequest) -> Bool { clauses.allSatisfy { $0.matches(request) } }
}

extension Policy.Clause {
    public func matches(_ request: AuthorizationRequest) -> Bool {
        matches.isEmpty || matches.contains { $0.holds(for: request) }
    }
}
