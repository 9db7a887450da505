import Model
import TestSupport
import Testing

@testable import Sim

private let client = Vantage.pod(ReplayScene.uid("client"))
private let one = Vantage.pod(ReplayScene.uid("one"))

/// A deny policy for everything but port 8080 of `one`, by scope workload.
private func deny(port: UInt16) -> Policy {
    var match = PolicyMatch()
    match.destinationPorts = .init([port])
    return Policy(
        name: "no-\(port)", namespace: "shop", scope: .namespace, action: .deny,
        rules: [.init([.init([match])])])
}

// MARK: Translation

@Test func aConnectToAServiceIsTranslatedInBothDirections() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]))
    run.exchange(flow("client", 40_000, "10.96.0.2", 80))
    let report = run.finish()
    #expect(run.log.kinds == Array(repeating: .delivered, count: 7))
    let summary = try #require(run.log.flows.first)
    #expect(run.log.flows.count == 1)
    #expect(summary.requested.service == ReplayScene.service("single"))
    #expect(summary.final?.address == end("one", 8080))
    #expect(summary.final?.name == "shop/one")
    #expect(summary.connectReason == .loadBalanced && !summary.isMidCapture)
    #expect(summary.sent.packets == 4 && summary.received.packets == 3)
    #expect(summary.outcome == .passed && summary.encryption == .clear)
    // What arrives at the backend has its address and port, and right checksums.
    for bytes in run.log.seen(.arrival) {
        let outline = try PacketOutline(
            parsing: unsafe bytes.span.bytes, isIPv6: false, originalByteCount: bytes.count)
        #expect(outline.flow == flow("client", 40_000, "one", 8080))
        #expect(IPPacket.transportSum(Array(bytes[20...]), outline.flow, .tcp) == 0)
        #expect(InternetChecksum.of(Array(bytes[..<20])) == 0)
    }
    #expect(report.connections.count == 1)
    #expect(report.connections[0].requested == "shop/single.shop.svc.cluster.local")
    #expect(report.connections[0].traffic.packets == 7)
}

@Test func theSameWorldAndSeedDrawTheSameBackends() throws {
    func finals() throws -> [SocketAddress?] {
        var run = ReplayRun(try ReplayScene().engine(at: [client]))
        for port in 0..<20 { run.exchange(flow("client", 40_000 + UInt16(port), "10.96.0.1", 80)) }
        _ = run.finish()
        return run.log.flows.map(\.final?.address)
    }
    let first = try finals()
    #expect(first.count == 20)
    #expect(Set(first) == [end("one", 8080), end("two", 8080)])
    #expect(try finals() == first)
}

@Test func onlyNodesThatPacketsNeedGetMaps() throws {
    var run = ReplayRun(try ReplayScene(isPrepared: false).engine(at: [client]))
    #expect(run.engine.world.nodeNames.isEmpty)
    run.exchange(flow("client", 40_000, "10.96.0.2", 80))
    #expect(run.engine.world.nodeNames == ["n1"])
    // Where there are policies, packets are judged at their destination.
    var judged = ReplayRun(try ReplayScene(policies: [deny(port: 1)], isPrepared: false).engine(at: [client]))
    judged.exchange(flow("client", 40_000, "10.96.0.2", 80))
    #expect(judged.engine.world.nodeNames == ["n1", "n2"])
}

@Test func anAnswerFromTheBackendItselfBelongsToTheFlow() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]))
    run.feed(IPPacket(flow("client", 40_000, "10.96.0.2", 80), .syn))
    run.feed(IPPacket(flow("one", 8080, "client", 40_000), [.syn, .ack]))
    _ = run.finish()
    #expect(run.log.flows.count == 1)
    #expect(run.log.flows[0].received.packets == 1)
}

@Test func whatIsRefusedNeverLeavesThePod() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]))
    run.exchange(flow("client", 40_000, "10.96.0.3", 80))
    let report = run.finish()
    #expect(run.log.kinds == Array(repeating: .refused, count: 7))
    #expect(run.log.packets.isEmpty)
    #expect(run.log.flows[0].outcome == .refused && run.log.flows[0].final == nil)
    #expect(run.log.flows[0].stopped == 7)
    #expect(report.drops.count == 1 && report.drops[0].firstPackets == [1, 2, 3, 4, 5])
    #expect(report.drops[0].disposition.reason.name == "connect4.randomEmpty")
}

