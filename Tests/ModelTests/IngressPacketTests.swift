import Model
import TestSupport
import Testing

private func socket(_ text: String) -> SocketAddress { SocketAddress(text) ?? SocketAddress(.anyV4, port: 0) }

private let flow4 = PacketFlow(source: socket("10.0.0.1:40000"), destination: socket("10.0.0.2:80"))
private let flow6 = PacketFlow(source: socket("[fd00::1]:40000"), destination: socket("[fd00::2]:80"))

private func addresses(_ flow: PacketFlow) -> AddressPair {
    AddressPair(source: flow.source.address, destination: flow.destination.address)
}

private func parsed(_ frame: [UInt8]) -> IngressPacket { IngressPacket(parsing: frame) }

private func builder(_ flow: PacketFlow, _ flags: TCPFlags = .syn, _ change: (inout PacketBuilder) -> Void = { _ in })
    -> PacketBuilder
{
    var builder = PacketBuilder(flow, flags: flags)
    change(&builder)
    return builder
}

private typealias Header = PacketBuilder.ExtensionHeader

/// One extension header of every kind but fragments.
private let everyHeader: [Header] = [
    Header(.hopByHop), Header(.destinationOptions, contents: [UInt8](repeating: 0, count: 20)),
    Header(.routing, contents: [0, 0]), Header(.authentication, contents: [UInt8](repeating: 1, count: 22)),
    Header(.mobility), Header(.hip), Header(.shim6),
]

struct PacketCase: CustomTestStringConvertible {
    let testDescription: String
    let frame: [UInt8]
    let expected: IngressPacket

    init(_ name: String, _ frame: [UInt8], _ expected: IngressPacket) {
        (testDescription, self.frame, self.expected) = (name, frame, expected)
    }
}

private func tcp(_ flow: PacketFlow, isOpening: Bool = true, fragmented: UInt32? = nil) -> IngressPacket {
    .tcp(TCPPacket(flow, isOpening: isOpening, fragmented: fragmented))
}

/// A frame with one byte replaced; `at` counts from the IP header.
private func patched(_ frame: [UInt8], at offset: Int, _ byte: UInt8) -> [UInt8] {
    var frame = frame
    frame[14 + offset] = byte
    return frame
}

private let whole: [PacketCase] = [
    PacketCase("IPv4 SYN", PacketBuilder(flow4).frame, tcp(flow4)),
    PacketCase("IPv4 SYN+ACK", builder(flow4, [.syn, .ack]).frame, tcp(flow4, isOpening: false)),
    PacketCase("IPv4 SYN+FIN", builder(flow4, [.syn, .fin]).frame, tcp(flow4)),
    PacketCase(
        "IPv4 data", builder(flow4, [.ack, .psh]) { $0.payload = [1, 2, 3] }.frame, tcp(flow4, isOpening: false)),
    PacketCase("IPv4 no flags", builder(flow4, []).frame, tcp(flow4, isOpening: false)),
    PacketCase(
        "IPv4 options of 40 bytes", builder(flow4) { $0.ipOptions = .init(repeating: 1, count: 40) }.frame, tcp(flow4)),
    PacketCase("IPv4 options of 3 bytes", builder(flow4) { $0.ipOptions = [1, 1, 1] }.frame, tcp(flow4)),
    PacketCase(
        "TCP options of 40 bytes", builder(flow4) { $0.tcpOptions = .init(repeating: 1, count: 40) }.frame, tcp(flow4)),
    PacketCase("a VLAN tag", builder(flow4) { $0.tags = [.vlan] }.frame, tcp(flow4)),
    PacketCase("two VLAN tags", builder(flow6) { $0.tags = [.serviceVLAN, .vlan] }.frame, tcp(flow6)),
    PacketCase("IPv4 AH", builder(flow4) { $0.extensionHeaders = [Header(.authentication)] }.frame, tcp(flow4)),
    PacketCase("IPv6 SYN", PacketBuilder(flow6).frame, tcp(flow6)),
    PacketCase("IPv6 every extension header", builder(flow6) { $0.extensionHeaders = everyHeader }.frame, tcp(flow6)),
    PacketCase(
        "IPv6 eight extension headers",
        builder(flow6) { $0.extensionHeaders = .init(repeating: Header(.destinationOptions), count: 8) }.frame,
        tcp(flow6)),
    PacketCase(
        "IPv6 atomic fragment", PacketBuilder(flow6).fragment(0..<20, identification: 7), tcp(flow6)),
    PacketCase(
        "an IPv4-mapped address on the wire stays IPv6",
        PacketBuilder(PacketFlow(source: socket("[::ffff:10.0.0.1]:1"), destination: flow6.destination)).frame,
        tcp(PacketFlow(source: socket("[::ffff:10.0.0.1]:1"), destination: flow6.destination))),
]

