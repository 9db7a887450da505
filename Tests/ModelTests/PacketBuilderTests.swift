import Model
import Testing

private func flow(_ source: String, _ destination: String) throws -> PacketFlow {
    PacketFlow(
        source: try #require(SocketAddress(source)), destination: try #require(SocketAddress(destination)))
}

@Suite struct PacketBuilderTests {
    /// Source: the example of RFC 1071 §3, and a header whose checksum is widely published.
    @Test func theChecksumIsThatOfTheRFC() {
        #expect(InternetChecksum.of([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]) == ~0xddf2)
        let header: [UInt8] = [
            0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7,
        ]
        #expect(InternetChecksum.of(header) == 0xb861)
        #expect(InternetChecksum.of([0xff]) == 0x00ff && InternetChecksum.of([]) == 0xffff)
    }

    @Test func anIPv4FrameHasTheBytesOfTheWire() throws {
        var builder = PacketBuilder(try flow("10.0.0.1:40000", "10.0.0.2:80"))
        builder.tags = [.vlan]
        builder.payload = [0xab]
        let frame = builder.frame
        #expect(frame.prefix(18).suffix(6) == [0x81, 0, 0, 1, 8, 0])
        #expect(frame[18..<28] == [0x45, 0, 0, 41, 0, 0, 0, 0, 64, 6])
        #expect(frame[30..<38] == [10, 0, 0, 1, 10, 0, 0, 2])
        #expect(frame[38..<46] == [0x9c, 0x40, 0, 80, 0, 0, 0, 1])
        #expect(frame[50..<52] == [0x50, 0x02] && frame.last == 0xab && frame.count == 59)
        #expect(InternetChecksum.of(Array(frame[18..<38])) == 0)
        let pseudo: [UInt8] = [10, 0, 0, 1, 10, 0, 0, 2, 0, 6, 0, 21]
        #expect(InternetChecksum.of(pseudo + frame[38...]) == 0)
    }

    @Test func anIPv6FrameHasTheBytesOfTheWire() throws {
        var builder = PacketBuilder(try flow("[fd00::1]:40000", "[fd00::2]:80"), flags: [.ack])
        builder.extensionHeaders = [
            .init(.hopByHop), .init(.authentication, contents: [UInt8](repeating: 1, count: 10)),
        ]
        let frame = builder.frame
        #expect(frame[14..<22] == [0x60, 0, 0, 0, 0, 40, 0, 64])
        #expect(frame[54..<62] == [51, 0, 0, 0, 0, 0, 0, 0])
        #expect(frame[62..<64] == [6, 1] && frame[74..<78] == [0x9c, 0x40, 0, 80] && frame.count == 94)
        let pseudo = Array(frame[22..<54]) + [0, 0, 0, 20, 0, 0, 0, 6]
        #expect(InternetChecksum.of(pseudo + frame[74...]) == 0)
    }

    @Test func fragmentsTogetherAreThePacket() throws {
        for (builder, headerByteCount) in [
            (PacketBuilder(try flow("10.0.0.1:1", "10.0.0.2:2")), 34),
            (PacketBuilder(try flow("[fd00::1]:1", "[fd00::2]:2")), 62),
        ] {
            var builder = builder
            builder.payload = Array(0..<60)
            let parts = [0..<24, 24..<72, 72..<200].map { builder.fragment($0, identification: 0x1_0002) }
            let data = parts.flatMap { $0.dropFirst(headerByteCount) }
            #expect(data == Array(builder.frame.suffix(80)))
            // Flags and offset.
            let at = headerByteCount == 34 ? 20 : 56
            let wanted: [[UInt8]] =
                headerByteCount == 34 ? [[0x20, 0], [0x20, 3], [0, 9]] : [[0, 1], [0, 25], [0, 72]]
            #expect(parts.map { Array($0[at..<at + 2]) } == wanted)
        }
    }
}
