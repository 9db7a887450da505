/// What is left of a policy when upstream Kmesh decodes it with its own schema.
///
/// A field that the schema lacks is passed over, so a match that named nothing else is empty afterwards. Upstream's
/// user space takes an empty match for one that never holds, its XDP engine for one that always does.
public enum UpstreamPolicySchema {
    /// Where a match stands in a policy; indices from 0.
    public struct Place: Hashable, Sendable {
        public var rule: Int
        public var clause: Int
        public var match: Int

        public init(rule: Int, clause: Int, match: Int) {
            self.rule = rule
            self.clause = clause
            self.match = match
        }
    }

    /// Something of a policy that upstream does not see.
    public enum Loss: Hashable, Sendable {
        /// The policy is a dry run; upstream enforces it.
        case dryRun
        /// A match on service accounts. `leavesNothing`: it named nothing else.
        case serviceAccounts(Place, leavesNothing: Bool)
        /// A match on the mere presence of a name, read as one that only the empty name meets.
        case presence(PolicyMatch.Kind, Place)
    }

    /// A policy as upstream has it.
    public struct Degraded: Hashable, Sendable {
        public var policy: UpstreamPolicy
        /// In the order of the policy; empty where upstream sees all of it.
        public var losses: [Loss]
    }

    /// The policy as upstream decodes it, and what is lost.
    public static func degraded(_ policy: Policy) -> Degraded {
        var losses: [Loss] = policy.isDryRun ? [.dryRun] : []
        var rules: [UpstreamPolicy.Rule] = []
        for (ruleIndex, rule) in policy.rules.enumerated() {
            var clauses: UpstreamPolicy.Rule = []
            for (clauseIndex, clause) in rule.clauses.enumerated() {
                clauses.append(
                    clause.matches.enumerated().map { index, match in
                        let place = Place(rule: ruleIndex, clause: clauseIndex, match: index)
                        return degraded(match, at: place, losses: &losses)
                    })
            }
            rules.append(clauses)
        }
        let upstream = UpstreamPolicy(
            name: policy.name, namespace: policy.namespace, scope: policy.scope, action: policy.action, rules: rules)
        return Degraded(policy: upstream, losses: losses)
    }

    private static func degraded(
        _ match: PolicyMatch, at place: Place, losses: inout [Loss]
    ) -> UpstreamPolicy.Match {
        var upstream = UpstreamPolicy.Match()
        upstream.namespaces = degraded(match.namespaces, of: .namespaces, at: place, losses: &losses)
        upstream.principals = degraded(match.principals, of: .principals, at: place, losses: &losses)
        upstream.sourceBlocks = match.sourceBlocks
        upstream.destinationBlocks = match.destinationBlocks
        upstream.destinationPorts = PolicyMatch.Values(
            match.destinationPorts.any.map { UInt32($0) }, not: match.destinationPorts.none.map { UInt32($0) })
        if match.names(.serviceAccounts) {
            losses.append(.serviceAccounts(place, leavesNothing: upstream.isEmpty))
        }
        return upstream
    }

    private static func degraded(
        _ values: PolicyMatch.Values<StringMatch>, of kind: PolicyMatch.Kind, at place: Place, losses: inout [Loss]
    ) -> PolicyMatch.Values<UpstreamPolicy.StringMatch> {
        if (values.any + values.none).contains(.presence) { losses.append(.presence(kind, place)) }
        return PolicyMatch.Values(
            values.any.map(UpstreamPolicy.StringMatch.init), not: values.none.map(UpstreamPolicy.StringMatch.init))
    }
}

extension UpstreamPolicy.StringMatch {
    /// The match as the schema holds it.
    public init(_ match: StringMatch) {
        self =
            switch match {
            case .exact(let name): .exact(name)
            case .prefix(let name): .prefix(name)
            case .suffix(let name): .suffix(name)
            case .presence: .unset
            }
    }
}

extension UpstreamPolicySchema.Place: CustomStringConvertible {
    /// `rule 0, clause 0, match 0`.
    public var description: String { "rule \(rule), clause \(clause), match \(match)" }
}

extension UpstreamPolicySchema.Loss: CustomStringConvertible {
    /// A sentence without its full stop.
    public var description: String {
        switch self {
        case .dryRun: "it is a dry run, which upstream enforces"
        case .serviceAccounts(let place, leavesNothing: false): "\(place): the service accounts are not seen"
        case .serviceAccounts(let place, leavesNothing: true):
            "\(place): the service accounts are not seen, and nothing else is named:"
                + " in user space the match never holds, in XDP always"
        case .presence(let kind, let place): "\(place): any name among the \(kind.rawValue) is read as no name"
        }
    }
}
