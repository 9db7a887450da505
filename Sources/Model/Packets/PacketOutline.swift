/// What a flow table asks of an IP packet: its ends, what it carries, and how far it may go. Of a captured packet, of
/// which the capture may hold less than there was.
@frozen
public struct PacketOutline: Hashable, Sendable {
    public var source: WideAddress
    public var destination: WideAddress
    /// 0 where the packet carries neither TCP nor UDP, and in later fragments.
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    /// What the last header in the chain names.
    public var protocolNumber: IPProtocol
    public var family: AddressFamily
    /// Of TCP, else empty.
    public var tcpFlags: TCPFlags
    /// TTL or hop limit.
    public var hopLimit: UInt8
    /// Of the whole IP packet on the wire.
    public var byteCount: Int
    /// Where the transport header begins.
    public var transportOffset: Int
    /// nil for a packet that is no part of a greater one.
    public var fragment: FragmentField?

    /// Why there is no outline.
    public enum Fault: Error, Hashable, Sendable {
        case malformed(PacketFault)
        /// The capture ends before what is needed; the packet may be right.
        case cutShort
    }

    /// Parses a packet from its IP header on. Of what follows TCP's flags nothing is read.
    /// - Parameters:
    ///   - isIPv6: What the frame says that it carries.
    ///   - originalByteCount: Of the packet on the wire, padding included.
    @inlinable
    public init(parsing bytes: RawSpan, isIPv6: Bool, originalByteCount: Int) throws(Fault) {
        guard !isIPv6, bytes.byteCount >= IPv4Header.fixedByteCount, bytes.byte(at: 0) == 0x45,
            bytes.network16(at: 6) & 0x3fff == 0
        else {
            self = try Self.walking(bytes, isIPv6: isIPv6, originalByteCount: originalByteCount)
            return
        }
        // An IPv4 packet without options that is no fragment.
        let total = Int(bytes.network16(at: 2))
        guard total >= IPv4Header.fixedByteCount, total <= originalByteCount else { throw .malformed(.wrongLength) }
        source = WideAddress(high: 0, low: UInt64(bytes.network32(at: 12)))
        destination = WideAddress(high: 0, low: UInt64(bytes.network32(at: 16)))
        protocolNumber = IPProtocol(rawValue: bytes.byte(at: 9))
        family = .v4
        hopLimit = bytes.byte(at: 8)
        byteCount = total
        transportOffset = IPv4Header.fixedByteCount
        fragment = nil
        sourcePort = 0
        destinationPort = 0
        tcpFlags = []
        if protocolNumber == .authentication {
            self = try Self.walking(bytes, isIPv6: false, originalByteCount: originalByteCount)
        } else {
            try readPorts(bytes)
        }
    }

    /// Bytes of a TCP header up to its flags, and of a UDP header.
    @usableFromInline static let tcpFlagsEnd = 14
    @usableFromInline static let udpByteCount = 8

    /// Reads ports and flags.
    @inlinable
    mutating func readPorts(_ bytes: RawSpan) throws(Fault) {
        switch protocolNumber {
        case .tcp:
            guard byteCount - transportOffset >= TCPHeader.fixedByteCount else { throw .malformed(.truncatedHeader) }
            guard bytes.byteCount - transportOffset >= Self.tcpFlagsEnd else { throw .cutShort }
            let dataOffset = Int(bytes.byte(at: transportOffset + 12) >> 4) * 4
            guard dataOffset >= TCPHeader.fixedByteCount, fragment != nil || dataOffset <= byteCount - transportOffset
            else { throw .malformed(.wrongDataOffset) }
            tcpFlags = TCPFlags(rawValue: bytes.byte(at: transportOffset + 13))
        case .udp:
            guard byteCount - transportOffset >= Self.udpByteCount else { throw .malformed(.truncatedHeader) }
            guard bytes.byteCount - transportOffset >= Self.udpByteCount else { throw .cutShort }
        default: return
        }
        sourcePort = bytes.network16(at: transportOffset)
        destinationPort = bytes.network16(at: transportOffset + 2)
    }

    /// Of a packet that carries nothing.
    init(source: WideAddress, destination: WideAddress, family: AddressFamily) {
        self.source = source
        self.destination = destination
        self.family = family
        (sourcePort, destinationPort, tcpFlags, hopLimit) = (0, 0, [], 0)
        protocolNumber = .noNextHeader
        byteCount = 0
        transportOffset = 0
        fragment = nil
    }

    private init(_ header: IPv4Header, hopLimit: UInt8) {
        source = WideAddress(header.source)
        destination = WideAddress(header.destination)
        protocolNumber = header.protocolNumber
        family = .v4
        self.hopLimit = hopLimit
        byteCount = header.totalByteCount
        transportOffset = header.byteCount
        fragment = header.fragment.isFirst || header.fragment.isLater ? header.fragment : nil
        (sourcePort, destinationPort, tcpFlags) = (0, 0, [])
    }

    private init(_ header: IPv6Header, hopLimit: UInt8) {
        source = WideAddress(header.source)
        destination = WideAddress(header.destination)
        protocolNumber = header.nextHeader
        family = .v6
        self.hopLimit = hopLimit
        byteCount = IPv6Header.byteCount + header.payloadByteCount
        transportOffset = IPv6Header.byteCount
        fragment = nil
        (sourcePort, destinationPort, tcpFlags) = (0, 0, [])
    }

    /// Parses what is not the plainest of packets.
    @usableFromInline
    static func walking(
        _ bytes: RawSpan, isIPv6: Bool, originalByteCount: Int
    ) throws(Fault) -> PacketOutline {
        let isCut = bytes.byteCount < originalByteCount
        var outline: PacketOutline
        do throws(PacketFault) {
            if isIPv6 {
                let header = try IPv6Header(parsing: bytes, at: 0)
                try header.check(available: originalByteCount)
                outline = PacketOutline(header, hopLimit: bytes.byte(at: 7))
            } else {
                let header = try IPv4Header(parsing: bytes, at: 0)
                try header.check(available: originalByteCount)
                outline = PacketOutline(header, hopLimit: bytes.byte(at: 8))
            }
            if outline.fragment?.isLater != true {
                let chain = try HeaderChain(
                    walking: bytes, from: outline.transportOffset, to: min(bytes.byteCount, outline.byteCount),
                    first: outline.protocolNumber, family: outline.family)
                outline.protocolNumber = chain.next
                outline.transportOffset = chain.offset
                if let fragment = chain.fragment { outline.fragment = fragment }
            }
        } catch {
            throw error == .truncatedHeader && isCut ? .cutShort : .malformed(error)
        }
        if outline.fragment?.isLater != true { try outline.readPorts(bytes) }
        return outline
    }

    /// Whether a TCP packet begins or ends a connection: SYN, FIN or RST.
    @inlinable
    public var changesConnection: Bool { tcpFlags.rawValue & 0x07 != 0 }

    /// Whether the transport header follows the IP header, and that has no options.
    @inlinable
    public var hasPlainHeader: Bool {
        transportOffset == (family == .v4 ? IPv4Header.fixedByteCount : IPv6Header.byteCount)
    }

    /// Both ends with their ports.
    public var flow: PacketFlow {
        PacketFlow(
            source: SocketAddress(source.address(family), port: sourcePort),
            destination: SocketAddress(destination.address(family), port: destinationPort))
    }
}
