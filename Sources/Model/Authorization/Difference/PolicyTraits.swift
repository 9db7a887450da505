/// What the policies of two meshes can tell about one end of a connection: for each match whether the conditions on that
/// end hold. Ends that are alike in this get the same verdicts.
struct PolicyTraits {
    /// Every enforced policy of either mesh, those that are equal in both once.
    private(set) var policies: [Policy] = []
    private var indexes: [Policy: Int] = [:]
    private var matches: [PolicyMatch] = []
    /// The numbers of each policy's matches.
    private var ranges: [Range<Int>] = []

    init(_ policies: some Sequence<Policy>) {
        for policy in policies where !policy.isDryRun && indexes[policy] == nil {
            indexes[policy] = self.policies.count
            self.policies.append(policy)
            let first = matches.count
            matches += policy.rules.flatMap { $0.clauses.flatMap(\.matches) }
            ranges.append(first..<matches.count)
        }
    }

    /// The policy's place in `policies`; nil for a dry run.
    func index(of policy: Policy) -> Int? { indexes[policy] }

    /// Every block that a match names for sources.
    var sourceBlocks: [Prefix] { matches.flatMap { $0.sourceBlocks.any + $0.sourceBlocks.none } }

    /// The ports that matches of some policies name, in order.
    func ports(of policies: some Sequence<Int>) -> [UInt16] {
        Set(
            policies.flatMap { matches[ranges[$0]].flatMap { $0.destinationPorts.any + $0.destinationPorts.none } }
        ).sorted()
    }

    /// The numbers of the matches of some policies.
    func mask(of policies: some Sequence<Int>) -> BitSet {
        var mask = BitSet(count: matches.count)
        for policy in policies { for number in ranges[policy] { mask.insert(number) } }
        return mask
    }

    /// The matches whose conditions on the source hold.
    func traits(ofSource address: IPAddress, _ identity: PeerIdentity?) -> BitSet {
        // The destination does not count.
        let request = AuthorizationRequest(
            source: address, identity: identity, destination: SocketAddress(address, port: 0))
        return traits([.namespaces, .principals, .serviceAccounts, .sourceBlocks], request)
    }

    /// The matches whose conditions on the destination's address hold.
    func traits(ofDestination address: IPAddress) -> BitSet {
        // Neither do source and port.
        let request = AuthorizationRequest(
            source: address, identity: nil, destination: SocketAddress(address, port: 0))
        return traits([.destinationBlocks], request)
    }

    private func traits(_ kinds: [PolicyMatch.Kind], _ request: AuthorizationRequest) -> BitSet {
        var traits = BitSet(count: matches.count)
        for (number, match) in matches.enumerated() where kinds.allSatisfy({ match.holds($0, for: request) }) {
            traits.insert(number)
        }
        return traits
    }
}
