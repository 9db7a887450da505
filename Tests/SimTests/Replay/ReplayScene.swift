import Model
import TestSupport

@testable import Sim

/// Two nodes. On n1: `client`, `friend` and the unmanaged `stranger`; on n2: `one`, `two` and the waypoint `way`.
///
/// | service | address | to |
/// |---|---|---|
/// | many | 10.96.0.1:80 | one, two :8080 |
/// | single | 10.96.0.2:80 | one :8080 |
/// | empty | 10.96.0.3:80 | nobody |
/// | watched | 10.96.0.4:80 | one :8080, by the waypoint 10.0.2.9:15019 |
struct ReplayScene {
    static let addresses = [
        "client": "10.0.1.1", "friend": "10.0.1.2", "stranger": "10.0.1.3", "one": "10.0.2.1", "two": "10.0.2.2",
        "way": "10.0.2.9",
    ]
    static let nodeAddresses = ["n1": "192.168.0.1", "n2": "192.168.0.2"]
    static let outside = "203.0.113.7"

    var mesh: Mesh
    var world: World
    var network: Network

    /// - Parameters:
    ///   - isEncrypted: Whether the nodes have rules for each other.
    ///   - isPrepared: Whether the nodes have maps before the first packet needs them.
    init(
        _ preset: Preset = .hardened, policies: [Policy] = [], isEncrypted: Bool = false, dnsProxy: String? = nil,
        isPrepared: Bool = true, seed: UInt64 = 1
    ) throws {
        mesh = Mesh()
        for name in ["n1", "n2"] {
            var node = Node(name, addresses: [ip(Self.nodeAddresses[name] ?? "")])
            node.podPrefixes = [Prefix(name == "n1" ? "10.0.1.0/24" : "10.0.2.0/24")].compactMap(\.self)
            mesh.nodes[name] = node
        }
        let waypoint = Gateway(.address(NetworkAddress(ip("10.0.2.9"))), port: Gateway.kmeshPort)
        for (name, address, waypoint) in [
            ("many", "10.96.0.1", nil), ("single", "10.96.0.2", nil), ("empty", "10.96.0.3", nil),
            ("watched", "10.96.0.4", waypoint),
        ] {
            let service = Service(
                Self.service(name), shortName: name, addresses: [NetworkAddress(ip(address))],
                ports: [ServicePort(80, to: 8080)], waypoint: waypoint)
            mesh.services[service.name] = service
        }
        for (name, address) in Self.addresses.sorted(by: { $0.key < $1.key }) {
            var services: [ServiceName: [ServicePort]] = [:]
            if name == "one" || name == "two" { services[Self.service("many")] = [] }
            if name == "one" { (services[Self.service("single")], services[Self.service("watched")]) = ([], []) }
            let uid = Self.uid(name)
            mesh.workloads[uid] = Workload(
                uid, name: name, namespace: "shop", addresses: [ip(address)],
                node: address.hasPrefix("10.0.1") ? "n1" : "n2",
                services: services, policies: policies.filter { $0.scope == .workload }.map(\.resourceName))
        }
        for policy in policies { mesh.policies[policy.resourceName] = policy }
        let options = DataplaneOptions(preset)
        world = World(
            mesh: mesh, settings: World.Settings(options: options, seed: seed, dnsProxy: dnsProxy.map { ip($0) }))
        for name in ["n1", "n2"] {
            if isPrepared { world.addNode(name) } else { world.addNodeWhenNeeded(name) }
        }
        for name in Self.addresses.keys.sorted() where name != "stranger" { world.setManaged(Self.uid(name), true) }
        network = Network(mesh, options: options, seed: seed)
        if isEncrypted { try encrypt() }
    }

    static func service(_ name: String) -> ServiceName {
        ServiceName(namespace: "shop", hostname: "\(name).shop.svc.cluster.local")
    }

    static func uid(_ name: String) -> WorkloadUID { WorkloadUID("c//Pod/shop/\(name)") }

    /// Each node marks what goes to the other's pods, encrypts it, and takes what the other encrypted.
    mutating func encrypt(replayWindow: UInt32 = 0, encapsulation: UDPEncapsulation? = nil) throws {
        let keys = [UInt8](repeating: 7, count: 20)
        for (from, to) in [(0, 1), (1, 0)] {
            let (source, target) = (network.nodes[from], network.nodes[to])
            let (own, peer) = (source.addresses[0], target.addresses[0])
            let key = try require(AEADKey(bytes: keys))
            let anywhere = try require(Prefix("0.0.0.0/0"))
            let out = XFRMState(
                source: own, destination: peer, spi: SPI(rawValue: 1), key: key, encapsulation: encapsulation)
            var incoming = out
            incoming.replayWindow = replayWindow
            incoming.outputMark = .decrypted
            try network.nodes[from].xfrm.apply(.addState(out))
            try network.nodes[to].xfrm.apply(.addState(incoming))
            let prefix = target.podPrefixes[0]
            let selector = XFRMSelector(source: anywhere, destination: prefix)
            let template = XFRMPolicy.Template(source: own, destination: peer)
            let sending = XFRMPolicy(.out, selector, mark: .exactly(.encrypt), templates: [template])
            try network.nodes[from].xfrm.apply(.addPolicy(sending))
            if network.options.nodeErrors == .encrypt {
                for type in XFRMSelector.icmpErrorTypes(.v4) {
                    let errors = XFRMSelector(source: anywhere, destination: prefix, icmpType: type)
                    try network.nodes[from].xfrm.apply(.addPolicy(XFRMPolicy(.out, errors, templates: [template])))
                }
            }
            for direction in [XFRMPolicy.Direction.in, .fwd] {
                let receiving = XFRMPolicy(
                    direction, selector, mark: .exactly(.decrypted), templates: [template])
                try network.nodes[to].xfrm.apply(.addPolicy(receiving))
            }
            try mark(prefix, at: from)
        }
    }

