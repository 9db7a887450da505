import Crypto
import Model
import TestSupport
import Testing

@testable import Sim

private let client = Vantage.pod(ReplayScene.uid("client"))

private func deny(port: UInt16) -> Policy {
    var match = PolicyMatch()
    match.destinationPorts = .init([port])
    return Policy(
        name: "no-\(port)", namespace: "shop", scope: .namespace, action: .deny, rules: [.init([.init([match])])])
}

/// What packets from the nodes' pods are on the wire, with the inner packet of each.
private func wire(
    of packets: [[UInt8]], at vantage: Vantage = client, in scene: ReplayScene
) -> (outer: [[UInt8]], inner: [[UInt8]]) {
    var run = ReplayRun(scene.engine(at: [vantage]))
    for packet in packets { run.feed(packet) }
    return (run.log.seen(.wire), run.log.seen(.decrypted))
}

private func replay(_ packets: [[UInt8]], at vantage: Vantage, in scene: ReplayScene) -> (ReplayReport, ReplayLog) {
    var run = ReplayRun(scene.engine(at: [vantage]))
    for packet in packets { run.feed(packet) }
    let report = run.finish()
    return (report, run.log)
}

/// Cuts an IPv4 packet without options in two.
private func halves(_ packet: [UInt8], at cut: Int) -> [[UInt8]] {
    [0..<cut, cut..<packet.count - 20].map { range in
        var bytes = Array(packet[..<20]) + packet[20 + range.lowerBound..<20 + range.upperBound]
        let field = range.lowerBound / 8 | (range.lowerBound == 0 ? 0x2000 : 0)
        (bytes[2], bytes[3]) = (UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff))
        (bytes[4], bytes[5]) = (0, 9)
        (bytes[6], bytes[7]) = (UInt8(field >> 8), UInt8(field & 0xff))
        (bytes[10], bytes[11]) = (0, 0)
        let sum = InternetChecksum.of(Array(bytes[..<20]))
        (bytes[10], bytes[11]) = (UInt8(sum >> 8), UInt8(sum & 0xff))
        return bytes
    }
}

private let syn = IPPacket(flow("client", 40_000, "one", 8080), .syn).bytes

// MARK: Fragments

@Test func fragmentsInsideESPBelongToOneFlow() throws {
    let scene = try ReplayScene(.upstream, isEncrypted: true)
    var datagram = IPPacket.udp(
        flow("client", 4000, "one", 4000), payload: [UInt8](repeating: 7, count: 200))
    datagram.doNotFragment = false
    var fragments: [[UInt8]] = []
    for identification in 1...20 as ClosedRange<UInt16> {
        datagram.identification = identification
        fragments += [datagram.fragment(0..<104), datagram.fragment(104..<208)]
    }
    let outer = wire(of: fragments, in: scene).outer
    #expect(outer.count == 40)
    let (report, log) = replay(outer, at: .wire, in: scene)
    #expect(report.flowCount == 1 && log.flows.first?.sent.packets == 40)
    #expect(log.flows.first?.client.address == end("client", 4000))
    // Without the first, nobody knows whose the second is.
    let (_, second) = replay([outer[1]], at: .wire, in: scene)
    #expect(second.reasons == ["firstFragmentMissing"] && second.resolutions[0].isEncrypted)
}

@Test func fragmentsThatCarryNoPortsBelongToOneFlow() throws {
    let scene = try ReplayScene(.upstream, isEncrypted: true)
    var ping = IPPacket(flow("client", 0, "one", 0), [], payload: [UInt8](repeating: 8, count: 200))
    ping.protocolNumber = .icmp
    ping.doNotFragment = false
    let fragments = (0..<50).flatMap { _ in [ping.fragment(0..<104), ping.fragment(104..<200)] }
    let (report, _) = replay(wire(of: fragments, in: scene).outer, at: .wire, in: scene)
    #expect(report.flowCount == 1)
}

// MARK: What is remembered