@Test func anUnmanagedPodIsNotTranslated() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [.pod(ReplayScene.uid("stranger"))]))
    run.exchange(flow("stranger", 40_000, "10.96.0.2", 80))
    _ = run.finish()
    #expect(run.log.reasons[0] == "notTranslated")
    #expect(run.log.flows[0].connectReason == .notManaged)
}

// MARK: Flows that began before

@Test func aFlowThatBeganBeforeIsLookedUpWithoutADraw() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]))
    var (before, after) = (run.engine.world.generator, run.engine.world.generator)
    run.feed(IPPacket(flow("client", 40_000, "10.96.0.2", 80)))
    run.feed(IPPacket(flow("client", 40_001, "10.96.0.1", 80)))
    run.feed(IPPacket(flow("10.96.0.2", 80, "client", 40_000)))
    after = run.engine.world.generator
    let draws = (before.next(), after.next())
    #expect(draws.0 == draws.1)
    let report = run.finish()
    #expect(run.log.kinds == [.delivered, .undetermined, .delivered])
    #expect(run.log.reasons[1] == "severalBackends")
    #expect(run.log.flows.map(\.isMidCapture) == [true, true])
    #expect(run.log.flows[0].final?.address == end("one", 8080))
    #expect(run.log.flows[1].final == nil)
    #expect(run.log.flows[1].requested.service == ReplayScene.service("many"))
    #expect(report.notes.contains { $0.hasPrefix("2 flows began before") })
}

@Test func theServerOfAFlowThatBeganBeforeHasTheLowerPort() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [one]))
    run.feed(IPPacket(flow("one", 8080, "client", 40_000)))
    _ = run.finish()
    #expect(run.log.flows[0].client.address == end("client", 40_000))
    #expect(run.log.flows[0].received.packets == 1)
}

// MARK: Vantages

@Test func atTheReceiverOnlyXDPAndTheSocketAreAhead() throws {
    var run = ReplayRun(try ReplayScene(policies: [deny(port: 8080)]).engine(at: [one]))
    run.feed(IPPacket(flow("client", 40_000, "one", 8080), .syn))
    run.feed(IPPacket(flow("client", 40_000, "one", 9090), .syn))
    _ = run.finish()
    #expect(run.log.kinds == [.dropped, .delivered])
    #expect(run.log.packets.isEmpty)
    #expect(run.log.flows[0].judgement?.policy == "shop/no-8080")
    #expect(run.log.flows[0].outcome == .denied)
}

@Test func whatASendersCaptureShowedIsNotProcessedTwice() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client, one]))
    let packets = ReplayRun.exchange(flow("client", 40_000, "one", 8080))
    for packet in packets {
        let isSent = packet.flow.source == end("client", 40_000)
        run.feed(packet, at: isSent ? 0 : 1)
        run.feed(packet, at: isSent ? 1 : 0)
    }
    let report = run.finish()
    #expect(report.traffic(.seenAgain).packets == 7)
    #expect(report.traffic(.delivered).packets == 7)
    #expect(run.log.flows.count == 1 && run.log.flows[0].seenAgain == 7)
}

@Test(arguments: [Vantage.node("n1"), .node("n2"), .wire])
func betweenTheNodesConnectLiesBehind(_ vantage: Vantage) throws {
    var run = ReplayRun(try ReplayScene().engine(at: [vantage]))
    run.feed(IPPacket(flow("client", 40_000, "one", 8080), .syn))
    run.feed(IPPacket(flow("client", 40_000, "10.96.0.2", 80), .syn))
    run.feed(IPPacket(flow("client", 40_000, ReplayScene.outside, 443), .syn))
    let report = run.finish()
    #expect(run.log.kinds == [.delivered, .undetermined, .leftMesh])
    #expect(run.log.reasons[1] == "notTranslated")
    #expect(run.log.flows.allSatisfy { $0.connectReason == nil })
    #expect(report.leaks.isEmpty)
}

