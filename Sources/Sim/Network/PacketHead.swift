import Model

/// What the way of an IP packet depends on, read from its header once. Its time to live and its traffic class change on
/// the way; the bytes are brought up to them only where somebody looks at them.
struct PacketHead: Hashable {
    /// Of the IPv4 header with its options, or of the IPv6 header alone.
    var headerByteCount: Int
    /// Of the whole packet as its header says; what follows in a frame is padding.
    var byteCount: Int
    /// DSCP and ECN.
    var trafficClass: UInt8
    /// IPv6: hop limit.
    var timeToLive: UInt8
    /// IPv6: the first next header.
    var protocolNumber: IPProtocol
    /// IPv4: the flag DF. In IPv6 always: nobody fragments on the way.
    var isWhole: Bool
    /// IPv4 only; an IPv6 packet is one here.
    var fragment: FragmentField
    /// IPv6: 20 bits.
    var flowLabel: UInt32 = 0
    /// Of ICMP, in IPv6 only right behind the header; nil for what is not known to be any.
    var icmpType: UInt8?
    var source: IPAddress
    var destination: IPAddress

    var family: AddressFamily { source.family }
    /// Whether this is an IPv4 fragment.
    var isFragment: Bool { fragment.isLater || fragment.hasMore }

    /// Reads and checks the header as Linux does on receipt.
    /// - Parameter available: Size of the packet, of which the capture may hold less.
    init(parsing bytes: RawSpan, available: Int) throws(NetworkDrop) {
        guard bytes.byteCount > 0 else { throw .malformed(.truncatedHeader) }
        do throws(PacketFault) {
            switch bytes.byte(at: 0) >> 4 {
            case 4: self = try PacketHead(v4: bytes, available)
            case 6: self = try PacketHead(v6: bytes, available)
            default: throw .wrongVersion
            }
        } catch {
            throw .malformed(error)
        }
        let isICMP = protocolNumber == (family == .v4 ? .icmp : .icmpv6)
        if isICMP, !fragment.isLater, bytes.byteCount > headerByteCount { icmpType = bytes.byte(at: headerByteCount) }
        guard family == .v6 || InternetChecksum.folded(InternetChecksum.sum(bytes, 0..<headerByteCount)) == 0 else {
            throw .wrongHeaderChecksum
        }
    }

    private init(v4 bytes: RawSpan, _ available: Int) throws(PacketFault) {
        let header = try IPv4Header(parsing: bytes, at: 0)
        try header.check(available: available)
        guard header.byteCount <= bytes.byteCount else { throw .truncatedHeader }
        self.init(
            headerByteCount: header.byteCount, byteCount: header.totalByteCount, trafficClass: bytes.byte(at: 1),
            timeToLive: bytes.byte(at: 8), protocolNumber: header.protocolNumber,
            isWhole: bytes.byte(at: 6) & IPv4Layout.dontFragment != 0, fragment: header.fragment,
            source: header.source, destination: header.destination)
    }

    private init(v6 bytes: RawSpan, _ available: Int) throws(PacketFault) {
        let header = try IPv6Header(parsing: bytes, at: 0)
        try header.check(available: available)
        let first = bytes.network32(at: 0)
        self.init(
            headerByteCount: IPv6Header.byteCount, byteCount: IPv6Header.byteCount + header.payloadByteCount,
            trafficClass: UInt8(truncatingIfNeeded: first >> 20), timeToLive: bytes.byte(at: 7),
            protocolNumber: header.nextHeader, isWhole: true, fragment: .none, flowLabel: first & 0xf_ffff,
            source: header.source, destination: header.destination)
    }

    init(
        headerByteCount: Int, byteCount: Int, trafficClass: UInt8, timeToLive: UInt8, protocolNumber: IPProtocol,
        isWhole: Bool, fragment: FragmentField = .none, flowLabel: UInt32 = 0, source: IPAddress,
        destination: IPAddress
    ) {
        self.headerByteCount = headerByteCount
        self.byteCount = byteCount
        self.trafficClass = trafficClass
        self.timeToLive = timeToLive
        self.protocolNumber = protocolNumber
        self.isWhole = isWhole
        self.fragment = fragment
        self.flowLabel = flowLabel
        self.source = source
        self.destination = destination
    }
}

/// Places in an IPv4 header that are written. Source: RFC 791 §3.1.
enum IPv4Layout {
    static let checksum = 10
    /// Of the byte that holds the flags.
    static let dontFragment: UInt8 = 0x40
}

extension FragmentField {
    /// Of a packet that is no fragment.
    static let none = FragmentField(identification: 0, byteOffset: 0, hasMore: false)
}