@Test func aWrongHeaderChecksumIsSeenBehindPacketsLikeIt() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]), isTracing: false)
    run.exchange(flow("client", 40_000, "one", 8080))
    var bytes = IPPacket(flow("client", 40_000, "one", 8080)).bytes
    run.feed(bytes)
    bytes[10] ^= 1
    run.feed(bytes)
    _ = run.finish()
    #expect(run.log.kinds.suffix(2) == [.delivered, .dropped], "\(run.log.reasons)")
    #expect(run.log.reasons.last == "wrongHeaderChecksum")
}

@Test func aClearCopyIsSeenBehindPacketsLikeIt() throws {
    var scene = try ReplayScene(.upstream, isEncrypted: true)
    let packet = IPPacket.udp(flow("client", 4000, "one", 4000)).bytes
    let (outer, inner) = wire(of: [packet], in: scene)
    // Nothing is to be encrypted, so that clear packets are remembered.
    for index in scene.network.nodes.indices { scene.network.nodes[index].nodeInfo = LongestPrefixMap(capacity: 16) }
    for isTracing in [true, false] {
        var run = ReplayRun(scene.engine(at: [.node("n2")]), isTracing: isTracing)
        for bytes in [packet, packet, packet] + outer + inner { run.feed(bytes) }
        _ = run.finish()
        #expect(run.log.kinds.last == .seenAgain, "\(run.log.reasons)")
    }
}

// MARK: Leaks