@Test func clearPacketsToMarkedPodsAreLeaks() throws {
    var scene = try ReplayScene(.upstream)
    try scene.mark(try #require(Prefix("10.0.2.0/24")), at: 0)
    for (vantage, count) in [(client, 4), (Vantage.wire, 4)] {
        var run = ReplayRun(scene.engine(at: [vantage]))
        run.exchange(flow("client", 40_000, "one", 8080))
        let report = run.finish()
        #expect(report.leaks.count == 1)
        #expect(report.leaks.first?.source == "shop/client" && report.leaks.first?.destination == "shop/one")
        #expect(report.leaks.first?.traffic.packets == UInt64(count))
        #expect(run.log.flows[0].leaks == UInt64(count))
        #expect(run.log.resolutions.filter(\.isLeak).count == count)
    }
}

@Test func whatIsEncryptedOnTheWireBelongsToItsFlow() throws {
    let scene = try ReplayScene(.upstream, isEncrypted: true)
    var run = ReplayRun(scene.engine(at: [client]))
    run.exchange(flow("client", 40_000, "one", 8080))
    let report = run.finish()
    #expect(run.log.flows[0].encryption == .all && report.leaks.isEmpty)
    #expect(run.log.resolutions.filter(\.isEncrypted).count == 4)
    // The same wire, seen from the receiving node: each packet comes encrypted, then in clear.
    let wire = run.log.seen(.wire)
    let inner = run.log.seen(.decrypted)
    #expect(wire.count == 4 && inner.count == 4)
    var second = ReplayRun(scene.engine(at: [.node("n2")]))
    for (outer, inner) in zip(wire, inner) {
        second.feed(outer)
        second.feed(inner)
    }
    let seen = second.finish()
    #expect(
        second.log.kinds == [
            .delivered, .seenAgain, .delivered, .seenAgain, .delivered, .seenAgain, .delivered, .seenAgain,
        ])
    #expect(seen.leaks.isEmpty)
    #expect(second.log.flows.count == 1 && second.log.flows[0].encryption == .all)
    #expect(second.log.flows[0].final?.name == "shop/one")
}

// MARK: Waypoints

@Test func theFirstPayloadByteGetsTheOriginalDestinationBeforeIt() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]))
    let requested = flow("client", 40_000, "10.96.0.4", 80)
    func packet(_ sequence: UInt32, _ payload: [UInt8], _ flags: TCPFlags = .ack) -> IPPacket {
        var packet = IPPacket(requested, flags, payload: payload)
        packet.sequence = sequence
        return packet
    }
    // Out of order, and each of them twice.
    run.feed(packet(1000, [], .syn))
    run.feed(packet(1001, []))
    run.feed(packet(1004, [4, 5]))
    run.feed(packet(1001, [1, 2, 3]))
    run.feed(packet(1001, [1, 2, 3]))
    run.feed(packet(1004, [4, 5]))
    run.feed(packet(1006, [], [.ack, .fin]))
    _ = run.finish()
    let summary = run.log.flows[0]
    #expect(summary.waypoint == end("way", 15019) && summary.final?.address == end("way", 15019))
    let header: [UInt8] = [1, 0, 0, 0, 6, 10, 96, 0, 4, 0, 80, 0xfe, 0, 0, 0, 0]
    let arrived = run.log.seen(.arrival).map { bytes in
        (sequence: bytes[24..<28].reduce(0) { $0 << 8 | UInt32($1) }, payload: Array(bytes[40...]))
    }
    #expect(arrived.map(\.sequence) == [1000, 1001, 1020, 1001, 1001, 1020, 1022])
    #expect(arrived.map(\.payload) == [[], [], [4, 5], header + [1, 2, 3], header + [1, 2, 3], [4, 5], []])
    for bytes in run.log.seen(.arrival) {
        #expect(IPPacket.transportSum(Array(bytes[20...]), flow("client", 40_000, "way", 15019), .tcp) == 0)
        #expect(Int(bytes[2]) << 8 | Int(bytes[3]) == bytes.count)
    }
}

