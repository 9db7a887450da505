import Model
import TestSupport

/// Draws cases: few addresses, so that maps and packets meet; frames with tags, options, extension headers and fragments,
/// and frames that are cut or changed.
struct InterfaceGenerator {
    private static let v4: [IPAddress] = [
        .v4(0x0A01_0002), .v4(0x0A01_0102), .v4(0x0A02_0005), .v4(0xC0A8_0002), .v4(0xC0A8_0003), .v4(0xCB00_7109),
        // The first bits of an IPv6 address below.
        .v4(0xFD00_0001),
    ]
    private static let v6: [IPAddress] = [
        .v6(high: 0xFD00_0001 << 32, low: 2), .v6(high: 0xFD00_0002 << 32, low: 2),
        .v6(high: 0xFD99 << 48, low: 2), .v6(high: 0xFD99 << 48, low: 3), .v6(high: 0x2001_0DB8 << 32, low: 9),
        // IPv4 addresses as mapped ones, and with their bits in front.
        .v6(high: 0, low: 0xFFFF_0A01_0002), .v6(high: 0, low: 0xFFFF_C0A8_0002), .v6(high: 0x0A01_0002 << 32, low: 0),
    ]
    private static let marks: [PacketMark] = [
        .none, .none, .none, .decrypted, .encrypt, PacketMark(rawValue: 0x1234), PacketMark(rawValue: .max),
    ]
    private static let extensions: [IPProtocol] = [
        .hopByHop, .routing, .destinationOptions, .mobility, .hip, .shim6, .authentication, .fragment,
    ]

    private var random: SplitMix64

    /// - Parameter hasTags: Whether tags are taken out of frames; at fixed places those make a difference.
    static func drawn(_ seed: UInt64, packetCount: Int, hasTags: Bool) -> InterfaceCase {
        var generator = InterfaceGenerator(random: SplitMix64(seed: seed))
        var test = InterfaceCase()
        for _ in 0..<generator.random.below(6) {
            test.nodeInfo.append((generator.prefix(), UInt32(generator.random.below(2))))
        }
        for number in 0..<generator.random.below(5) {
            let mark: PacketMark = generator.random.isOneIn(8) ? .none : PacketMark(rawValue: UInt32(number + 1) << 16)
            test.peers.append((generator.address(), mark))
        }
        for _ in 0..<packetCount {
            test.packets.append(
                .init(
                    hook: generator.random.isOneIn(3) ? .tcPod : .tcUplink,
                    mark: generator.random.one(of: Self.marks), frame: generator.frame(),
                    tag: hasTags && generator.random.isOneIn(5)
                        ? generator.random.one(of: [.vlan, .serviceVLAN]) : nil,
                    isSplit: generator.random.isOneIn(5)))
        }
        return test
    }

    private mutating func address() -> IPAddress { random.one(of: random.isOneIn(2) ? Self.v4 : Self.v6) }

    private mutating func prefix() -> Prefix {
        let address = address()
        let lengths = address.family == .v4 ? [0, 8, 16, 24, 24, 31, 32] : [0, 16, 32, 48, 64, 64, 127, 128]
        let length = random.one(of: lengths)
        // Nearly always something is left out.
        let isAll = length == 0 && !random.isOneIn(8)
        return Prefix(address, length: isAll ? address.bitCount : length) ?? Prefix(host: address)
    }

    // MARK: Frames

    private mutating func frame() -> [UInt8] {
        let family = random.isOneIn(2) ? Self.v4 : Self.v6
        let flow = PacketFlow(
            source: SocketAddress(random.one(of: family), port: 4500),
            destination: SocketAddress(random.one(of: family), port: UInt16(random.one(of: [80, 4500]))))
        var builder = PacketBuilder(flow)
        if random.isOneIn(5) {
            builder.tags = (0..<random.below(4)).map { _ in random.one(of: [.vlan, .serviceVLAN]) }
        }
        if random.isOneIn(6) { builder.ipOptions = [UInt8](repeating: 1, count: random.below(41)) }
        let carried: IPProtocol = random.one(of: [.tcp, .udp, .icmp, .esp, .esp, .esp, .authentication])
        let payload = (0..<random.one(of: [0, 8, 40, 200])).map { _ in UInt8(random.below(256)) }
        var frame: [UInt8]
        switch random.below(8) {
        case 0...2:
            let (first, chain) = chain(to: carried, isV6: flow.source.address.family == .v6)
            frame = builder.frame(carrying: first, chain + payload)
        case 3: frame = fragment(builder.frame(carrying: carried, payload), builder)
        default: frame = builder.frame(carrying: carried, payload)
        }
        if random.isOneIn(20) { frame[13] = UInt8(random.below(256)) }
        return random.isOneIn(4) ? mangled(frame) : frame
    }

    /// Extension headers in front of a protocol, with lengths that mostly hold.
    private mutating func chain(to last: IPProtocol, isV6: Bool) -> (first: IPProtocol, bytes: [UInt8]) {
        let kinds = (0..<random.one(of: [1, 1, 2, 3, 8, 9])).map { _ in
            isV6 ? random.one(of: Self.extensions) : .authentication
        }
        var bytes: [UInt8] = []
        for (index, kind) in kinds.enumerated() {
            let next = index + 1 < kinds.count ? kinds[index + 1] : last
            let units = random.one(of: [0, 0, 0, 1, 2])
            let byteCount = kind == .authentication ? 4 * (units + 3) : kind == .fragment ? 8 : 8 * (units + 1)
            let length = kind == .authentication ? units + 1 : kind == .fragment ? random.below(4) : units
            var header = [UInt8](repeating: 0, count: byteCount)
            (header[0], header[1]) = (next.rawValue, UInt8(length))
            // Of a fragment header the place and whether more follow, of a routing header the segments that are left.
            header[2] = random.isOneIn(4) ? UInt8(random.below(3)) : 0
            header[3] = UInt8(random.one(of: [0, 0, 0, 1, 8]))
            bytes += header
        }
        return (kinds[0], bytes)
    }

    /// Makes an IPv4 frame a fragment; of IPv6 the chain does that.
    private mutating func fragment(_ frame: [UInt8], _ builder: PacketBuilder) -> [UInt8] {
        let start = EthernetHeader.untaggedByteCount + EthernetHeader.tagByteCount * builder.tags.count
        guard builder.flow.source.address.family == .v4 else { return frame }
        var frame = frame
        frame[start + 6] = UInt8(random.one(of: [0x20, 0x20, 0x00, 0x40]))
        frame[start + 7] = UInt8(random.one(of: [0, 1, 0xb9]))
        return frame
    }

    /// Cuts a frame, or changes some of its bytes, most often in the headers. The kernel takes no frame without a whole
    /// Ethernet header.
    private mutating func mangled(_ frame: [UInt8]) -> [UInt8] {
        var frame = frame
        if random.isOneIn(2) { frame = Array(frame.prefix(14 + random.below(frame.count - 13))) }
        for _ in 0..<random.below(4) {
            let end = min(frame.count, 80)
            guard end > 12 else { break }
            let place = 12 + random.below(end - 12)
            frame[place] = random.isOneIn(2) ? UInt8(random.below(256)) : frame[place] ^ 1 << UInt8(random.below(8))
        }
        return frame
    }
}
