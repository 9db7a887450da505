import Model

/// Where in an IP packet its contents are.
struct TransportLayer {
    var addresses: AddressPair
    /// What follows the IP headers; of a fragment what its packet carries.
    var next: IPProtocol
    /// From the IP header, in the packet's bytes.
    var range: Range<Int>
    /// Of a packet that is cut into several.
    var fragment: FragmentField?
    /// Whether the capture does not have all of the range.
    var isCut: Bool

    /// - Parameter isCut: Whether bytes may be missing at the end.
    init(of packet: RawSpan, _ etherType: EtherType, isCut: Bool) throws(PacketFault) {
        switch etherType {
        case .ipv4: try self.init(IPv4Header(parsing: packet, at: 0), packet, isCut)
        case .ipv6: try self.init(IPv6Header(parsing: packet, at: 0), packet, isCut)
        default: throw .wrongVersion
        }
    }

    /// The addresses of the packet that an ICMP error quotes, nil for everything else.
    /// Source: RFC 792, RFC 4443 §2.1: errors of IPv6 have types below 128.
    func addressesQuoted(in packet: RawSpan) -> AddressPair? {
        let headerByteCount = 8
        guard fragment == nil, range.count >= headerByteCount else { return nil }
        let type = packet.byte(at: range.lowerBound)
        let quoted = range.lowerBound + headerByteCount
        switch next {
        case IPProtocol(rawValue: 1) where [3, 4, 5, 11, 12].contains(type):
            guard let header = try? IPv4Header(parsing: packet, at: quoted) else { return nil }
            return AddressPair(source: header.source, destination: header.destination)
        case .icmpv6 where type < 128:
            guard let header = try? IPv6Header(parsing: packet, at: quoted) else { return nil }
            return AddressPair(source: header.source, destination: header.destination)
        default: return nil
        }
    }

    /// The addresses of a packet that says of itself that it carries ESP, whether it can be parsed or not.
    static func addressesOfESP(_ packet: RawSpan, _ etherType: EtherType) -> AddressPair? {
        if etherType == .ipv4, let header = try? IPv4Header(parsing: packet, at: 0), header.protocolNumber == .esp {
            return AddressPair(source: header.source, destination: header.destination)
        }
        if etherType == .ipv6, let header = try? IPv6Header(parsing: packet, at: 0), header.nextHeader == .esp {
            return AddressPair(source: header.source, destination: header.destination)
        }
        return nil
    }

    private init(_ header: IPv4Header, _ packet: RawSpan, _ isCut: Bool) throws(PacketFault) {
        let isShort = isCut && header.totalByteCount > packet.byteCount
        try header.check(available: isShort ? header.totalByteCount : packet.byteCount)
        guard header.byteCount <= packet.byteCount else { throw .truncatedHeader }
        let end = min(header.totalByteCount, packet.byteCount)
        self.isCut = isShort
        addresses = AddressPair(source: header.source, destination: header.destination)
        if header.fragment.isLater || header.fragment.isFirst {
            fragment = header.fragment
            next = header.protocolNumber
            range = header.byteCount..<end
            return
        }
        let chain = try HeaderChain(
            walking: packet, from: header.byteCount, to: end, first: header.protocolNumber, family: .v4)
        next = chain.next
        range = chain.offset..<end
    }

    private init(_ header: IPv6Header, _ packet: RawSpan, _ isCut: Bool) throws(PacketFault) {
        let whole = IPv6Header.byteCount + header.payloadByteCount
        let isShort = isCut && whole > packet.byteCount
        try header.check(available: isShort ? whole : packet.byteCount)
        let end = min(whole, packet.byteCount)
        self.isCut = isShort
        addresses = AddressPair(source: header.source, destination: header.destination)
        let chain = try HeaderChain(
            walking: packet, from: IPv6Header.byteCount, to: end, first: header.nextHeader, family: .v6)
        next = chain.next
        range = chain.offset..<end
        fragment = chain.fragment
    }
}

/// What a UDP packet to or from port 4500 carries. Source: RFC 3948 §2.
enum ESPInUDP {
    /// One byte ff.
    case keepalive
    /// Behind four zero bytes, where ESP would have an SPI.
    case keyExchange
    /// Where ESP is in the UDP packet.
    case esp(Range<Int>)

    private static let headerByteCount = 8

    /// - Parameter payload: From the UDP header on.
    /// - Returns: nil for other ports, and where the packet's length is not its own.
    init?(_ payload: RawSpan, isCut: Bool) {
        guard payload.byteCount >= Self.headerByteCount else { return nil }
        let port = UDPEncapsulation.port
        guard payload.network16(at: 0) == port || payload.network16(at: 2) == port else { return nil }
        let length = Int(payload.network16(at: 4))
        guard length >= Self.headerByteCount, isCut || length <= payload.byteCount else { return nil }
        let range = Self.headerByteCount..<min(length, payload.byteCount)
        if range.count == 1, payload.byte(at: range.lowerBound) == 0xff {
            self = .keepalive
        } else if range.count >= 4, payload.network32(at: range.lowerBound) == 0 {
            self = .keyExchange
        } else {
            self = .esp(range)
        }
    }
}