@Test func aSegmentThatBecomesTooLargeIsCut() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]))
    let requested = flow("client", 40_000, "10.96.0.4", 80)
    run.feed(IPPacket(requested, .syn))
    var large = IPPacket(requested, [.ack, .psh], payload: (0..<1460).map { UInt8(truncatingIfNeeded: $0) })
    large.sequence = 2
    run.feed(large)
    let report = run.finish()
    let arrived = run.log.seen(.arrival).dropFirst()
    #expect(arrived.map(\.count) == [1500, 56])
    let payload = arrived.flatMap { $0[40...] }
    #expect(Array(payload.dropFirst(16)) == large.payload)
    #expect(run.log.kinds == [.delivered, .delivered])
    #expect(report.total.packets == 2 && report.total.bytes == 1540)
    #expect(report.notes.contains { $0.contains("larger than the interface's MTU") })
}

// MARK: DNS

@Test func questionsToDNSGoToTheProxyAndAnswersShowTheServer() throws {
    var run = ReplayRun(try ReplayScene(dnsProxy: "10.0.1.2").engine(at: [client]))
    run.feed(.udp(flow("client", 5353, "10.96.0.10", 53)))
    run.feed(.udp(flow("10.96.0.10", 53, "client", 5353)))
    run.feed(.udp(flow("client", 5353, "10.96.0.10", 5300)))
    _ = run.finish()
    #expect(run.log.flows[0].connectReason == .dnsRedirected)
    #expect(run.log.flows[0].final?.address == end("friend", 53))
    #expect(run.log.reasons == ["arrived", "recvmsg4.dnsReplyRestored", "noMeshAddress"])
    #expect(run.log.flows[0].sent.packets == 1 && run.log.flows[0].received.packets == 1)
    #expect(run.log.flows[1].connectReason == nil)
}

// MARK: Authorization

@Test(arguments: [Preset.hardened, .upstream])
func repliesToAPodThatOpenedTheFlowPass(_ preset: Preset) throws {
    // Nobody may reach the client's port; its own connections have answers all the same.
    var run = ReplayRun(try ReplayScene(preset, policies: [deny(port: 40_000)]).engine(at: [client]))
    run.exchange(flow("client", 40_000, "one", 8080))
    _ = run.finish()
    #expect(run.log.kinds.allSatisfy { $0 == .delivered }, "\(run.log.reasons)")
}

@Test func aDenialStopsAllPackets() throws {
    var run = ReplayRun(try ReplayScene(policies: [deny(port: 8080)]).engine(at: [client]), isTracing: false)
    let denied = flow("client", 40_000, "10.96.0.2", 80)
    run.feed(IPPacket(denied, .syn))
    for _ in 0..<5 { run.feed(IPPacket(denied)) }
    let report = run.finish()
    #expect(run.log.kinds == Array(repeating: .dropped, count: 6))
    #expect(run.log.flows[0].outcome == .denied && run.log.flows[0].stopped == 6)
    #expect(run.log.flows[0].judgement?.policy == "shop/no-8080")
    #expect(report.connections[0].stopped == 6)
}

@Test func upstreamsUserSpaceResetsWhatItDenies() throws {
    var options = DataplaneOptions(.upstream)
    options.authorization = .userSpace
    var scene = try ReplayScene(.upstream, policies: [deny(port: 8080)])
    scene.world = World(mesh: scene.mesh, settings: World.Settings(options: options))
    for name in ["n1", "n2"] { scene.world.addNode(name) }
    for name in ["client", "one"] { scene.world.setManaged(ReplayScene.uid(name), true) }
    var run = ReplayRun(scene.engine(at: [client]))
    run.exchange(flow("client", 40_000, "one", 8080))
    _ = run.finish()
    #expect(run.log.kinds.contains(.reset), "\(run.log.reasons)")
}

/// The entry of a flow has room for 4 GiB.
@Test func bytesOfAFlowAreCountedBeyond32Bits() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]), isTracing: false)
    var packet = IPPacket(flow("client", 40_000, "one", 9000), .ack)
    packet.payload = [UInt8](repeating: 1, count: 65_000)
    let (bytes, count) = (packet.bytes, 70_000)
    for _ in 0..<count { run.feed(bytes) }
    let report = run.finish()
    let expected = Traffic(packets: UInt64(count), bytes: UInt64(count * bytes.count))
    #expect(expected.bytes > 1 << 32 && report.inFlows == expected)
    #expect(run.log.flows.map(\.sent) == [expected])
}
