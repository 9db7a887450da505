import Captures
import Model
import Testing

/// libpcap's expressions on records of every link type.
struct CaptureFilterTests {
    private static let packet = Array(
        PacketBuilder(
            PacketFlow(
                source: SocketAddress(.v4(0x0a00_0001), port: 40_000),
                destination: SocketAddress(.v4(0x0a00_0002), port: 80))
        ).frame.dropFirst(14))

    /// The same packet in frames of several link types.
    private static let frames: [(LinkType, [UInt8])] = [
        (.ethernet, [UInt8](repeating: 2, count: 12) + [8, 0] + packet),
        (.linuxCooked, [0, 0, 0, 1, 0, 6] + [UInt8](repeating: 0, count: 8) + [8, 0] + packet),
        (.linuxCooked2, [8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6] + [UInt8](repeating: 0, count: 8) + packet),
        (.raw, packet), (.rawBSD, packet), (.rawOpenBSD, packet), (.ipv4, packet),
        (.null, [2, 0, 0, 0] + packet), (.null, [0, 0, 0, 2] + packet), (.loop, [0, 0, 0, 2] + packet),
    ]

    @Test(arguments: [
        ("tcp port 80", true), ("host 10.0.0.1 and dst port 80", true), ("udp", false), ("ip6", false), ("", true),
        ("tcp[tcpflags] & tcp-syn != 0", true), ("greater 200", true), ("less 30", false),
    ])
    func anExpressionMeansTheSameForEveryLinkType(expression: String, isAccepted: Bool) throws {
        for (linkType, frame) in Self.frames {
            let filter = try CaptureFilter(expression: expression, linkType: linkType)
            let accepted = frame.withRawSpan { filter.accepts($0, originalByteCount: 300) }
            #expect(accepted == isAccepted, "\(linkType)")
        }
    }

    @Test func aWrongExpressionIsToldInLibpcapsWords() {
        func message(_ expression: String, _ linkType: LinkType) -> String {
            do throws(FilterError) {
                _ = try CaptureFilter(expression: expression, linkType: linkType)
                return ""
            } catch { return error.description }
        }
        #expect(message("tcp prt 80", .ethernet).hasSuffix("syntax error"))
        #expect(
            message("ether host 2:2:2:2:2:2", .raw).contains("for link type 101 (RAW): ethernet addresses supported"))
    }

    @Test func aCutFrameDoesNotPassWhatItDoesNotShow() throws {
        let filter = try CaptureFilter(expression: "tcp port 80", linkType: .null)
        for count in 0..<4 + 24 {
            let frame = Array(Self.frames[7].1[..<count])
            #expect(!frame.withRawSpan { filter.accepts($0, originalByteCount: 60) })
        }
    }

    @Test func eachLinkTypeOfACaptureGetsItsOwnProgram() throws {
        var section = HandMadeSection()
        section.interface(.ethernet)
        section.interface(.raw)
        for (interface, bytes) in [(0, Self.frames[0].1), (1, Self.packet), (0, Self.packet)] {
            section.packet(HandMadePacket(bytes: bytes, interface: interface), ticks: 1)
        }
        var reader = try CaptureReader(contents: section.bytes, name: "made")
        var filters = CaptureFilters(expression: "tcp port 80")
        var accepted: [Bool] = []
        while let record = try reader.next() {
            let filter = try filters.filter(for: record.linkType)
            accepted.append(
                reader.withBytes(of: record) { filter.accepts($0, originalByteCount: record.originalByteCount) })
        }
        #expect(accepted == [true, true, false])
    }
}
