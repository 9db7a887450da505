import Captures
import Model
import Testing

/// VXLAN and Geneve: the packet inside counts, where the outer one is what it says.
struct TunnelTests {
    private static let inner =
        PacketBuilder(
            PacketFlow(
                source: SocketAddress(.v4(0x0a00_0001), port: 40_000),
                destination: SocketAddress(.v4(0x0a00_0002), port: 80))
        ).frame

    private static func outer(_ family: AddressFamily, port: UInt16, _ payload: [UInt8]) -> [UInt8] {
        let addresses: (IPAddress, IPAddress) =
            family == .v4 ? (.v4(1), .v4(2)) : (.v6(high: 1, low: 2), .v6(high: 1, low: 3))
        let flow = PacketFlow(
            source: SocketAddress(addresses.0, port: 0), destination: SocketAddress(addresses.1, port: 0))
        let udp = [0x10, 0, UInt8(port >> 8), UInt8(port & 0xff), 0, 0, 0, 0]
        return PacketBuilder(flow).frame(carrying: .udp, udp + payload)
    }

    private static let vxlan: [UInt8] = [8, 0, 0, 0, 0, 0, 7, 0]
    private static func geneve(options: UInt8 = 0, flags: UInt8 = 0, type: (UInt8, UInt8) = (0x65, 0x58)) -> [UInt8] {
        [options, flags, type.0, type.1, 0, 0, 7, 0] + [UInt8](repeating: 3, count: Int(options & 0x3f) * 4)
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let frame: [UInt8]
        var ports = TunnelPorts()
        /// nil for a packet that counts as it is.
        let offset: Int?
    }

    static let rows = [
        Row(testDescription: "VXLAN", frame: outer(.v4, port: 4789, vxlan + inner), offset: 14 + 20 + 8 + 8 + 14),
        Row(
            testDescription: "VXLAN over IPv6", frame: outer(.v6, port: 4789, vxlan + inner),
            offset: 14 + 40 + 8 + 8 + 14),
        Row(
            testDescription: "VXLAN at another port", frame: outer(.v4, port: 8472, vxlan + inner),
            ports: TunnelPorts(vxlan: 8472), offset: 64),
        Row(
            testDescription: "not at that port", frame: outer(.v4, port: 4789, vxlan + inner),
            ports: TunnelPorts(vxlan: nil), offset: nil),
        Row(
            testDescription: "VXLAN without network", frame: outer(.v4, port: 4789, [0] + vxlan.dropFirst() + inner),
            offset: nil),
        Row(testDescription: "VXLAN without frame", frame: outer(.v4, port: 4789, vxlan), offset: nil),
        Row(testDescription: "half a VXLAN header", frame: outer(.v4, port: 4789, [8, 0, 0]), offset: nil),
        Row(testDescription: "Geneve", frame: outer(.v4, port: 6081, geneve() + inner), offset: 64),
        Row(
            testDescription: "Geneve with options", frame: outer(.v4, port: 6081, geneve(options: 2) + inner),
            offset: 72),
        Row(
            testDescription: "Geneve with IPv4", frame: outer(.v4, port: 6081, geneve(type: (8, 0)) + inner[14...]),
            offset: 50),
        Row(
            testDescription: "Geneve with another protocol", frame: outer(.v4, port: 6081, geneve(type: (8, 6))),
            offset: nil),
        Row(testDescription: "Geneve control", frame: outer(.v4, port: 6081, geneve(flags: 0x80) + inner), offset: nil),
        Row(
            testDescription: "Geneve version 1", frame: outer(.v4, port: 6081, geneve(options: 0x40) + inner),
            offset: nil),
        Row(
            testDescription: "options beyond the end", frame: outer(.v4, port: 6081, [63, 0, 8, 0, 0, 0, 0, 0]),
            offset: nil),
        Row(testDescription: "no tunnel", frame: inner, offset: nil),
    ]

    @Test(arguments: rows)
    func theInnerPacketIsFoundOrTheOuterCounts(_ row: Row) throws {
        let link = try LinkLayer(.ethernet)
        let found = try row.frame.withRawSpan { frame in
            try link.networkLayer(of: frame).tunnelled(in: frame, row.ports)
        }
        #expect(found == row.offset.map { NetworkLayer(.ipv4, at: $0) })
    }

    @Test func aCutTunnelPacketIsLookedIntoAsFarAsItGoes() throws {
        let whole = Self.outer(.v4, port: 4789, Self.vxlan + Self.inner)
        for count in 0...whole.count {
            let frame = Array(whole[..<count])
            let found = frame.withRawSpan { frame in
                (try? LinkLayer(.ethernet).networkLayer(of: frame))?.tunnelled(in: frame, TunnelPorts())
            }
            #expect((found != nil) == (count >= 64), "\(count) bytes")
        }
    }
}