    /// km_nodeinfo of a node gets a prefix.
    mutating func mark(_ prefix: Prefix, at node: Int) throws {
        try network.nodes[node].nodeInfo.update(NodeInfoKey(prefix), to: 1)
    }

    private func require<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw ReplaySceneError() }
        return value
    }

    func engine(at vantages: [Vantage], _ options: ReplayOptions = ReplayOptions()) -> ReplayEngine {
        ReplayEngine(world: world, network: network, vantages: vantages, options: options)
    }
}

struct ReplaySceneError: Error {}

/// A name of the scene, or an address, with a port.
func end(_ name: String, _ port: UInt16) -> SocketAddress {
    SocketAddress(ip(ReplayScene.addresses[name] ?? ReplayScene.nodeAddresses[name] ?? name), port: port)
}

func flow(_ source: String, _ sourcePort: UInt16, _ destination: String, _ destinationPort: UInt16) -> PacketFlow {
    PacketFlow(source: end(source, sourcePort), destination: end(destination, destinationPort))
}

/// Keeps what a replay tells.
struct ReplayLog: ReplayObserver {
    var isTracing = true
    var resolutions: [PacketResolution] = []
    var flows: [FlowSummary] = []
    var steps: [ReplayStep] = []
    var packets: [ObservedPacket] = []

    func wantsSteps(of record: PacketRecord) -> Bool { isTracing }
    mutating func step(_ step: @autoclosure () -> ReplayStep) { steps.append(step()) }
    mutating func resolved(_ resolution: @autoclosure () -> PacketResolution) { resolutions.append(resolution()) }
    mutating func ended(_ flow: @autoclosure () -> FlowSummary) { flows.append(flow()) }

    static var wantsBytes: Bool { true }
    mutating func record(node: Int, _ step: @autoclosure () -> JourneyStep) {}
    mutating func observe(
        _ point: ObservationPoint, node: Int, mark: PacketMark, _ packet: RawSpan, byteCount: Int
    ) {
        let bytes = (0..<packet.byteCount).map { packet.byte(at: $0) }
        packets.append(ObservedPacket(point: point, node: node, mark: mark, bytes: bytes, byteCount: byteCount))
    }

    /// What became of the packets.
    var kinds: [Disposition.Kind] { resolutions.map(\.disposition.kind) }
    var reasons: [String] { resolutions.map(\.disposition.reason.name) }
    /// The packets that pods get, as the network delivers them.
    func seen(_ point: ObservationPoint) -> [[UInt8]] { packets.filter { $0.point == point }.map(\.bytes) }
}

/// Feeds packets to an engine, a millisecond apart.
struct ReplayRun {
    var engine: ReplayEngine
    var log = ReplayLog()
    var number: UInt64 = 0
    var time: UInt64 = 1_700_000_000_000_000_000

    init(_ engine: ReplayEngine, isTracing: Bool = true) {
        self.engine = engine
        log.isTracing = isTracing
    }

    mutating func feed(_ packet: IPPacket, at vantage: Int = 0) {
        feed(packet.bytes, as: packet.etherType, at: vantage)
    }

    mutating func feed(_ bytes: [UInt8], as type: EtherType = .ipv4, original: Int? = nil, at vantage: Int = 0) {
        number += 1
        time += 1_000_000
        let record = PacketRecord(
            number: number, timestamp: time, etherType: type, originalByteCount: original ?? bytes.count,
            vantage: vantage)
        engine.process(unsafe bytes.span.bytes, record, observer: &log)
    }

    /// A handshake, a request and its answer, as the client's capture has them.
    mutating func exchange(_ flow: PacketFlow, at vantage: Int = 0) {
        for packet in Self.exchange(flow) { feed(packet, at: vantage) }
    }

    static func exchange(_ flow: PacketFlow) -> [IPPacket] {
        func packet(
            _ isForward: Bool, _ flags: TCPFlags, _ sequence: UInt32, _ acknowledgement: UInt32, _ payload: Int = 0
        ) -> IPPacket {
            var packet = IPPacket(
                isForward ? flow : flow.reversed, flags, payload: (0..<payload).map { UInt8(truncatingIfNeeded: $0) })
            packet.sequence = sequence
            packet.acknowledgement = acknowledgement
            return packet
        }
        return [
            packet(true, .syn, 1000, 0), packet(false, [.syn, .ack], 5000, 1001), packet(true, .ack, 1001, 5001),
            packet(true, [.ack, .psh], 1001, 5001, 100), packet(false, .ack, 5001, 1101),
            packet(false, [.ack, .psh], 5001, 1101, 300), packet(true, .ack, 1101, 5301),
        ]
    }

    mutating func finish() -> ReplayReport { engine.finish(observer: &log) }
}
