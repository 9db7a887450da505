import Model
import TestSupport
import Testing

private let flow = PacketFlow(
    source: SocketAddress(.v4(0x0a00_0001), port: 4000), destination: SocketAddress(.v4(0x0a00_0002), port: 80))

private func outline(_ bytes: [UInt8], original: Int? = nil) throws(PacketOutline.Fault) -> PacketOutline {
    try PacketOutline(
        parsing: unsafe bytes.span.bytes, isIPv6: (bytes.first ?? 0x40) >> 4 == 6,
        originalByteCount: original ?? bytes.count)
}

@Test func anOutlineHasEndsFlagsAndSizes() throws {
    var packet = IPPacket(flow, [.syn], payload: [1, 2, 3])
    packet.timeToLive = 7
    let found = try outline(packet.bytes)
    #expect(found.flow == flow)
    #expect(found.tcpFlags == .syn && found.hopLimit == 7)
    #expect(found.byteCount == 43 && found.transportOffset == 20 && found.fragment == nil)
    // Padding of the frame does not count.
    #expect(try outline(packet.bytes + [0, 0, 0]) == found)
}

@Test func allFramesOfTheBuilderGiveTheirFlow() throws {
    let six = PacketFlow(
        source: SocketAddress(.v6(high: 1 << 60, low: 1), port: 1),
        destination: SocketAddress(.v6(high: 2, low: 2), port: 2))
    for flow in [flow, six] {
        var builder = PacketBuilder(flow)
        builder.payload = [UInt8](repeating: 9, count: 100)
        if flow == six {
            builder.extensionHeaders = [.init(.hopByHop), .init(.destinationOptions, contents: [1, 2, 3])]
        } else {
            builder.ipOptions = [1, 1, 1, 1]
        }
        let bytes = Array(builder.frame.dropFirst(14))
        let found = try outline(bytes)
        #expect(found.flow == flow && found.protocolNumber == .tcp && found.tcpFlags == .syn)
        let first = try outline(Array(builder.fragment(0..<64, identification: 9).dropFirst(14)))
        #expect(first.fragment?.isFirst == true && first.flow == flow)
        let later = try outline(Array(builder.fragment(16..<24, identification: 9).dropFirst(14)))
        #expect(later.fragment?.isLater == true && later.sourcePort == 0)
    }
}

/// The same packets through the parser of xdp_ingress, which reads whole packets alone.
@Test func outlinesAgreeWithIngressPackets() throws {
    forEachSeed(count: 600) { seed in
        var random = SplitMix64(seed: seed)
        var builder = PacketBuilder(flow)
        builder.payload = [UInt8](repeating: 7, count: random.below(40))
        var bytes = Array(builder.frame.dropFirst(14))
        for _ in 0..<random.below(4) { bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
        if random.isOneIn(4) { bytes.removeLast(random.below(bytes.count)) }
        let ingress = IngressPacket(parsing: unsafe bytes.span.bytes, at: 0, as: .ipv4)
        let found = Result { () throws(PacketOutline.Fault) in
            try PacketOutline(parsing: unsafe bytes.span.bytes, isIPv6: false, originalByteCount: bytes.count)
        }
        switch (ingress, found) {
        case (.tcp(let packet), .success(let outline)):
            #expect(packet.flow == outline.flow && packet.isOpening == outline.tcpFlags.isOpening, "seed \(seed)")
        case (.malformed(.overlappingFragment, _), .success(let outline)), (.laterFragment, .success(let outline)):
            #expect(outline.fragment?.isLater == true, "seed \(seed)")
        case (.notTCP, .success(let outline)):
            #expect(outline.protocolNumber != .tcp || outline.fragment != nil, "seed \(seed)")
        case (.notTCP, .failure): break
        case (.malformed(let fault, _), .failure(.malformed(let other))): #expect(fault == other, "seed \(seed)")
        default: Issue.record("seed \(seed): \(ingress) but \(found)")
        }
    }
}

@Test func whatTheCaptureCutIsNoFaultOfThePacket() {
    let bytes = IPPacket(flow, payload: [1, 2, 3]).bytes
    for count in 0..<bytes.count {
        let result = Result { () throws(PacketOutline.Fault) in
            try outline(Array(bytes[..<count]), original: bytes.count)
        }
        switch result {
        case .success: #expect(count >= 34)
        case .failure(let fault): #expect(fault == .cutShort && count < 34, "\(count) bytes")
        }
    }
}
