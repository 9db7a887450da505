public import Model

extension PolicyGenerator {
    /// Connections in a mesh, as `request` draws them.
    public static func requests(
        count: Int, using random: inout SplitMix64, in mesh: Mesh
    ) -> [AuthorizationRequest] {
        let scene = RequestScene(mesh)
        return (0..<count).map { _ in scene.request(using: &random) }
    }
}

/// What connections are drawn from: the addresses of a mesh's workloads, and the edges of what its policies name.
public struct RequestScene: Sendable {
    /// Of each family, by its raw value.
    private let destinations: [[IPAddress]]
    private let sources: [[IPAddress]]
    private let ports: [UInt16]
    private let owners: SourceOwners

    public init(_ mesh: Mesh) {
        let workloads = mesh.sortedWorkloads
        let matches = mesh.sortedPolicies.flatMap(\.rules).flatMap(\.clauses).flatMap(\.matches)
        let own = workloads.flatMap(\.addresses)
        func edges(_ blocks: [Prefix]) -> [IPAddress] { blocks.flatMap(Self.edges) }
        let far: [IPAddress] = [.v4(0xC633_6407), .v6(high: 0x2001_0db8_ffff_0000, low: 7)]
        // Most connections are between workloads.
        let sources = own + own + edges(matches.flatMap { $0.sourceBlocks.any + $0.sourceBlocks.none }) + far
        let destinations =
            own + own + own + edges(matches.flatMap { $0.destinationBlocks.any + $0.destinationBlocks.none }) + far
        self.sources = AddressFamily.allCases.map { family in sources.filter { $0.family == family } }
        self.destinations = AddressFamily.allCases.map { family in destinations.filter { $0.family == family } }
        let named = matches.flatMap { $0.destinationPorts.any + $0.destinationPorts.none }
        ports = named.flatMap { [$0, $0, $0 &- 1, $0 &+ 1] } + PolicyGenerator.ports + [12_345]
        owners = SourceOwners(workloads)
    }

    /// A connection within one family: from a workload, from the edge of a block or from afar, to a workload or the edge
    /// of a block, at a port that is named or next to one. The identity is that of the source address's owner.
    public func request(using random: inout SplitMix64) -> AuthorizationRequest {
        let family = Int(random.one(of: AddressFamily.allCases).rawValue)
        let source = random.one(of: sources[family])
        return AuthorizationRequest(
            source: source, identity: owners.identity(of: source),
            destination: SocketAddress(random.one(of: destinations[family]), port: random.one(of: ports)))
    }

    /// The first and the last address of a block and their neighbours outside, IPv4-mapped ones left out.
    public static func edges(of block: Prefix) -> [IPAddress] {
        let first = block.network
        let hostBits = UInt64(block.address.bitCount - block.length)
        let last: IPAddress =
            switch first {
            case .v4(let bits): .v4(hostBits == 32 ? .max : bits | ((1 << UInt32(hostBits)) - 1))
            case .v6(let high, let low):
                .v6(
                    high: hostBits <= 64 ? high : hostBits == 128 ? .max : high | ((1 << (hostBits - 64)) - 1),
                    low: hostBits >= 64 ? .max : low | ((1 << hostBits) - 1))
            }
        let before: IPAddress =
            switch first {
            case .v4(let bits): .v4(bits &- 1)
            case .v6(let high, let low): .v6(high: low == 0 ? high &- 1 : high, low: low &- 1)
            }
        return [before, first, last, last.advanced(by: 1)].filter { !$0.isMapped }
    }
}
