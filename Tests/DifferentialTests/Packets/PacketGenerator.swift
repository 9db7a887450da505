import Model
import TestSupport

/// Draws cases: policies about a few workloads, and frames of a few flows that meet them; well-formed, fragmented,
/// mangled.
struct PacketGenerator {
    private var random: SplitMix64
    private let mesh: Mesh
    private let scene: RequestScene
    private var flows: [(flow: PacketFlow, request: AuthorizationRequest?)] = []

    private init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        let workloads = PolicyGenerator.workloads(count: 2 + random.below(7), using: &random)
        let policies = PolicyGenerator.policies(count: random.below(7), using: &random, over: workloads)
        mesh = PolicyGenerator.mesh(of: workloads, under: policies, using: &random)
        scene = RequestScene(mesh)
        for _ in 0..<8 { drawFlow() }
    }

    static func drawn(_ seed: UInt64, packetCount: Int) -> PacketCase {
        var generator = PacketGenerator(seed: seed)
        let target = PacketGenerator(seed: seed &+ 0x5EED).mesh
        let changes = generator.mesh.changes(to: target)
        var actions: [PacketAction] = []
        for _ in 0..<packetCount {
            switch generator.random.below(24) {
            case 0: actions.append(.opens(generator.random.one(of: generator.flows).flow))
            case 1 where !changes.isEmpty: actions.append(.change(generator.random.one(of: changes)))
            case 2: generator.drawFlow()
            default: break
            }
            actions.append(generator.frame())
        }
        return PacketCase(mesh: generator.mesh, actions: actions)
    }

    private mutating func drawFlow() {
        let request = scene.request(using: &random)
        let port = UInt16(40_000 + random.below(3))
        let flow = PacketFlow(
            source: SocketAddress(request.source, port: port), destination: request.destination)
        // Now and then an IPv6 address that has the map form of an IPv4 one; it fails closed, whatever the reference says.
        let isAlias = random.isOneIn(16)
        flows.append(isAlias ? (Self.alias(flow), nil) : (flow, request))
        if flows.count > 8 { flows.removeFirst() }
    }

    private static func alias(_ flow: PacketFlow) -> PacketFlow {
        func alias(_ socket: SocketAddress) -> SocketAddress {
            guard case .v4(let bits) = socket.address else { return socket }
            return SocketAddress(.v6(high: UInt64(bits) << 32, low: 0), port: socket.port)
        }
        return PacketFlow(source: alias(flow.source), destination: alias(flow.destination))
    }

    // MARK: Frames

    private static let flags: [TCPFlags] = [
        .syn, .syn, .syn, .syn, .syn, .syn, .ack, .ack, [.syn, .ack], [.ack, .psh], [.ack, .fin], .rst, [],
    ]
    private static let protocols: [IPProtocol] = [.udp, .icmpv6, .esp, .noNextHeader, IPProtocol(rawValue: 1)]
    private static let extensions: [IPProtocol] = [
        .hopByHop, .routing, .destinationOptions, .mobility, .hip, .shim6, .authentication,
    ]

    private mutating func frame() -> PacketAction {
        let (flow, request) = random.one(of: flows)
        var builder = PacketBuilder(flow, flags: random.one(of: Self.flags))
        var isPlain = true
        if random.isOneIn(6) {
            builder.tags = (0..<random.below(4)).map { _ in random.one(of: [.vlan, .serviceVLAN]) }
            isPlain = builder.tags.count <= 2
        }
        if random.isOneIn(6) { builder.ipOptions = [UInt8](repeating: 1, count: random.below(41)) }
        if random.isOneIn(5) {
            let isV6 = flow.source.address.family == .v6
            builder.extensionHeaders = (0..<random.one(of: [1, 1, 2, 3, 8, 9])).map { _ in
                let contents = (0..<random.below(24)).map { _ in UInt8(random.below(2)) }
                return .init(isV6 ? random.one(of: Self.extensions) : .authentication, contents: contents)
            }
            isPlain = false
        }
        if random.isOneIn(4) { builder.tcpOptions = [UInt8](repeating: 1, count: random.below(41)) }
        builder.payload = [UInt8](repeating: 7, count: random.one(of: [0, 0, 1, 8, 40, 600]))
        switch random.below(12) {
        case 0:
            return .frame(
                builder.frame(carrying: random.one(of: Self.protocols), [UInt8](repeating: 9, count: random.below(40))),
                request: nil)
        case 1...2: return .frame(fragment(of: builder), request: nil)
        case 3...5: return .frame(mangled(builder.frame), request: nil)
        default: return .frame(builder.frame, request: isPlain && builder.flags.isOpening ? request : nil)
        }
    }

    private mutating func fragment(of builder: PacketBuilder) -> [UInt8] {
        let start = 8 * random.one(of: [0, 0, 0, 1, 2, 3, 5])
        let range = start..<start + random.one(of: [8, 16, 20, 24, 32, 64, 200])
        let frame = builder.fragment(range, identification: UInt32(random.below(2)))
        return random.isOneIn(6) ? mangled(frame) : frame
    }

    /// Cuts a frame, or changes some of its bytes, most often in the headers. The kernel takes no frame without a whole
    /// Ethernet header.
    private mutating func mangled(_ frame: [UInt8]) -> [UInt8] {
        var frame = frame
        if random.isOneIn(2) { frame = Array(frame.prefix(14 + random.below(frame.count - 13))) }
        for _ in 0..<random.below(4) {
            let end = random.isOneIn(4) ? frame.count : min(frame.count, 80)
            guard end > 12 else { break }
            let place = 12 + random.below(end - 12)
            frame[place] = random.isOneIn(2) ? UInt8(random.below(256)) : frame[place] ^ 1 << UInt8(random.below(8))
        }
        if random.isOneIn(8) { frame += [UInt8](repeating: 0, count: random.below(30)) }
        return frame
    }
}
