import Model
import TestSupport
import Testing

@testable import Sim

private func guess(_ packets: [IPPacket]) throws -> VantageGuess? {
    var guesser = VantageGuesser(try ReplayScene().mesh)
    for packet in packets {
        let bytes = packet.bytes
        guesser.see(
            unsafe bytes.span.bytes,
            PacketRecord(number: 1, timestamp: 1, etherType: packet.etherType, originalByteCount: bytes.count))
    }
    return guesser.guess
}

private func packet(_ source: String, _ destination: String, timeToLive: UInt8 = 64) -> IPPacket {
    var packet = IPPacket(flow(source, 1000, destination, 80))
    packet.timeToLive = timeToLive
    return packet
}

@Test func thePodInEveryPacketIsTheVantage() throws {
    let found = try guess([packet("client", "one"), packet("client", ReplayScene.outside), packet("two", "client")])
    #expect(found?.vantage == .pod(ReplayScene.uid("client")))
    #expect(found?.reason == "every packet comes from or goes to pod shop/client")
}

@Test func theTimeToLiveTellsWhichOfTwoPods() throws {
    let found = try guess([packet("client", "one"), packet("one", "client", timeToLive: 62)])
    #expect(found?.vantage == .pod(ReplayScene.uid("client")))
    #expect(found?.reason.contains("time to live") == true)
}

@Test func theNodeInEveryPacketIsTheVantage() throws {
    let found = try guess([
        packet("client", ReplayScene.outside), packet("friend", ReplayScene.outside),
    ])
    #expect(found?.vantage == .node("n1"))
}

@Test func packetsOfTwoNodesAloneAreOfTheWire() throws {
    var esp = packet("n1", "n2")
    esp.protocolNumber = .esp
    esp.payload = [UInt8](repeating: 1, count: 40)
    #expect(try guess([esp])?.vantage == .wire)
}

@Test func nothingSeenGivesNoGuess() throws {
    #expect(try guess([]) == nil)
    #expect(try guess([packet(ReplayScene.outside, "203.0.113.9")]) == nil)
}