private let others: [PacketCase] = [
    PacketCase("ARP", [UInt8](repeating: 0xff, count: 12) + [8, 6], .notIP),
    PacketCase(
        "a tagged EtherType that is not IP", [UInt8](repeating: 2, count: 12) + [0x81, 0, 0, 1, 0x88, 0xcc], .notIP),
    PacketCase("IPv4 UDP", PacketBuilder(flow4).frame(carrying: .udp, [1, 2]), .notTCP),
    PacketCase("IPv4 ESP", PacketBuilder(flow4).frame(carrying: .esp, []), .notTCP),
    PacketCase("IPv6 ICMPv6", PacketBuilder(flow6).frame(carrying: .icmpv6, []), .notTCP),
    PacketCase("IPv6 no next header", PacketBuilder(flow6).frame(carrying: .noNextHeader, []), .notTCP),
    PacketCase("IPv4 with IPv6's hop-by-hop number", PacketBuilder(flow4).frame(carrying: .hopByHop, []), .notTCP),
    PacketCase(
        "IPv4 later fragment of UDP",
        patched(
            builder(flow4) { $0.payload = .init(repeating: 0, count: 30) }.fragment(24..<40, identification: 1), at: 9,
            17), .notTCP),
    PacketCase(
        "IPv6 later fragment of ICMPv6",
        patched(
            builder(flow6) { $0.payload = .init(repeating: 0, count: 30) }.fragment(8..<16, identification: 1), at: 40,
            58), .notTCP),
    PacketCase(
        "a routing header with segments left in front of UDP",
        patched(builder(flow6) { $0.extensionHeaders = [Header(.routing, contents: [0, 1])] }.frame, at: 40, 17),
        .notTCP),
]

private let big4 = builder(flow4) { $0.payload = .init(repeating: 9, count: 100) }
private let big6 = builder(flow6) { $0.payload = .init(repeating: 9, count: 100) }
private let options6 = builder(flow6) {
    $0.extensionHeaders = [Header(.destinationOptions)]
    $0.payload = .init(repeating: 9, count: 100)
}

private let fragments: [PacketCase] = [
    PacketCase("IPv4 first", big4.fragment(0..<24, identification: 0x1234), tcp(flow4, fragmented: 0x1234)),
    PacketCase("IPv6 first", big6.fragment(0..<24, identification: 0x1234_5678), tcp(flow6, fragmented: 0x1234_5678)),
    PacketCase(
        "IPv6 first, options behind the fragment header", options6.fragment(0..<32, identification: 5),
        tcp(flow6, fragmented: 5)),
    PacketCase(
        "IPv4 later", big4.fragment(24..<120, identification: 9), .laterFragment(addresses(flow4), identification: 9)),
    PacketCase(
        "IPv6 later", big6.fragment(24..<120, identification: 9), .laterFragment(addresses(flow6), identification: 9)),
    PacketCase(
        "IPv6 later of options", options6.fragment(24..<48, identification: 9),
        .laterFragment(addresses(flow6), identification: 9)),
    PacketCase(
        "IPv4 first of 16 bytes", big4.fragment(0..<16, identification: 9),
        .malformed(.truncatedHeader, addresses(flow4))),
    PacketCase(
        "IPv6 first of 16 bytes", big6.fragment(0..<16, identification: 9),
        .malformed(.truncatedHeader, addresses(flow6))),
    PacketCase(
        "IPv6 first that ends in the options", options6.fragment(0..<24, identification: 9),
        .malformed(.truncatedHeader, addresses(flow6))),
    PacketCase(
        "IPv4 later at 16", big4.fragment(16..<120, identification: 9),
        .malformed(.overlappingFragment, addresses(flow4))),
    PacketCase(
        "IPv4 last at 8", big4.fragment(8..<120, identification: 9), .malformed(.overlappingFragment, addresses(flow4))),
    PacketCase(
        "IPv6 later at 16", big6.fragment(16..<64, identification: 9),
        .malformed(.overlappingFragment, addresses(flow6))),
    PacketCase(
        "TCP options run past the first fragment",
        builder(flow4) { $0.tcpOptions = .init(repeating: 1, count: 8) }.fragment(0..<24, identification: 9),
        .malformed(.wrongDataOffset, addresses(flow4))),
]

