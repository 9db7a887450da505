import Model
import Sim

/// Replays the bytes as packets of several captures through a small mesh with encryption, twice: with all steps wanted
/// every packet takes the whole way, without an observer what is remembered serves, and both must come to the same.
///
/// The first byte chooses the mesh. Each packet has two bytes before it: one says which capture has it, whether that
/// holds all of it, and whether it comes again; the other how long it is.
func replayPackets(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let engine = unsafe engines[Int(first) % engines.count]
    var (all, none) = (EveryStep(), NoObserver())
    let whole = replay(bytes, through: engine, &all)
    let quick = replay(bytes, through: engine, &none)
    precondition(quick == whole, "\(quick) is not \(whole)")
    precondition(whole.total.packets == all.count)
    let dispositions = whole.dispositions.reduce(Traffic()) { $0 + $1.traffic }
    let connections = whole.connections.reduce(whole.others.traffic) { $0 + $1.traffic }
    precondition(dispositions == whole.total && connections == whole.inFlows)
}

private func replay(
    _ bytes: [UInt8], through engine: ReplayEngine, _ observer: inout some ReplayObserver
) -> ReplayReport {
    var engine = engine
    // Bytes have no padding that could be uninitialized.
    let all = unsafe bytes.span.bytes
    var (offset, number) = (1, UInt64(0))
    while offset + 2 <= bytes.count {
        let (flags, end) = (bytes[offset], min(offset + 2 + Int(bytes[offset + 1]), bytes.count))
        let packet = all.extracting(offset + 2..<end)
        let isIPv6 = packet.byteCount > 0 && packet.byte(at: 0) >> 4 == 6
        for _ in 0...Int(flags >> 6) {
            number += 1
            engine.process(
                packet,
                PacketRecord(
                    number: number, timestamp: number << UInt64(flags >> 4 & 1) * 35, etherType: isIPv6 ? .ipv6 : .ipv4,
                    originalByteCount: packet.byteCount + (flags & 8 == 0 ? 0 : 2000),
                    vantage: Int(flags & 7) % engine.vantages.count),
                observer: &observer)
        }
        offset = end
    }
    return engine.finish(observer: &observer)
}

private struct EveryStep: ReplayObserver {
    var count: UInt64 = 0

    func wantsSteps(of record: PacketRecord) -> Bool { true }
    mutating func step(_ step: @autoclosure () -> ReplayStep) { _ = step() }
    mutating func resolved(_ resolution: @autoclosure () -> PacketResolution) {
        _ = resolution()
        count += 1
    }
    mutating func ended(_ flow: @autoclosure () -> FlowSummary) { _ = flow() }
    static var wantsBytes: Bool { true }
    mutating func record(node: Int, _ step: @autoclosure () -> JourneyStep) { _ = step() }
    mutating func observe(
        _ point: ObservationPoint, node: Int, mark: PacketMark, _ packet: RawSpan, byteCount: Int
    ) {
        precondition(packet.byteCount <= byteCount)
    }
}

// MARK: The mesh

/// libFuzzer calls from one thread.
nonisolated(unsafe) private let engines: [ReplayEngine] = Preset.allCases.flatMap { preset in
    [false, true].flatMap { isInUDP in
        [false, true].map { hasPods in
            guard let engine = try? engine(preset, isInUDP: isInUDP, hasPods: hasPods) else {
                preconditionFailure("the mesh cannot be made")
            }
            return engine
        }
    }
}

