import Captures
import Model
import Testing

/// Where the network layer begins, per link type.
struct LinkLayerTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let linkType: LinkType
        let frame: [UInt8]
        let layer: NetworkLayer?
        let fault: PacketFault?

        init(_ description: String, _ linkType: LinkType, _ frame: [UInt8], _ layer: NetworkLayer) {
            (testDescription, self.linkType, self.frame, self.layer, fault) = (description, linkType, frame, layer, nil)
        }

        init(_ description: String, _ linkType: LinkType, _ frame: [UInt8], _ fault: PacketFault) {
            (testDescription, self.linkType, self.frame, layer, self.fault) = (description, linkType, frame, nil, fault)
        }
    }

    private static let addresses = [UInt8](0..<12)
    private static func cooked(_ packetType: UInt8, _ type: [UInt8], _ rest: [UInt8] = []) -> [UInt8] {
        [0, packetType, 0, 1, 0, 6] + [UInt8](repeating: 9, count: 8) + type + rest
    }
    private static func cooked2(_ packetType: UInt8, _ type: [UInt8]) -> [UInt8] {
        type + [0, 0, 0, 0, 1, 7, 0, 1, packetType, 6] + [UInt8](repeating: 9, count: 8)
    }

    static let rows = [
        Row("Ethernet with IPv4", .ethernet, addresses + [8, 0], NetworkLayer(.ipv4, at: 14)),
        Row("Ethernet with IPv6", .ethernet, addresses + [0x86, 0xdd, 1], NetworkLayer(.ipv6, at: 14)),
        Row("Ethernet with ARP", .ethernet, addresses + [8, 6, 1], NetworkLayer(.arp, at: 14)),
        Row("a VLAN tag", .ethernet, addresses + [0x81, 0, 0, 5, 8, 0], NetworkLayer(.ipv4, at: 18)),
        Row("QinQ", .ethernet, addresses + [0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0], NetworkLayer(.ipv4, at: 22)),
        Row("a length of 802.3", .ethernet, addresses + [0, 40], NetworkLayer(EtherType(rawValue: 40), at: 14)),
        Row("three tags", .ethernet, addresses + [0x81, 0, 0, 5, 0x81, 0, 0, 6, 0x81, 0, 0, 7, 8, 0], .tooManyTags),
        Row("half a tag", .ethernet, addresses + [0x81, 0, 0, 5, 8], .truncatedHeader),
        Row("13 bytes", .ethernet, addresses + [8], .truncatedHeader),
        Row("cooked, to us", .linuxCooked, cooked(0, [8, 0]), NetworkLayer(.ipv4, at: 16, direction: .incoming)),
        Row("cooked, to another", .linuxCooked, cooked(3, [8, 0]), NetworkLayer(.ipv4, at: 16, direction: .passing)),
        Row(
            "cooked, from us", .linuxCooked, cooked(4, [0x86, 0xdd]),
            NetworkLayer(.ipv6, at: 16, direction: .outgoing)),
        Row("cooked, of a kind unknown", .linuxCooked, cooked(7, [8, 0]), NetworkLayer(.ipv4, at: 16)),
        Row(
            "cooked with a tag", .linuxCooked, cooked(0, [0x81, 0], [0, 5, 8, 0]),
            NetworkLayer(.ipv4, at: 20, direction: .incoming)),
        Row("cooked, 15 bytes", .linuxCooked, Array(cooked(0, [8, 0]).dropLast()), .truncatedHeader),
        Row(
            "cooked 2", .linuxCooked2, cooked2(4, [8, 0]),
            NetworkLayer(.ipv4, at: 20, direction: .outgoing, kernelInterface: 0x107)),
        Row("cooked 2, 19 bytes", .linuxCooked2, Array(cooked2(4, [8, 0]).dropLast()), .truncatedHeader),
        Row("raw IPv4", .raw, [0x45], NetworkLayer(.ipv4, at: 0)),
        Row("raw IPv6", .rawBSD, [0x60], NetworkLayer(.ipv6, at: 0)),
        Row("raw, neither", .rawOpenBSD, [0x50], .wrongVersion),
        Row("raw, nothing", .raw, [], .truncatedHeader),
        Row("IPv4", .ipv4, [], NetworkLayer(.ipv4, at: 0)),
        Row("IPv6", .ipv6, [0x45], NetworkLayer(.ipv6, at: 0)),
        Row("null, IPv4 from a little-endian host", .null, [2, 0, 0, 0], NetworkLayer(.ipv4, at: 4)),
        Row("null, IPv4 from a big-endian host", .null, [0, 0, 0, 2], NetworkLayer(.ipv4, at: 4)),
        Row("null, IPv6 of Linux", .null, [10, 0, 0, 0], NetworkLayer(.ipv6, at: 4)),
        Row("null, IPv6 of Darwin", .null, [0, 0, 0, 30, 0x60], NetworkLayer(.ipv6, at: 4)),
        Row("null, another family", .null, [7, 0, 0, 0], NetworkLayer(EtherType(rawValue: 0), at: 4)),
        Row("null, 3 bytes", .null, [2, 0, 0], .truncatedHeader),
        Row("loopback, IPv6 of OpenBSD", .loop, [0, 0, 0, 24], NetworkLayer(.ipv6, at: 4)),
    ]

    @Test(arguments: rows)
    func theNetworkLayerIsFoundOrTheFaultTold(_ row: Row) throws {
        let link = try LinkLayer(row.linkType)
        let found = row.frame.withRawSpan { frame in
            Result { () throws(PacketFault) in try link.networkLayer(of: frame) }
        }
        switch found {
        case .success(let layer): #expect(layer == row.layer)
        case .failure(let fault): #expect(fault == row.fault)
        }
    }

    @Test func aLinkTypeThatIsNotSupportedIsNamed() {
        func message(_ number: UInt32) -> String {
            do throws(UnsupportedLinkType) {
                _ = try LinkLayer(LinkType(rawValue: number))
                return ""
            } catch { return error.description }
        }
        let supported = "is not supported; Ethernet, Linux cooked, raw IP, null and loopback are"
        #expect(message(160) == "link type 160 (USER13) \(supported)")
        #expect(message(105) == "link type 105 (IEEE802_11) \(supported)")
        #expect(message(60_000) == "link type 60000 \(supported)")
        #expect(message(0xffff_ffff) == "link type 4294967295 \(supported)")
        #expect(LinkType.raw.description == "101 (RAW)")
    }
}
