public import Model

/// What xdp_ingress did with a packet, and why.
public struct IngressDecision: Hashable, Sendable {
    public enum Verdict: String, Hashable, Sendable {
        case pass, drop
    }

    /// The rule of a policy, by the numbers of the maps.
    public struct Rule: Hashable, Sendable {
        public var policyID: ResourceID
        /// From 0.
        public var index: UInt32

        init(_ rule: AuthorizationRule) {
            policyID = rule.policy_id
            index = rule.rule
        }
    }

    /// What a dry run would have done otherwise.
    public struct DryRun: Hashable, Sendable {
        /// `.dryRunDenies` or `.dryRunAllows`.
        public var reason: Reason
        /// Of the dry run that decides; nil where none does.
        public var rule: Rule?
        /// Whether it goes into km_denial; else the second has had enough reports.
        public var isReported: Bool
    }

    public var reason: Reason
    /// The rule that decides, nil where none does, or where an earlier packet's verdict counts.
    public var rule: Rule?
    public var dryRun: DryRun?
    /// Who sent the packet, where policies were evaluated; 0 is nobody.
    public var identity: UInt32 = 0
    /// Whose address the destination is, where that was looked up.
    public var backendUID: ResourceID = 0
    /// Whether a denial goes into km_denial: one that was decided now, while the second has had few reports.
    public var isReported = false

    init(_ reason: Reason) { self.reason = reason }

    public var verdict: Verdict {
        switch reason {
        case .deniedBefore, .deniedByPolicy, .deniedByDefault, .policiesMissing, .malformedDropped, .fragmentDropped:
            .drop
        default: .pass
        }
    }

    /// Whether the packet was denied by itself, not by an earlier packet's verdict: such a denial is worth a report.
    var isNewDenial: Bool { verdict == .drop && reason != .deniedBefore }

    /// What is counted: the reason, and beside it dry runs and what was not reported.
    public var counted: [Reason] {
        var reasons = [reason]
        if isNewDenial, !isReported { reasons.append(.denialUnreported) }
        if let dryRun {
            reasons.append(dryRun.reason)
            if !dryRun.isReported { reasons.append(.denialUnreported) }
        }
        return reasons
    }
}
