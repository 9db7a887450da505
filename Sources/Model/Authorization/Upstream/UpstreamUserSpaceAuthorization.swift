/// Upstream Kmesh's verdict in user space (`doRbac` in its Go package for authorization).
///
/// What differs from `ReferenceAuthorization`: a destination that no workload owns is denied; a client that no
/// workload owns has an identity all the same, of empty names; an empty value of a name matches the empty name only.
/// What upstream's schema lacks is lost before (`UpstreamPolicySchema`).
public enum UpstreamUserSpaceAuthorization {
    /// Why a connection is allowed or denied.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        case noWorkload, denyMatched, noAllowPolicy, allowMatched, allowMissed
    }

    /// A verdict, and by what.
    public struct Decision: Hashable, Sendable {
        public var reason: Reason
        /// The rule that decides, nil where none does.
        public var hit: UpstreamRuleHit?

        public var isAllowed: Bool { reason == .noAllowPolicy || reason == .allowMatched }
    }

    /// The verdict on a connection to a pod.
    /// - Parameters:
    ///   - destination: the workload that owns the destination address, nil when upstream finds none.
    ///   - policies: those that apply to it, in the order in which they shall be named.
    public static func decision(
        on request: AuthorizationRequest, to destination: Workload?, by policies: [UpstreamPolicy]
    ) -> Decision {
        guard destination != nil else { return Decision(reason: .noWorkload) }
        if let hit = firstHit(in: policies, .deny, request) { return Decision(reason: .denyMatched, hit: hit) }
        guard policies.contains(where: { $0.action == .allow }) else { return Decision(reason: .noAllowPolicy) }
        if let hit = firstHit(in: policies, .allow, request) { return Decision(reason: .allowMatched, hit: hit) }
        return Decision(reason: .allowMissed)
    }

    private static func firstHit(
        in policies: [UpstreamPolicy], _ action: Policy.Action, _ request: AuthorizationRequest
    ) -> UpstreamRuleHit? {
        for policy in policies where policy.action == action {
            if let hit = policy.firstHit(for: request) { return hit }
        }
        return nil
    }
}

extension UpstreamUserSpaceAuthorization.Reason: CustomStringConvertible {
    /// A sentence without its full stop.
    public var description: String {
        switch self {
        case .noWorkload: "user space knows no workload of network \"\" at the destination and denies"
        case .denyMatched: "a DENY policy matches"
        case .noAllowPolicy: "no DENY policy matches and no ALLOW policy applies"
        case .allowMatched: "no DENY policy matches and an ALLOW policy does"
        case .allowMissed: "ALLOW policies apply and none matches"
        }
    }
}

extension UpstreamPolicy {
    /// The first rule that matches, as user space judges it.
    func firstHit(for request: AuthorizationRequest) -> UpstreamRuleHit? {
        for (index, rule) in rules.enumerated() {
            if let matches = Self.matches(of: rule, for: request) {
                return UpstreamRuleHit(policy: resourceName, rule: index, matches: matches)
            }
        }
        return nil
    }

    /// The match of each clause that holds; nil when a clause has matches of which none does.
    private static func matches(of rule: Rule, for request: AuthorizationRequest) -> [Int?]? {
        var matches: [Int?] = []
        for clause in rule {
            let index = clause.firstIndex { $0.holds(for: request) }
            guard index != nil || clause.isEmpty else { return nil }
            matches.append(index)
        }
        return matches
    }
}

extension UpstreamPolicy.Match {
    /// Whether the match holds, as user space judges it.
    fileprivate func holds(for request: AuthorizationRequest) -> Bool {
        guard !isEmpty else { return false }
        let identity = request.identity ?? PeerIdentity(trustDomain: "", namespace: "", serviceAccount: "")
        return destinationBlocks.areMet { $0.upstreamContains(request.destination.address) }
            && sourceBlocks.areMet { $0.upstreamContains(request.source) }
            && destinationPorts.areMet { $0 == request.destination.port }
            && principals.areMet { $0.matches(identity.principal) }
            && namespaces.areMet { $0.matches(identity.namespace) }
    }
}

extension UpstreamPolicy.StringMatch {
    /// Whether the name meets the condition. A condition without a value is met by the empty name only.
    package func matches(_ name: String) -> Bool {
        switch self {
        case .exact(let value): StringMatch.exact(value).matches(name)
        case .prefix(let value): value.isEmpty ? name.isEmpty : StringMatch.prefix(value).matches(name)
        case .suffix(let value): value.isEmpty ? name.isEmpty : StringMatch.suffix(value).matches(name)
        case .unset: name.isEmpty
        }
    }
}

extension PolicyMatch.Values {
    /// Whether the condition holds, where `test` tells which values do.
    fileprivate func areMet(_ test: (Value) -> Bool) -> Bool {
        (any.isEmpty || any.contains(where: test)) && !none.contains(where: test)
    }
}

extension Prefix {
    /// Whether the address is in the prefix by Go's `net` package: an IPv4-mapped prefix is printed and read as an IPv4
    /// one with the same length, and above 32 bits it is none.
    package func upstreamContains(_ other: IPAddress) -> Bool {
        guard address.isMapped else { return contains(other.unmapped) }
        return Prefix(address.unmapped, length: length)?.contains(other.unmapped) ?? false
    }
}