private let faults: [PacketCase] = [
    PacketCase("empty", [], .malformed(.truncatedHeader, nil)),
    PacketCase(
        "three VLAN tags", builder(flow4) { $0.tags = [.vlan, .vlan, .vlan] }.frame, .malformed(.tooManyTags, nil)),
    PacketCase("IPv4 with version 6", patched(PacketBuilder(flow4).frame, at: 0, 0x65), .malformed(.wrongVersion, nil)),
    PacketCase("IPv6 with version 4", patched(PacketBuilder(flow6).frame, at: 0, 0x40), .malformed(.wrongVersion, nil)),
    PacketCase("IHL 4", patched(PacketBuilder(flow4).frame, at: 0, 0x44), .malformed(.shortHeader, addresses(flow4))),
    PacketCase(
        "IHL past the frame", patched(PacketBuilder(flow4).frame, at: 0, 0x4f),
        .malformed(.truncatedHeader, addresses(flow4))),
    PacketCase(
        "total length less than the header", patched(PacketBuilder(flow4).frame, at: 3, 19),
        .malformed(.wrongLength, addresses(flow4))),
    PacketCase(
        "total length of the header alone", patched(PacketBuilder(flow4).frame, at: 3, 20),
        .malformed(.truncatedHeader, addresses(flow4))),
    PacketCase(
        "total length one past the frame", patched(PacketBuilder(flow4).frame, at: 3, 41),
        .malformed(.wrongLength, addresses(flow4))),
    PacketCase(
        "payload length one past the frame", patched(PacketBuilder(flow6).frame, at: 5, 21),
        .malformed(.wrongLength, addresses(flow6))),
    PacketCase(
        "payload length 0 before TCP", patched(PacketBuilder(flow6).frame, at: 5, 0),
        .malformed(.truncatedHeader, addresses(flow6))),
    PacketCase(
        "jumbogram", patched(builder(flow6) { $0.extensionHeaders = [Header(.hopByHop)] }.frame, at: 5, 0),
        .malformed(.jumbogram, addresses(flow6))),
    PacketCase(
        "IPv6 nine extension headers",
        builder(flow6) { $0.extensionHeaders = .init(repeating: Header(.destinationOptions), count: 9) }.frame,
        .malformed(.tooManyHeaders, addresses(flow6))),
    PacketCase(
        "IPv4 nine authentication headers",
        builder(flow4) { $0.extensionHeaders = .init(repeating: Header(.authentication), count: 9) }.frame,
        .malformed(.tooManyHeaders, addresses(flow4))),
    PacketCase(
        "an extension header past the end",
        patched(builder(flow6) { $0.extensionHeaders = [Header(.destinationOptions)] }.frame, at: 41, 3),
        .malformed(.truncatedHeader, addresses(flow6))),
    PacketCase(
        "a routing header with segments left",
        builder(flow6) { $0.extensionHeaders = [Header(.routing, contents: [0, 1])] }.frame,
        .malformed(.notFinal, addresses(flow6))),
    PacketCase(
        "data offset 4", patched(PacketBuilder(flow4).frame, at: 32, 0x40),
        .malformed(.wrongDataOffset, addresses(flow4))),
    PacketCase(
        "data offset one past the end", patched(PacketBuilder(flow4).frame, at: 32, 0x60),
        .malformed(.wrongDataOffset, addresses(flow4))),
]

@Test(arguments: whole + others + fragments + faults)
func aFrameIsWhatItsHeadersSay(_ row: PacketCase) {
    #expect(parsed(row.frame) == row.expected)
}

@Test(arguments: whole)
func aFrameThatIsCutAnywhereIsMalformed(_ row: PacketCase) {
    guard case .tcp(let packet) = row.expected else {
        Issue.record("no TCP: \(row)")
        return
    }
    let tags = row.testDescription == "a VLAN tag" ? 1 : row.testDescription == "two VLAN tags" ? 2 : 0
    let fixed = 14 + 4 * tags + (packet.flow.source.address.family == .v4 ? 20 : 40)
    for count in 0..<row.frame.count {
        guard case .malformed(_, let found) = parsed(Array(row.frame.prefix(count))) else {
            Issue.record("\(count) bytes: \(parsed(Array(row.frame.prefix(count))))")
            continue
        }
        #expect(found == (count < fixed ? nil : addresses(packet.flow)), "\(count) bytes")
    }
}

@Test(arguments: whole + fragments)
func whatFollowsTheIPPacketIsNotRead(_ row: PacketCase) {
    for count in [1, 6, 46, 1500] {
        #expect(parsed(row.frame + [UInt8](repeating: 0xff, count: count)) == row.expected, "\(count) bytes more")
    }
}

/// A first TCP header that lies behind the packet's end must not be taken for one.
@Test func headersInThePaddingAreNone() {
    let frame = PacketBuilder(flow6).frame(carrying: .destinationOptions, [])
    #expect(
        parsed(frame + [6, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0x50, count: 20))
            == .malformed(.truncatedHeader, addresses(flow6)))
}

@Test func randomFramesNeverTrap() {
    forEachSeed(count: 300) { seed in
        var random = SplitMix64(seed: seed)
        for _ in 0..<50 {
            var frame = (0..<random.below(120)).map { _ in UInt8(random.below(256)) }
            if frame.count >= 15, !random.isOneIn(4) {
                frame.replaceSubrange(12..<15, with: random.one(of: [[8, 0, 0x45], [0x86, 0xdd, 0x60]]))
            }
            if case .tcp(let packet) = parsed(frame) {
                #expect(packet.flow.source.address.family == packet.flow.destination.address.family, "seed \(seed)")
            }
        }
    }
}
