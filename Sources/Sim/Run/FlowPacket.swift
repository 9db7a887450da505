import Model
import Scenario

/// Makes the packets of a flow: right in everything, checksums included.
struct FlowPacket {
    let packets: Flow.Packets
    let source: IPAddress
    let destination: IPAddress
    /// Whether it answers one of the same number.
    let isReply: Bool

    /// - Parameter number: From 1; no two packets of a flow have the same bytes.
    func bytes(_ number: Int) -> [UInt8] {
        var segment = header(number)
        let ipByteCount = source.family == .v4 ? IPv4Header.fixedByteCount : IPv6Header.byteCount
        let room = packets.byteCount - ipByteCount - segment.count
        segment += (0..<max(room, 0)).map { UInt8(truncatingIfNeeded: $0 &+ number) }
        setChecksum(of: &segment)
        let head = PacketHead(
            headerByteCount: ipByteCount, byteCount: ipByteCount + segment.count, trafficClass: 0,
            timeToLive: packets.timeToLive, protocolNumber: protocolNumber,
            isWhole: source.family == .v6 || !packets.isFragmentable,
            fragment: FragmentField(
                identification: source.family == .v4 ? UInt32(truncatingIfNeeded: number) & 0xffff : 0, byteOffset: 0,
                hasMore: false),
            source: source, destination: destination)
        var bytes: [UInt8] = []
        bytes.append(header: head)
        return bytes + segment
    }

    private var protocolNumber: IPProtocol {
        switch packets.kind {
        case .tcp: .tcp
        case .udp: .udp
        case .icmp: source.family == .v4 ? .icmp : .icmpv6
        }
    }

    /// What stands behind the IP header, its checksum 0.
    private func header(_ number: Int) -> [UInt8] {
        let number = UInt32(truncatingIfNeeded: number)
        let far = packets.destinationPort ?? 0
        let ports = isReply ? (far, Packet.defaultSourcePort) : (Packet.defaultSourcePort, far)
        var bytes: [UInt8] = []
        switch packets.kind {
        case .tcp:
            bytes.append(network16: ports.0)
            bytes.append(network16: ports.1)
            bytes.append(network32: number)
            bytes.append(network32: number)
            bytes += [0x50, TCPFlags([.psh, .ack]).rawValue, 0xff, 0xff, 0, 0, 0, 0]
        case .udp:
            bytes.append(network16: ports.0)
            bytes.append(network16: ports.1)
            let ipByteCount = source.family == .v4 ? IPv4Header.fixedByteCount : IPv6Header.byteCount
            bytes.append(network16: UInt16(truncatingIfNeeded: packets.byteCount - ipByteCount))
            bytes.append(network16: 0)
        case .icmp:
            // Echo request and echo reply. Source: RFC 792, RFC 4443 §4.
            let type: UInt8 =
                switch (source.family, isReply) {
                case (.v4, false): 8
                case (.v4, true): 0
                case (.v6, false): 128
                case (.v6, true): 129
                }
            bytes += [type, 0, 0, 0]
            bytes.append(network16: 1)
            bytes.append(network16: UInt16(truncatingIfNeeded: number))
        }
        return bytes
    }

    private func setChecksum(of segment: inout [UInt8]) {
        var pseudoHeader: [UInt8] = []
        if packets.kind != .icmp || source.family == .v6 {
            pseudoHeader.append(source)
            pseudoHeader.append(destination)
            pseudoHeader.append(network32: UInt32(segment.count))
            pseudoHeader.append(network32: UInt32(protocolNumber.rawValue))
        }
        let offset =
            switch packets.kind {
            case .tcp: 16
            case .udp: 6
            case .icmp: 2
            }
        let checksum = InternetChecksum.of(pseudoHeader + segment)
        segment.store(network16: packets.kind == .udp && checksum == 0 ? 0xffff : checksum, at: offset)
    }
}
