import Model

/// A mesh as the engines see it: who is where, and what upstream's maps of each node lead to.
struct AuthorizationScene {
    let mesh: Mesh
    let owners: SourceOwners
    let selection: PolicySelection
    let userSpace: UpstreamUserSpace
    /// Names of the policies that km_authz_policy of a node has room for.
    let stored: Set<String>
    /// The maps of a node, as far as they are the same for all.
    let maps: MapStore
    /// The ids in the maps.
    let names: NameTable
    /// Workloads with policies that found no room in km_wlpolicy of their node.
    private let lost: Set<WorkloadUID>

    init(_ mesh: Mesh) {
        self.mesh = mesh
        owners = SourceOwners(mesh.workloads.values)
        selection = PolicySelection(mesh.policies)
        userSpace = UpstreamUserSpace(mesh)
        var compiler = Compiler(node: "", options: .upstream)
        var maps = MapStore(capacities: DataplaneOptions.upstream.capacities)
        for write in compiler.compile(Mesh().changes(to: mesh)).writes {
            // What a full map refuses is lost, as on a node.
            try? maps.apply(write)
        }
        self.maps = maps
        names = compiler.names
        let room = UpstreamAuthorizationMaps()
        stored = Set(mesh.sortedPolicies.prefix(room.policyCapacity).map(\.resourceName))
        var counts: [String: Int] = [:]
        lost = Set(
            mesh.sortedWorkloads.filter { workload in
                guard !workload.policies.isEmpty else { return false }
                counts[workload.node, default: 0] += 1
                return counts[workload.node, default: 0] > room.workloadPolicies.capacity
            }.map(\.uid))
    }

    /// The addresses of workloads where connections are judged, by workload, then by address.
    var destinations: [JudgedDestination] {
        owners.addresses.filter { !$0.isMapped }.compactMap { address in
            owners.workload(of: address).map {
                JudgedDestination(address, of: $0, reach: reach(address, on: $0.node), self)
            }
        }.sorted { ($0.owner.uid, $0.address) < ($1.owner.uid, $1.address) }
    }

    /// Where XDP on a node gets from an address.
    private func reach(_ address: IPAddress, on node: String) -> JudgedDestination.Reach {
        guard let value = maps.frontend(address), let name = names.name(of: value.upstream_id),
            let workload = mesh.workloads[WorkloadUID(name)]
        else { return .nowhere }
        guard workload.policies.isEmpty || workload.node == node && !lost.contains(workload.uid) else {
            return .nowhere
        }
        return .workload(workload.uid)
    }

    /// Every workload's addresses, and one of each region of what nobody owns, where no engine tells addresses apart.
    func sources() -> [JudgedSource] {
        let owned = owners.addresses.filter { !$0.isMapped }
        let matches = mesh.policies.values.flatMap(\.rules).flatMap(\.clauses).flatMap(\.matches)
        let blocks = Set(matches.flatMap { $0.sourceBlocks.any + $0.sourceBlocks.none })
        let wordBlocks = Set(matches.flatMap { $0.destinationBlocks.any + $0.destinationBlocks.none })
        let told = blocks.flatMap(Self.blocksSeen) + wordBlocks.compactMap(Self.secondWord)
        // The first of those that are alike is the one that is shown.
        let strangers =
            Self.documentation
            + AddressFamily.allCases.flatMap { family in
                AddressRegion.regions(of: family, by: told, unowned: Set(owned)).map(\.example)
            }
        return
            owned.map { address in
                JudgedSource(
                    address: address, owner: owners.workload(of: address)?.uid, identity: owners.identity(of: address),
                    knownIdentity: userSpace.workload(at: address).map(PeerIdentity.init(of:)))
            }.sorted { ($0.owner?.text ?? "", $0.address) < ($1.owner?.text ?? "", $1.address) }
            + strangers.filter { !$0.isMapped && owners.workload(of: $0) == nil }.map { JudgedSource(address: $0) }
    }

    /// Addresses for examples (RFC 5737, RFC 3849).
    private static let documentation: [IPAddress] = [.v4(0xc000_0207), .v6(high: 0x2001_0db8_0000_0000, low: 7)]

    /// The blocks that stand for what some engine makes of a source block.
    private static func blocksSeen(_ block: Prefix) -> [Prefix] {
        var seen = [block]
        let packed = UpstreamXDPPolicy.Block(block)
        switch block.address {
        case .v4(let bits):
            // XDP compares the first word of IPv6 addresses with it.
            seen += [Prefix(.v6(high: UInt64(bits) << 32, low: 0), length: block.length)].compactMap(\.self)
        case .v6:
            let words = packed.words.map(UInt64.init)
            let address = IPAddress.v6(high: words[0] << 32 | words[1], low: words[2] << 32 | words[3])
            seen += [Prefix(address, length: block.length)].compactMap(\.self)
            if block.address.isMapped {
                seen += [Prefix(block.address.unmapped, length: block.length)].compactMap(\.self)
            }
        }
        return seen
    }

    /// XDP compares the second word of IPv6 sources with IPv4 destination blocks: those of the range behind a zero.
    private static func secondWord(_ block: Prefix) -> Prefix? {
        guard case .v4(let bits) = block.address else { return nil }
        return Prefix(.v6(high: UInt64(bits), low: 0), length: 32 + block.length)
    }
}
