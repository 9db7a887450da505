import Model
import TestSupport
import Testing

@testable import Sim

/// Random packets of a few connections, as captures of the client, of `one` or of the wire have them: in any order,
/// repeated, cut, broken.
private struct RandomCapture {
    var random: SplitMix64
    var packets: [(bytes: [UInt8], type: EtherType, original: Int, vantage: Int, gap: UInt64)] = []

    static let vantages = [
        Vantage.pod(ReplayScene.uid("client")), .pod(ReplayScene.uid("one")), .pod(ReplayScene.uid("friend")),
    ]

    init(seed: UInt64, count: Int) {
        random = SplitMix64(seed: seed)
        for _ in 0..<count { add() }
    }

    private mutating func add() {
        let names = [
            "client", "one", "friend", "two", "10.96.0.1", "10.96.0.2", "10.96.0.3", "10.96.0.4", "n2", "203.0.113.7",
        ]
        let vantage = random.below(Self.vantages.count)
        let own = ["client", "one", "friend"][vantage]
        let other = random.one(of: names)
        let ports = (UInt16(40_000 + random.below(3)), random.one(of: [80, 8080, 53] as [UInt16]))
        var ends = flow(own, ports.0, other, ports.1)
        if random.isOneIn(3) { ends = ends.reversed }
        var packet =
            random.isOneIn(4)
            ? IPPacket.udp(ends)
            : IPPacket(
                ends,
                random.one(
                    of: [.syn, [.syn, .ack], .ack, .ack, .ack, [.ack, .psh], [.ack, .fin], .rst] as [TCPFlags]))
        packet.payload = [UInt8](repeating: 5, count: random.one(of: [0, 0, 1, 100, 1400, 3000]))
        packet.sequence = 1000 + UInt32(random.below(4))
        packet.timeToLive = random.one(of: [64, 64, 64, 2, 1])
        packet.doNotFragment = !random.isOneIn(8)
        var bytes = packet.bytes
        if random.isOneIn(10) { bytes = packet.fragment(random.one(of: [0..<64, 64..<128])) }
        let original = bytes.count
        if random.isOneIn(12) { bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
        if random.isOneIn(12) { bytes.removeLast(random.below(bytes.count)) }
        let type = random.isOneIn(30) ? EtherType.arp : random.isOneIn(30) ? .ipv6 : .ipv4
        let gap = random.isOneIn(50) ? 40_000_000_000 : UInt64(random.below(2_000_000))
        packets.append((bytes, type, original, vantage, gap))
        // A run of the same, so that what is remembered comes into play.
        if random.isOneIn(3) {
            for _ in 0..<random.below(4) { packets.append((bytes, type, original, vantage, 1000)) }
        }
    }

    func replayed(through engine: ReplayEngine, isTracing: Bool) -> (ReplayReport, ReplayLog) {
        var run = ReplayRun(engine, isTracing: isTracing)
        for packet in packets {
            run.time += packet.gap
            run.feed(packet.bytes, as: packet.type, original: packet.original, at: packet.vantage)
        }
        let report = run.finish()
        return (report, run.log)
    }
}

private func scene(_ random: inout SplitMix64, isPrepared: Bool = true) throws -> ReplayScene {
    var match = PolicyMatch()
    match.destinationPorts = .init([8080])
    let policy = Policy(
        name: "no", namespace: "shop", scope: .namespace, action: .deny, rules: [.init([.init([match])])])
    return try ReplayScene(
        random.one(of: [Preset.hardened, .upstream]), policies: random.isOneIn(2) ? [policy] : [],
        isEncrypted: random.isOneIn(3), dnsProxy: random.isOneIn(2) ? "10.0.1.2" : nil,
        isPrepared: isPrepared)
}

@Test func totalsAddUpWhateverIsReplayed() throws {
    try forEachSeed(count: 30) { seed in
        var random = SplitMix64(seed: seed)
        let capture = RandomCapture(seed: seed &+ 1000, count: 300)
        let (report, log) = capture.replayed(
            through: try scene(&random).engine(at: RandomCapture.vantages), isTracing: false)
        #expect(report.total.packets == UInt64(capture.packets.count), "seed \(seed)")
        #expect(log.resolutions.count == capture.packets.count)
        for kind in Disposition.Kind.allCases {
            #expect(report.traffic(kind).packets == UInt64(log.kinds.count { $0 == kind }), "seed \(seed): \(kind)")
        }
        let rows = report.connections.reduce(report.others.traffic) { $0 + $1.traffic }
        #expect(rows == report.inFlows, "seed \(seed)")
        let flows = log.flows.reduce(Traffic()) { $0 + $1.sent + $1.received }
        #expect(flows == report.inFlows && report.flowCount == UInt64(log.flows.count))
        #expect(report.connections.reduce(0) { $0 + $1.flows } == report.flowCount)
        let stopped = log.flows.reduce(0) { $0 + $1.stopped }
        #expect(stopped == report.drops.reduce(0) { $0 + $1.traffic.packets }, "seed \(seed)")
        #expect(log.flows.reduce(0) { $0 + $1.leaks } == UInt64(log.resolutions.count(where: \.isLeak)))
    }
}

/// What is remembered of a flow's last packet must give what the whole way gives: with all steps wanted, nothing is
/// taken from memory.
@Test func memoryGivesWhatTheWholeWayGives() throws {
    try forEachSeed(count: 30) { seed in
        var random = SplitMix64(seed: seed)
        let engine = try scene(&random).engine(at: RandomCapture.vantages)
        let capture = RandomCapture(seed: seed &+ 2000, count: 300)
        let (quick, quickLog) = capture.replayed(through: engine, isTracing: false)
        let (whole, wholeLog) = capture.replayed(through: engine, isTracing: true)
        for (one, other) in zip(quickLog.resolutions, wholeLog.resolutions) {
            #expect(one.disposition == other.disposition, "seed \(seed): packet \(one.record.number)")
            #expect(one.isLeak == other.isLeak && one.isEncrypted == other.isEncrypted, "seed \(seed)")
        }
        #expect(quickLog.flows == wholeLog.flows, "seed \(seed)")
        #expect(quick.connections == whole.connections && quick.dispositions == whole.dispositions)
    }
}

@Test func nodesThatGetTheirMapsLateGiveTheSameReplay() throws {
    try forEachSeed(count: 30) { seed in
        let capture = RandomCapture(seed: seed &+ 3000, count: 200)
        let (first, last) = try (
            replayed(capture, seed: seed, isPrepared: true), replayed(capture, seed: seed, isPrepared: false)
        )
        #expect(first.1.resolutions == last.1.resolutions && first.1.flows == last.1.flows, "seed \(seed)")
        #expect(first.1.packets == last.1.packets && first.0.notes == last.0.notes, "seed \(seed)")
    }
}

private func replayed(
    _ capture: RandomCapture, seed: UInt64, isPrepared: Bool
) throws -> (ReplayReport, ReplayLog) {
    var random = SplitMix64(seed: seed)
    let scene = try scene(&random, isPrepared: isPrepared)
    return capture.replayed(through: scene.engine(at: RandomCapture.vantages), isTracing: seed & 1 == 0)
}

@Test func theSamePacketsGiveTheSameReport() throws {
    let engine = try ReplayScene(isEncrypted: true).engine(at: RandomCapture.vantages)
    let capture = RandomCapture(seed: 77, count: 400)
    let (first, second) = (
        capture.replayed(through: engine, isTracing: false), capture.replayed(through: engine, isTracing: false)
    )
    #expect(first.1.resolutions == second.1.resolutions && first.1.flows == second.1.flows)
    #expect(first.0.connections == second.0.connections && first.0.notes == second.0.notes)
}

/// What a plain model keeps of a connection: by the end that sent it.
private struct PlainFlow: Hashable {
    var ends: Set<SocketAddress>
    var protocolNumber: IPProtocol
}

@Test func flowsAreThoseOfAPlainModel() throws {
    try forEachSeed(count: 20) { seed in
        var random = SplitMix64(seed: seed)
        var run = ReplayRun(
            try ReplayScene().engine(at: [.pod(ReplayScene.uid("client"))]), isTracing: random.isOneIn(2))
        var model: [PlainFlow: [SocketAddress: Traffic]] = [:]
        for _ in 0..<600 {
            var ends = flow(
                "client", UInt16(40_000 + random.below(8)), random.one(of: ["one", "two", "friend", "203.0.113.7"]),
                UInt16(80 + random.below(3)))
            if random.isOneIn(2) { ends = ends.reversed }
            var packet = random.isOneIn(2) ? IPPacket.udp(ends) : IPPacket(ends)
            packet.payload = [UInt8](repeating: 1, count: random.below(1400))
            run.feed(packet)
            let key = PlainFlow(ends: [ends.source, ends.destination], protocolNumber: packet.protocolNumber)
            model[key, default: [:]][ends.source, default: Traffic()] += Traffic(
                packets: 1, bytes: UInt64(packet.bytes.count))
        }
        _ = run.finish()
        #expect(run.log.flows.count == model.count, "seed \(seed)")
        for summary in run.log.flows {
            let (client, server) = (summary.client.address, summary.requested.address)
            let known = model[PlainFlow(ends: [client, server], protocolNumber: summary.protocolNumber)]
            #expect(summary.sent == known?[client] ?? Traffic(), "seed \(seed): \(client)")
            #expect(summary.received == known?[server] ?? Traffic(), "seed \(seed): \(client)")
        }
    }
}