/// Node n1, 192.168.0.1, with the pods 10.0.1.1 and 10.0.1.2; node n2, 192.168.0.2, with 10.0.2.1; and the service
/// 10.96.0.2:80 of the last, whose port 8081 is denied.
/// - Parameter hasPods: Whether there are captures of two pods beside those of the nodes and the wire, and the nodes have
///   replay windows; else there is that of the wire.
private func engine(_ preset: Preset, isInUDP: Bool, hasPods: Bool) throws -> ReplayEngine {
    var mesh = Mesh()
    let nodes: [(name: String, address: UInt32, prefix: UInt32)] = [
        ("n1", 0xc0a8_0001, 0x0a00_0100), ("n2", 0xc0a8_0002, 0x0a00_0200),
    ]
    for node in nodes {
        var made = Node(node.name, addresses: [.v4(node.address)])
        made.podPrefixes = [Prefix(.v4(node.prefix), length: 24)].compactMap(\.self)
        mesh.nodes[node.name] = made
    }
    let name = ServiceName(namespace: "shop", hostname: "books")
    mesh.services[name] = Service(
        name, shortName: "books", addresses: [NetworkAddress(.v4(0x0a60_0002))], ports: [ServicePort(80, to: 8080)])
    let pods: [(name: String, address: UInt32, node: String)] = [
        ("client", 0x0a00_0101, "n1"), ("friend", 0x0a00_0102, "n1"), ("books", 0x0a00_0201, "n2"),
    ]
    for pod in pods {
        let uid = WorkloadUID(pod.name)
        mesh.workloads[uid] = Workload(
            uid, name: pod.name, namespace: "shop", addresses: [.v4(pod.address)], node: pod.node,
            services: pod.name == "books" ? [name: []] : [:], policies: [])
    }
    var match = PolicyMatch()
    match.destinationPorts = .init([8081])
    let policy = Policy(
        name: "no", namespace: "shop", scope: .namespace, action: .deny, rules: [.init([.init([match])])])
    mesh.policies[policy.resourceName] = policy
    let options = DataplaneOptions(preset)
    var world = World(mesh: mesh, settings: World.Settings(options: options))
    for node in nodes { world.addNode(node.name) }
    for pod in pods { world.setManaged(WorkloadUID(pod.name), true) }
    var network = Network(mesh, options: options)
    let encapsulation = isInUDP ? UDPEncapsulation(sourcePort: 4501, destinationPort: 4501) : nil
    for (from, to) in [(0, 1), (1, 0)] {
        try network.encryptBetween(from, to, encapsulation, replayWindow: hasPods ? 64 : 0)
    }
    let uplinks: [Vantage] = [.node("n1"), .node("n2"), .wire]
    let own: [Vantage] = [.pod(WorkloadUID("client")), .pod(WorkloadUID("books"))]
    return ReplayEngine(world: world, network: network, vantages: hasPods ? uplinks + own : [.wire])
}

extension Network {
    /// One node marks what goes to the other's pods and encrypts it; the other takes it. The key is that of the corpus.
    fileprivate mutating func encryptBetween(
        _ from: Int, _ to: Int, _ encapsulation: UDPEncapsulation?, replayWindow: UInt32
    ) throws {
        guard let key = AEADKey(bytes: [UInt8](repeating: 7, count: 20)), let anywhere = Prefix(.v4(0), length: 0)
        else {
            preconditionFailure("20 bytes are a key")
        }
        let (own, peer, prefix) = (nodes[from].addresses[0], nodes[to].addresses[0], nodes[to].podPrefixes[0])
        let sending = XFRMState(
            source: own, destination: peer, spi: SPI(rawValue: 1), key: key, encapsulation: encapsulation)
        var receiving = sending
        receiving.outputMark = .decrypted
        receiving.replayWindow = replayWindow
        try nodes[from].xfrm.apply(.addState(sending))
        try nodes[to].xfrm.apply(.addState(receiving))
        let selector = XFRMSelector(source: anywhere, destination: prefix)
        let template = XFRMPolicy.Template(source: own, destination: peer)
        try nodes[from].xfrm.apply(
            .addPolicy(XFRMPolicy(.out, selector, mark: .exactly(.encrypt), templates: [template])))
        for direction in [XFRMPolicy.Direction.in, .fwd] {
            try nodes[to].xfrm.apply(
                .addPolicy(XFRMPolicy(direction, selector, mark: .exactly(.decrypted), templates: [template])))
        }
        try nodes[from].nodeInfo.update(NodeInfoKey(prefix), to: 1)
    }
}
