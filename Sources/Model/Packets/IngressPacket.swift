public import KernelABI

/// The addresses of an IP packet.
@frozen
public struct AddressPair: Hashable, Sendable {
    public var source: IPAddress
    public var destination: IPAddress

    @inlinable
    public init(source: IPAddress, destination: IPAddress) {
        self.source = source
        self.destination = destination
    }
}

/// A TCP packet as authorization sees it: whole, or the first fragment of one.
@frozen
public struct TCPPacket: Hashable, Sendable {
    public var flow: PacketFlow
    /// SYN without ACK.
    public var isOpening: Bool
    /// The identification that later fragments have too, nil for a whole packet.
    public var fragmented: UInt32?

    @inlinable
    public init(_ flow: PacketFlow, isOpening: Bool, fragmented: UInt32? = nil) {
        self.flow = flow
        self.isOpening = isOpening
        self.fragmented = fragmented
    }
}

/// What a frame that arrives at a pod is to authorization, which judges TCP.
@frozen
public enum IngressPacket: Hashable, Sendable {
    /// ARP and every other EtherType.
    case notIP
    /// UDP, ICMP, ESP and every other protocol; fragments of these too.
    case notTCP
    /// It cannot be parsed and may be TCP; nil where its addresses cannot be told.
    case malformed(PacketFault, AddressPair?)
    /// A fragment without TCP header, of a datagram that may be TCP.
    case laterFragment(AddressPair, identification: UInt32)
    case tcp(TCPPacket)

    /// Parses an Ethernet frame. Nothing beyond the IP packet's end is read.
    public init(parsing frame: RawSpan) {
        do throws(PacketFault) {
            let ethernet = try EthernetHeader(parsing: frame)
            self.init(parsing: frame, at: ethernet.byteCount, as: ethernet.etherType)
        } catch {
            self = .malformed(error, nil)
        }
    }

    /// Parses what follows an Ethernet header, from an offset on.
    public init(parsing bytes: RawSpan, at offset: Int, as etherType: EtherType) {
        do throws(PacketFault) {
            switch etherType {
            case .ipv4: self.init(try IPv4Header(parsing: bytes, at: offset), bytes, at: offset)
            case .ipv6: self.init(try IPv6Header(parsing: bytes, at: offset), bytes, at: offset)
            default: self = .notIP
            }
        } catch {
            self = .malformed(error, nil)
        }
    }

    /// Parses an Ethernet frame.
    public init(parsing frame: [UInt8]) {
        // Bytes have no padding that could be uninitialized.
        self.init(parsing: unsafe frame.span.bytes)
    }

    /// What a packet is of which only the outline is known.
    public init(_ outline: PacketOutline) {
        guard outline.protocolNumber == .tcp else {
            self = .notTCP
            return
        }
        let flow = outline.flow
        guard let fragment = outline.fragment, fragment.isLater else {
            self = .tcp(
                TCPPacket(
                    flow, isOpening: outline.tcpFlags.isOpening, fragmented: outline.fragment?.identification))
            return
        }
        let addresses = AddressPair(source: flow.source.address, destination: flow.destination.address)
        self =
            fragment.byteOffset < TCPHeader.fixedByteCount
            ? .malformed(.overlappingFragment, addresses)
            : .laterFragment(addresses, identification: fragment.identification)
    }

    private init(_ header: IPv4Header, _ frame: RawSpan, at offset: Int) {
        let addresses = AddressPair(source: header.source, destination: header.destination)
        do throws(PacketFault) {
            try header.check(available: frame.byteCount - offset)
            if header.fragment.isLater {
                self = try Self.later(header.fragment, header.protocolNumber == .tcp, addresses)
                return
            }
            let end = offset + header.totalByteCount
            let chain = try HeaderChain(
                walking: frame, from: offset + header.byteCount, to: end, first: header.protocolNumber, family: .v4)
            self = try Self.transport(
                chain, frame, to: end, addresses, header.fragment.isFirst ? header.fragment : nil)
        } catch {
            self = .malformed(error, addresses)
        }
    }

    private init(_ header: IPv6Header, _ frame: RawSpan, at offset: Int) {
        let addresses = AddressPair(source: header.source, destination: header.destination)
        do throws(PacketFault) {
            try header.check(available: frame.byteCount - offset)
            let start = offset + IPv6Header.byteCount
            let end = start + header.payloadByteCount
            let chain = try HeaderChain(
                walking: frame, from: start, to: end, first: header.nextHeader, family: .v6)
            if let fragment = chain.fragment, fragment.isLater {
                let mayBeTCP = chain.next == .tcp || chain.next.isExtensionHeader(of: .v6)
                if mayBeTCP, chain.hasSegmentsLeft { throw .notFinal }
                self = try Self.later(fragment, mayBeTCP, addresses)
                return
            }
            self = try Self.transport(chain, frame, to: end, addresses, chain.fragment)
        } catch {
            self = .malformed(error, addresses)
        }
    }

    /// A fragment that begins behind the first. One that would overwrite part of the TCP header is refused
    /// (RFC 3128: the tiny overlapping fragment attack).
    private static func later(
        _ fragment: FragmentField, _ mayBeTCP: Bool, _ addresses: AddressPair
    ) throws(PacketFault) -> IngressPacket {
        guard mayBeTCP else { return .notTCP }
        guard fragment.byteOffset >= TCPHeader.fixedByteCount else { throw .overlappingFragment }
        return .laterFragment(addresses, identification: fragment.identification)
    }

    /// What the chain leads to.
    private static func transport(
        _ chain: HeaderChain, _ frame: RawSpan, to end: Int, _ addresses: AddressPair, _ fragment: FragmentField?
    ) throws(PacketFault) -> IngressPacket {
        guard chain.next == .tcp else { return .notTCP }
        guard !chain.hasSegmentsLeft else { throw .notFinal }
        let header = try TCPHeader(parsing: frame, at: chain.offset, to: end)
        let flow = PacketFlow(
            source: SocketAddress(addresses.source, port: header.sourcePort),
            destination: SocketAddress(addresses.destination, port: header.destinationPort))
        return .tcp(
            TCPPacket(flow, isOpening: header.flags.isOpening, fragmented: fragment?.identification))
    }
}

extension FragmentKey {
    /// The key of a fragmented datagram: addresses and identification as the packet has them.
    @inlinable
    public init(_ addresses: AddressPair, identification: UInt32) {
        let isIPv6 = addresses.source.family == .v6
        self.init(
            source: MapAddress(addresses.source), destination: MapAddress(addresses.destination),
            identification: isIPv6
                ? identification.bigEndian : UInt32(UInt16(truncatingIfNeeded: identification).bigEndian),
            is_ipv6: isIPv6 ? 1 : 0)
    }
}
