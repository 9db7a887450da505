import Model

/// A policy as upstream's XDP program gets to see it, with what it never looks at taken out.
///
/// The program steps through arrays of pointers by bytes, so that of rules and of address lists only the first element
/// counts; of clauses, of matches and of ports it looks at four. It looks at ports and addresses only.
public struct UpstreamXDPPolicy: Hashable, Sendable {
    /// Most clauses, matches and ports that are looked at, and policies of a workload.
    public static let limit = 4

    /// `namespace/name`.
    var name: String
    var action: Policy.Action
    /// The first rule, nil in a policy without rules.
    var rule: [[Match]]?

    /// The conditions of a match that the program looks at.
    struct Match: Hashable, Sendable {
        var sources: Blocks
        var destinations: Blocks
        /// The low 16 bits of the first ports.
        var ports: PolicyMatch.Values<UInt16>
        /// Whether it names namespaces or principals too, which the program does not look at.
        var namesIdentity: Bool
    }

    /// The first block of each list of a kind, nil for an empty list.
    struct Blocks: Hashable, Sendable {
        var any: Block?
        var none: Block?
    }

    /// What the program makes of a policy of upstream's schema.
    public init(_ policy: UpstreamPolicy) {
        name = policy.resourceName
        action = policy.action
        rule = policy.rules.first?.prefix(Self.limit).map { clause in clause.prefix(Self.limit).map(Match.init) }
    }
}

extension UpstreamXDPPolicy {
    /// What a packet comes to in one policy.
    enum Evaluation: Hashable, Sendable {
        /// The rule matches, by these matches of its clauses.
        case matched(UpstreamRuleHit)
        /// It does not. `namesIdentity`: a match that failed names namespaces or principals too, so that user space
        /// shall have its say.
        case missed(namesIdentity: Bool)
        /// There is no rule.
        case noRules
    }

    /// Judges a packet.
    func evaluate(_ frame: UpstreamFrame) -> Evaluation {
        guard let rule else { return .noRules }
        var matches: [Int?] = []
        var namesIdentity = false
        for clause in rule {
            // A clause without matches does not match, a rule without clauses does.
            guard let index = clause.firstIndex(where: { $0.holds(for: frame) }) else {
                namesIdentity = namesIdentity || clause.contains(where: \.namesIdentity)
                return .missed(namesIdentity: namesIdentity)
            }
            namesIdentity = namesIdentity || clause[..<index].contains(where: \.namesIdentity)
            matches.append(index)
        }
        return .matched(UpstreamRuleHit(policy: name, rule: 0, matches: matches))
    }
}

extension UpstreamXDPPolicy.Match {
    /// What the program looks at of a match.
    init(_ match: UpstreamPolicy.Match) {
        func ports(_ list: [UInt32]) -> [UInt16] {
            list.prefix(UpstreamXDPPolicy.limit).map { UInt16(truncatingIfNeeded: $0) }
        }
        sources = UpstreamXDPPolicy.Blocks(match.sourceBlocks)
        destinations = UpstreamXDPPolicy.Blocks(match.destinationBlocks)
        self.ports = PolicyMatch.Values(ports(match.destinationPorts.any), not: ports(match.destinationPorts.none))
        namesIdentity = !match.namespaces.isEmpty || !match.principals.isEmpty
    }

    /// Whether the match holds for a packet; one that names nothing does.
    func holds(for frame: UpstreamFrame) -> Bool {
        let port = frame.destinationPort
        return !ports.none.contains(port) && (ports.any.isEmpty || ports.any.contains(port))
            && sources.hold { $0.contains(.source, of: frame.tuple) }
            && destinations.hold { $0.contains(.destination, of: frame.tuple) }
    }
}

extension UpstreamXDPPolicy.Blocks {
    /// The first blocks of both lists.
    init(_ blocks: PolicyMatch.Values<Prefix>) {
        any = blocks.any.first.map(UpstreamXDPPolicy.Block.init)
        none = blocks.none.first.map(UpstreamXDPPolicy.Block.init)
    }

    /// Whether the kind holds. A list of what must not be, alone, never does.
    func hold(_ test: (UpstreamXDPPolicy.Block) -> Bool) -> Bool {
        guard any != nil || none != nil else { return true }
        return !(none.map(test) ?? false) && (any.map(test) ?? false)
    }
}