@Test func leaksNeedNoPodThatTheMeshKnows() throws {
    var scene = try ReplayScene(.upstream)
    try scene.mark(try #require(Prefix("10.0.2.0/24")), at: 0)
    let unknown = IPPacket.udp(flow("10.0.1.77", 4000, "one", 4000)).bytes
    let (report, log) = replay([unknown], at: .wire, in: scene)
    #expect(report.leaks.map(\.source) == ["10.0.1.77"] && log.resolutions[0].isLeak)
    // What the node itself sends is no pod's.
    let own = IPPacket.udp(flow("n1", 4000, "one", 4000)).bytes
    #expect(replay([own], at: .wire, in: scene).0.leaks.isEmpty)
}

@Test func onlyTheReceivingNodesUplinkShowsAPacketTwice() throws {
    let scene = try ReplayScene(.upstream, isEncrypted: true)
    let (outer, inner) = wire(of: [syn], in: scene)
    for (vantage, isExcused) in [(Vantage.node("n2"), true), (.node("n1"), false), (.wire, false)] {
        let (report, log) = replay(outer + inner, at: vantage, in: scene)
        #expect(log.kinds == [.delivered, isExcused ? .seenAgain : .delivered], "\(vantage)")
        #expect(report.leaks.isEmpty == isExcused, "\(vantage)")
    }
}

@Test func aCopyIsExcusedThoughAnotherCaptureShowedItsESPFirst() throws {
    let scene = try ReplayScene(.upstream, isEncrypted: true)
    let (outer, inner) = wire(of: [syn], in: scene)
    var run = ReplayRun(scene.engine(at: [.node("n1"), .node("n2"), .wire]))
    run.feed(outer[0], at: 0)
    run.feed(outer[0], at: 1)
    run.feed(inner[0], at: 1)
    run.feed(outer[0], at: 2)
    let report = run.finish()
    #expect(run.log.reasons == ["arrived", "shownElsewhere", "decryptedBefore", "shownElsewhere"])
    #expect(report.leaks.isEmpty)
}

@Test func anErrorThatQuotesADecryptedPacketInClearIsALeak() throws {
    var packet = IPPacket.udp(flow("client", 4000, "one", 4000))
    packet.timeToLive = 2
    for (preset, isLeak) in [(Preset.upstream, true), (.hardened, false)] {
        let scene = try ReplayScene(preset, isEncrypted: true)
        let (outer, _) = wire(of: [packet.bytes], in: scene)
        for (vantage, bytes) in [(client, packet.bytes), (.wire, outer[0])] {
            let (report, log) = replay([bytes], at: vantage, in: scene)
            #expect(log.reasons == ["timeToLive"])
            #expect(log.resolutions[0].isLeak == isLeak, "\(preset) \(vantage)")
            #expect(report.leaks.count == (isLeak ? 1 : 0), "\(preset) \(vantage)")
        }
    }
}

// MARK: Several captures

@Test func otherPodsOfACapturedPodsNodeAreReplayed() throws {
    var scene = try ReplayScene(.upstream)
    try scene.encrypt(replayWindow: 64)
    let friends = wire(
        of: (0..<3).map { IPPacket.udp(flow("friend", 4000 + UInt16($0), "one", 4000)).bytes },
        at: .pod(ReplayScene.uid("friend")), in: scene)
    let own = wire(of: [syn], in: scene)
    var run = ReplayRun(scene.engine(at: [client, .wire]))
    run.feed(syn, at: 0)
    // The captured numbers are those of the real node: the replay's own do not stand in their way.
    for outer in friends.outer { run.feed(outer, at: 1) }
    let report = run.finish()
    #expect(run.log.kinds == Array(repeating: .delivered, count: 4), "\(run.log.reasons)")
    #expect(report.flowCount == 4)

    // What the captured pod sent is not counted twice; who sends it again is told.
    run = ReplayRun(scene.engine(at: [client, .wire]))
    run.feed(syn, at: 0)
    run.feed(own.outer[0], at: 1)
    run.feed(own.outer[0], at: 1)
    _ = run.finish()
    #expect(run.log.reasons == ["arrived", "senderCaptured", "XfrmInStateSeqError"])
    #expect(run.log.seen(.decrypted).count == 1)
}

// MARK: ESP

@Test func espInUDPIsJudgedByWhatItCarriesWhateverItsPort() throws {
    for port in [4500, 4501] as [UInt16] {
        var scene = try ReplayScene(policies: [deny(port: 8080)])
        try scene.encrypt(encapsulation: UDPEncapsulation(sourcePort: port, destinationPort: port))
        let outer = wire(of: [syn], in: scene).outer[0]
        #expect(outer[9] == IPProtocol.udp.rawValue)
        #expect(replay([outer], at: .wire, in: scene).1.kinds == [.dropped], "port \(port)")
        let (report, log) = replay(halves(outer, at: 40), at: .wire, in: scene)
        #expect(log.kinds == [.held, .dropped], "port \(port): \(log.reasons)")
        #expect(log.flows.map(\.final?.address) == [end("one", 8080)] && report.leaks.isEmpty)
    }
}

@Test func aBrokenPacketInsideESPIsDropped() throws {
    let scene = try ReplayScene(.upstream, isEncrypted: true)
    var inner = IPPacket.udp(flow("client", 4000, "one", 4000)).bytes
    (inner[2], inner[3]) = (0, 10)
    let state = scene.network.nodes[0].xfrm.states[0].state
    let cipher = try ESPCipher(state.key, extendedSequence: false)
    var esp = IPPacket(flow("n1", 0, "n2", 0), [])
    esp.protocolNumber = .esp
    cipher.seal(
        unsafe inner.span.bytes, nextHeader: .ipv4, spi: state.spi, sequence: 1, iv: 1, into: &esp.payload)
    let (_, log) = replay([esp.bytes], at: .wire, in: scene)
    #expect(log.kinds == [.dropped], "\(log.reasons)")
    #expect(log.reasons == ["wrongLength"])
}

@Test func theMissingEndOfACutPacketIsNotEncryptedAsZeros() throws {
    let scene = try ReplayScene(.upstream, isEncrypted: true)
    var run = ReplayRun(scene.engine(at: [client]))
    run.feed(syn)
    var large = IPPacket(
        flow("client", 40_000, "one", 8080), [.ack, .psh], payload: [UInt8](repeating: 9, count: 4000))
    large.sequence = 2
    large.doNotFragment = false
    run.feed(Array(large.bytes.prefix(1800)), original: large.bytes.count)
    _ = run.finish()
    #expect(run.log.kinds == [.delivered, .delivered])
    // The first segment is whole, of the others there is no more than was captured.
    let segments = run.log.packets.filter { $0.point == .pod }.dropFirst()
    #expect(segments.map(\.byteCount) == [1500, 1500, 1120])
    #expect(segments.map(\.bytes.count) == [1500, 340, 40])
    // Encrypted, the first is larger than the wire takes, and goes in two fragments.
    let wire = run.log.packets.filter { $0.point == .wire }.dropFirst()
    #expect(wire.map { $0.bytes.count < $0.byteCount } == [false, false, true, true])
}
