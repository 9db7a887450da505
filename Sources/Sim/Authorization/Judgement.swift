public import Model

/// What authorization decided about a connection or a packet, with names.
public struct Judgement: Hashable, Sendable {
    /// What would be decided if dry runs were enforced, where that differs.
    public struct DryRun: Hashable, Sendable {
        public var isAllowed: Bool
        /// The dry run that decides, as `namespace/name`; nil where none does.
        public var policy: String?
        /// From 1.
        public var rule: Int?
    }

    public var engine: AuthorizationEngine
    public var isAllowed: Bool
    /// The policy that decides, as `namespace/name`; nil where none does, or where an earlier packet's verdict counts.
    public var policy: String?
    /// The number of the rule that decides, from 1.
    public var rule: Int?
    public var dryRun: DryRun?

    init(_ engine: AuthorizationEngine, isAllowed: Bool, policy: String? = nil, rule: Int? = nil) {
        self.engine = engine
        self.isAllowed = isAllowed
        self.policy = policy
        self.rule = rule
    }
}

extension Judgement: CustomStringConvertible {
    /// A sentence without its full stop: `denied by books/no-guests rule 1 (istio); a dry run would allow it`.
    public var description: String {
        var text = isAllowed ? "allowed" : "denied"
        if let policy { text += " by \(Self.text(policy, rule))" }
        text += " (\(engine.rawValue))"
        guard let dryRun else { return text }
        let by = dryRun.policy.map { " \(Self.text($0, dryRun.rule))" } ?? ""
        return text + "; dry run\(by) would \(dryRun.isAllowed ? "allow" : "deny") it"
    }

    private static func text(_ policy: String, _ rule: Int?) -> String {
        rule.map { "\(policy) rule \($0)" } ?? policy
    }
}

extension Judgement {
    /// The user space's answer.
    init(_ decision: UpstreamUserSpaceAuthorization.Decision) {
        self.init(
            .userSpace, isAllowed: decision.isAllowed, policy: decision.hit?.policy,
            rule: decision.hit.map { $0.rule + 1 })
    }

    /// What an upstream program decided; nil where it looked at no policy.
    init?(_ outcome: UpstreamXDPOutcome) {
        switch outcome.reason {
        case .truncated, .notIP, .notTCP, .noFrontend, .noVerdict, .verdictNotDenial: return nil
        case .reset: self.init(.userSpace, isAllowed: false)
        case .cachedAllow, .cachedDenial, .noPolicies, .stateFull, .allowMatched, .denyMatched, .nothingMatched,
            .allowMissed, .policyWithoutRules, .policyMissing, .handedOver:
            self.init(
                .xdp, isAllowed: outcome.passes, policy: outcome.hit?.policy ?? outcome.policy,
                rule: outcome.hit.map { $0.rule + 1 })
        }
    }
}

extension UpstreamXDPReason {
    /// The reason under which the hook's run is counted; the trace has the exact one.
    /// - Parameter isOffloaded: Whether XDP evaluates policies; the other program knows but two ends.
    func counted(isOffloaded: Bool) -> Reason {
        guard isOffloaded else { return self == .reset ? .reset : .noDenial }
        return switch self {
        case .truncated: .malformedPassed
        case .notIP: .notIP
        case .notTCP: .notTCP
        case .cachedAllow: .allowedBefore
        case .cachedDenial: .deniedBefore
        case .noFrontend: .notJudged
        case .noPolicies: .noPolicy
        case .allowMatched: .allowedByPolicy
        case .denyMatched: .deniedByPolicy
        case .allowMissed: .deniedByDefault
        case .stateFull, .nothingMatched, .policyWithoutRules, .policyMissing: .allowedByDefault
        case .handedOver, .noVerdict, .verdictNotDenial: .noDenial
        case .reset: .reset
        }
    }
}
