import Model
import Testing

@testable import Sim

/// Keys of connections, and the frames that they are read from.
struct UpstreamTupleTests {
    @Test(arguments: [
        ("10.0.0.1:1234", "10.1.0.2:80"), ("[fd00::1]:1234", "[fd00:1::2]:80"), ("0.0.0.0:0", "255.255.255.255:65535"),
        ("[::ffff:10.0.0.1]:1", "[::ffff:10.1.0.2]:65535"),
    ])
    func aKeyTellsItsEnds(_ source: String, _ destination: String) {
        let tuple = UpstreamTuple(source: socketAddress(source), destination: socketAddress(destination))
        #expect(tuple.source == socketAddress(source))
        #expect(tuple.destination == socketAddress(destination))
        #expect(tuple.isSame(as: tuple))
    }

    /// The bytes of `km_tuple`: addresses in network order, ports in host order.
    @Test func theBytesAreThoseOfTheKernel() {
        let four = UpstreamTuple(source: socketAddress("10.0.0.1:1"), destination: socketAddress("10.1.0.2:80"))
        #expect(
            layoutBytes(of: four) == [10, 0, 0, 1, 10, 1, 0, 2, 1, 0, 80, 0] + [UInt8](repeating: 0, count: 24))
        let six = UpstreamTuple(source: socketAddress("[fd00::1]:1"), destination: socketAddress("[fd00::2]:80"))
        #expect(Array(layoutBytes(of: six).prefix(16)) == [0xfd] + [UInt8](repeating: 0, count: 14) + [1])
        #expect(Array(layoutBytes(of: six).suffix(5)) == [2, 1, 0, 80, 0])
    }

    @Test func everyWordCounts() {
        let tuple = UpstreamTuple(source: socketAddress("[fd00::1]:1"), destination: socketAddress("[fd00::2]:80"))
        for index in 0..<9 {
            var other = tuple
            other.words[index] ^= 1
            #expect(!tuple.isSame(as: other) && tuple.hashBits != other.hashBits, "word \(index)")
        }
    }

    @Test(arguments: [("10.0.0.1:1234", "10.1.0.2:80"), ("[fd00::1]:1234", "[fd00:1::2]:80")])
    func aBuiltFrameIsReadBack(_ source: String, _ destination: String) throws {
        let packet = UpstreamScene.packet(source, to: destination, [.syn, .ack])
        let frame = try UpstreamFrame(packet.frame)
        #expect(frame.tuple.source == packet.flow.source && frame.tuple.destination == packet.flow.destination)
        #expect(frame.destination == packet.flow.destination.address)
        #expect(frame.destinationPort == packet.flow.destination.port)
        #expect(packet.frame[frame.flagsOffset] == 0x12)
    }

    @Test func aMappedConnectionIsIPv4OnTheWire() {
        let flow = PacketFlow(source: socketAddress("[::ffff:10.0.0.1]:1"), destination: socketAddress("10.1.0.2:80"))
        #expect(flow.unmapped.source == socketAddress("10.0.0.1:1"))
        #expect(flow.unmapped.reversed.source == socketAddress("10.1.0.2:80"))
    }

    /// One byte less than the headers take, for every length, and no frame at all.
    @Test(arguments: ["10.0.0.1:1234", "[fd00::1]:1234"])
    func aFrameThatEndsEarlyPasses(_ source: String) {
        let frame = UpstreamScene.packet(source, to: source, .syn).frame
        for count in 0..<frame.count {
            let reason = #expect(throws: UpstreamXDPReason.self) { try UpstreamFrame(Array(frame.prefix(count))) }
            #expect(reason == .truncated, "\(count) bytes")
        }
    }
}
