import Model
import TestSupport
import Testing

@testable import Sim

private let client = Vantage.pod(ReplayScene.uid("client"))

@Test func whateverComesHasADisposition() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]))
    run.feed([0, 1, 8, 0, 6, 4], as: .arp)
    run.feed([], as: .ipv4)
    run.feed([0x45, 0, 0, 20], as: .ipv4)
    run.feed([0x45, 0, 0, 20], as: .ipv4, original: 60)
    run.feed(IPPacket(flow("friend", 1, "one", 2)))
    var ping = IPPacket(flow("client", 0, "one", 0), [], payload: [8, 0, 0, 0, 0, 0, 0, 0])
    ping.protocolNumber = .icmp
    run.feed(ping)
    let report = run.finish()
    #expect(run.log.kinds == [.notIP, .malformed, .malformed, .undetermined, .undetermined, .delivered])
    #expect(run.log.reasons[3] == "cutShort" && run.log.reasons[4] == "notOfThePod")
    #expect(report.total.packets == 6 && report.inFlows.packets == 1)
}

@Test func laterFragmentsGoTheWayOfTheFirst() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]))
    run.feed(IPPacket(flow("client", 40_000, "10.96.0.2", 80), .syn))
    var packet = IPPacket(flow("client", 40_000, "10.96.0.2", 80), payload: [UInt8](repeating: 7, count: 100))
    packet.identification = 99
    // Behind another datagram's first fragment, and one without.
    run.feed(packet.fragment(0..<64))
    run.feed(packet.fragment(64..<200))
    packet.identification = 98
    run.feed(packet.fragment(64..<200))
    _ = run.finish()
    #expect(run.log.kinds == [.delivered, .delivered, .delivered, .undetermined], "\(run.log.reasons)")
    #expect(run.log.reasons[3] == "firstFragmentMissing")
    for bytes in run.log.seen(.arrival) { #expect(bytes[16..<20] == [10, 0, 2, 1]) }
    #expect(run.log.flows.count == 1 && run.log.flows[0].sent.packets == 3)
}

@Test func cutPacketsAreCountedWithTheSizeTheyHad() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]))
    let packet = IPPacket(flow("client", 40_000, "10.96.0.2", 80), .syn)
    run.feed(packet)
    let data = IPPacket(flow("client", 40_000, "10.96.0.2", 80), payload: [UInt8](repeating: 1, count: 1000)).bytes
    run.feed(Array(data[..<60]), original: data.count)
    let report = run.finish()
    #expect(run.log.kinds == [.delivered, .delivered])
    #expect(report.total.bytes == UInt64(40 + data.count))
    #expect(report.notes.contains { $0.hasPrefix("1 packet cut by the capture") })
}

@Test func aNewConnectionOfTheSamePortsIsAnotherFlow() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]))
    let same = flow("client", 40_000, "10.96.0.2", 80)
    run.exchange(same)
    // The same SYN again is none; another one is.
    var again = IPPacket(same, .syn)
    again.sequence = 1000
    run.feed(again)
    again.sequence = 777
    run.feed(again)
    run.feed(IPPacket(same, [.rst]))
    run.feed(again)
    _ = run.finish()
    #expect(run.log.flows.map(\.firstPacket) == [1, 9, 11])
    #expect(run.log.flows.map(\.ending) == [.replaced, .replaced, .captureEnded])
}

@Test func idleFlowsEndAndTheirPacketsBeginNewOnes() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [client]))
    run.feed(.udp(flow("client", 4000, "one", 4000)))
    run.time += 29_000_000_000
    run.feed(.udp(flow("client", 4000, "one", 4000)))
    run.time += 31_000_000_000
    run.feed(.udp(flow("client", 4000, "one", 4000)))
    run.feed(.udp(flow("one", 4000, "client", 4000)))
    run.time += 119_000_000_000
    run.feed(.udp(flow("client", 4000, "one", 4000)))
    _ = run.finish()
    #expect(run.log.flows.map(\.firstPacket) == [1, 3])
    #expect(run.log.flows.map(\.ending) == [.idle, .captureEnded])
}

@Test func flowsAreForgottenSoThatMemoryStaysBounded() throws {
    var options = ReplayOptions()
    options.flowLimit = 100
    var run = ReplayRun(try ReplayScene().engine(at: [client], options), isTracing: false)
    // 20,000 datagrams of as many flows in 100 s of capture.
    for index in 0..<20_000 {
        run.time += 5_000_000
        run.feed(.udp(flow("client", UInt16(index % 60_000), "one", 4000)))
    }
    #expect(run.engine.mostLiveFlows <= 100)
    let report = run.finish()
    #expect(report.flowCount == 20_000 && report.total.packets == 20_000 && report.inFlows.packets == 20_000)
    #expect(run.log.flows.contains { $0.ending == .crowdedOut })
}

@Test func tooManyKindsOfConnectionsAreOthers() throws {
    var options = ReplayOptions()
    options.connectionLimit = 10
    var run = ReplayRun(try ReplayScene().engine(at: [client], options))
    for port in 0..<50 { run.feed(.udp(flow("client", 4000, "one", UInt16(1000 + port)))) }
    let report = run.finish()
    #expect(report.connections.count == 10 && report.others.flows == 40)
    let packets = report.connections.reduce(0) { $0 + $1.traffic.packets } + report.others.traffic.packets
    #expect(packets == 50 && report.inFlows.packets == 50)
}

@Test func aVantageThatTheMeshDoesNotHaveIsTold() throws {
    var run = ReplayRun(try ReplayScene().engine(at: [.pod(WorkloadUID("nobody"))]))
    run.feed(IPPacket(flow("client", 1, "one", 2)))
    let report = run.finish()
    #expect(run.log.kinds == [.undetermined])
    #expect(report.notes.count == 1)
}
