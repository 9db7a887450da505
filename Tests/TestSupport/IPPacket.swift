public import Model

/// Makes IP packets byte by byte, from the IP header on, with right checksums.
public struct IPPacket: Hashable, Sendable {
    public var flow: PacketFlow
    public var protocolNumber = IPProtocol.tcp
    public var flags: TCPFlags
    public var sequence: UInt32 = 1
    public var acknowledgement: UInt32 = 0
    /// A multiple of 4 bytes.
    public var tcpOptions: [UInt8] = []
    public var payload: [UInt8] = []
    public var timeToLive: UInt8 = 64
    public var doNotFragment = true
    public var identification: UInt16 = 0

    public init(_ flow: PacketFlow, _ flags: TCPFlags = .ack, payload: [UInt8] = []) {
        self.flow = flow
        self.flags = flags
        self.payload = payload
    }

    /// A UDP datagram.
    public static func udp(_ flow: PacketFlow, payload: [UInt8] = [1, 2, 3]) -> IPPacket {
        var packet = IPPacket(flow, [], payload: payload)
        packet.protocolNumber = .udp
        return packet
    }

    public var etherType: EtherType { flow.source.address.family == .v4 ? .ipv4 : .ipv6 }

    public var bytes: [UInt8] { header(byteCount: transport.count, field: doNotFragment ? 0x4000 : 0) + transport }

    /// A fragment of an IPv4 packet: some bytes of what its IP header has behind it.
    public func fragment(_ range: Range<Int>) -> [UInt8] {
        let whole = transport
        let part = whole[range.clamped(to: 0..<whole.count)]
        let field = UInt16(range.lowerBound / 8) | (range.upperBound < whole.count ? 0x2000 : 0)
        return header(byteCount: part.count, field: field) + part
    }

    private func header(byteCount: Int, field: UInt16) -> [UInt8] {
        let ends = flow.source.address.bytes + flow.destination.address.bytes
        guard etherType == .ipv4 else {
            return [0x60, 0, 0, 0] + Self.bytes(UInt16(byteCount)) + [protocolNumber.rawValue, timeToLive] + ends
        }
        var header: [UInt8] = [0x45, 0] + Self.bytes(UInt16(20 + byteCount)) + Self.bytes(identification)
        header += Self.bytes(field) + [timeToLive, protocolNumber.rawValue, 0, 0] + ends
        header.replaceSubrange(10..<12, with: Self.bytes(InternetChecksum.of(header)))
        return header
    }

    private var transport: [UInt8] {
        let ports = Self.bytes(flow.source.port) + Self.bytes(flow.destination.port)
        switch protocolNumber {
        case .tcp:
            var bytes = ports + Self.bytes(sequence) + Self.bytes(acknowledgement)
            bytes += [(UInt8(20 + tcpOptions.count) / 4) << 4, flags.rawValue, 0xff, 0xff, 0, 0, 0, 0]
            return summed(bytes + tcpOptions + payload, at: 16)
        case .udp:
            return summed(ports + Self.bytes(UInt16(8 + payload.count)) + [0, 0] + payload, at: 6)
        default: return payload
        }
    }

    private func summed(_ bytes: [UInt8], at offset: Int) -> [UInt8] {
        var bytes = bytes
        let sum = Self.transportSum(bytes, flow, protocolNumber)
        bytes.replaceSubrange(offset..<offset + 2, with: Self.bytes(sum == 0 && protocolNumber == .udp ? 0xffff : sum))
        return bytes
    }

    /// The checksum over the pseudo-header and what follows the IP header; 0 where that holds its right checksum.
    public static func transportSum(_ bytes: [UInt8], _ flow: PacketFlow, _ protocolNumber: IPProtocol) -> UInt16 {
        let ends = flow.source.address.bytes + flow.destination.address.bytes
        let length = UInt32(bytes.count)
        return InternetChecksum.of(
            ends + Self.bytes(UInt16(length >> 16)) + Self.bytes(UInt16(truncatingIfNeeded: length))
                + [0, 0, 0, protocolNumber.rawValue] + bytes)
    }

    private static func bytes(_ number: UInt16) -> [UInt8] {
        [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        bytes(UInt16(number >> 16)) + bytes(UInt16(truncatingIfNeeded: number))
    }
}
