import Model
import TestSupport
import Testing

@testable import Sim

/// Random packets of a few connections, as several captures have them: as pods send them, encrypted on the wire, and as
/// decrypted; in any order, repeated, cut, broken.
private struct MixedCapture {
    struct Packet {
        var bytes: [UInt8]
        var original: Int
        var vantage: Int
        var gap: UInt64
    }

    static let vantageLists: [[Vantage]] = [
        [.pod(ReplayScene.uid("client"))], [.pod(ReplayScene.uid("one"))], [.wire], [.node("n2")],
        [.pod(ReplayScene.uid("client")), .wire], [.node("n1"), .node("n2")],
        [.pod(ReplayScene.uid("one")), .node("n2"), .wire],
    ]

    var random: SplitMix64
    var packets: [Packet] = []

    init(seed: UInt64, count: Int, vantageCount: Int, scene: ReplayScene) {
        random = SplitMix64(seed: seed)
        var senders: [String: ReplayRun] = [:]
        for name in ["client", "friend", "one", "two"] {
            senders[name] = ReplayRun(scene.engine(at: [.pod(ReplayScene.uid(name))]))
        }
        for _ in 0..<count {
            let name = random.one(of: ["client", "client", "one", "one", "friend", "two"])
            let bytes = packet(from: name)
            // On its whole way, and what is seen there.
            senders[name]?.log.packets = []
            senders[name]?.feed(bytes)
            let shown = [bytes] + (senders[name]?.log.packets ?? []).map(\.bytes)
            add(random.one(of: shown), vantageCount)
            if random.isOneIn(3) { add(random.one(of: shown), vantageCount) }
        }
    }

    private mutating func packet(from name: String) -> [UInt8] {
        let others = ["client", "one", "one", "friend", "two", "10.96.0.2", "10.0.2.77", "n2", "203.0.113.7"]
        let ports = (UInt16(40_000 + random.below(2)), random.one(of: [80, 8080, 8080, 4500] as [UInt16]))
        var ends = flow(name, ports.0, random.one(of: others), ports.1)
        if random.isOneIn(3) { swap(&ends.source.port, &ends.destination.port) }
        var packet = IPPacket(ends, random.one(of: [.syn, .ack, .ack, .ack, [.ack, .fin]] as [TCPFlags]))
        packet.protocolNumber = random.one(of: [.tcp, .tcp, .udp, .icmp])
        packet.payload = [UInt8](repeating: 0xff, count: random.one(of: [1, 8, 100, 1400, 3000]))
        packet.sequence = 1000 + UInt32(random.below(3))
        packet.timeToLive = random.one(of: [64, 64, 64, 64, 3, 2, 1])
        packet.doNotFragment = random.isOneIn(2)
        return random.isOneIn(6) ? packet.fragment(random.one(of: [0..<64, 64..<128])) : packet.bytes
    }

    private mutating func add(_ bytes: [UInt8], _ vantageCount: Int) {
        var bytes = bytes
        let (original, vantage) = (bytes.count, random.below(vantageCount))
        // The same again, as it is and changed, so that what is remembered comes into play.
        for _ in 0..<random.below(4) + 1 {
            packets.append(Packet(bytes: bytes, original: original, vantage: vantage, gap: UInt64(random.below(9999))))
        }
        if random.isOneIn(3), !bytes.isEmpty {
            if random.isOneIn(2) {
                bytes[random.below(min(bytes.count, 24))] ^= 1 << UInt8(random.below(8))
            } else {
                bytes.removeLast(random.below(bytes.count))
            }
            packets.append(Packet(bytes: bytes, original: original, vantage: vantage, gap: 1))
        }
    }

    func replayed(through engine: ReplayEngine, observer: inout some ReplayObserver) -> ReplayReport {
        var engine = engine
        var time: UInt64 = 1_700_000_000_000_000_000
        for (index, packet) in packets.enumerated() {
            time += packet.gap
            let isIPv6 = packet.bytes.first.map { $0 >> 4 == 6 } ?? false
            let record = PacketRecord(
                number: UInt64(index + 1), timestamp: time, etherType: isIPv6 ? .ipv6 : .ipv4,
                originalByteCount: packet.original, vantage: packet.vantage)
            engine.process(unsafe packet.bytes.span.bytes, record, observer: &observer)
        }
        return engine.finish(observer: &observer)
    }
}

/// With all steps wanted, every packet takes the whole way; without an observer, what is remembered serves.
@Test(arguments: [Preset.hardened, .upstream], [false, true])
func theReportIsThatOfTheWholeWay(_ preset: Preset, isEncrypted: Bool) throws {
    var scenes = [try ReplayScene(preset), try ReplayScene(preset)]
    if isEncrypted { for index in 0..<2 { try scenes[index].encrypt(replayWindow: index == 0 ? 0 : 64) } }
    forEachSeed(count: 6) { seed in
        var random = SplitMix64(seed: seed)
        let scene = random.one(of: scenes)
        let vantages = random.one(of: MixedCapture.vantageLists)
        let capture = MixedCapture(seed: seed &+ 3000, count: 150, vantageCount: vantages.count, scene: scene)
        let engine = scene.engine(at: vantages)
        var nothing = NoObserver()
        var (quickLog, log) = (ReplayLog(isTracing: false), ReplayLog())
        let quick = capture.replayed(through: engine, observer: &nothing)
        let whole = capture.replayed(through: engine, observer: &log)
        _ = capture.replayed(through: engine, observer: &quickLog)
        for (one, other) in zip(quickLog.resolutions, log.resolutions) where one != other {
            Issue.record("seed \(seed), \(vantages): \(one) is \(other) on the whole way")
            return
        }
        #expect(quick == whole, "seed \(seed)")
        #expect(quickLog.flows == log.flows, "seed \(seed)")
    }
}
