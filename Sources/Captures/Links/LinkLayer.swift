public import Model

/// A link type whose frames are not looked into.
public struct UnsupportedLinkType: Error, Hashable, Sendable, CustomStringConvertible {
    public let linkType: LinkType

    public var description: String {
        "link type \(linkType) is not supported; Ethernet, Linux cooked, raw IP, null and loopback are"
    }
}

/// Finds the network layer in the frames of a link type. Source: tcpdump.org/linktypes.html.
@frozen
public struct LinkLayer: Hashable, Sendable {
    @usableFromInline
    enum Form: UInt8, Hashable, Sendable {
        case ethernet, cooked, cooked2, raw, ipv4, ipv6, addressFamily
    }

    /// Of a Linux cooked frame, version 1 and 2. Source: LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2.
    private static let cookedByteCount = 16
    private static let cooked2ByteCount = 20
    private static let addressFamilyByteCount = 4

    public let linkType: LinkType
    @usableFromInline
    let form: Form

    public init(_ linkType: LinkType) throws(UnsupportedLinkType) {
        self.linkType = linkType
        switch linkType {
        case .ethernet: form = .ethernet
        case .linuxCooked: form = .cooked
        case .linuxCooked2: form = .cooked2
        case .raw, .rawBSD, .rawOpenBSD: form = .raw
        case .ipv4: form = .ipv4
        case .ipv6: form = .ipv6
        case .null, .loop: form = .addressFamily
        default: throw UnsupportedLinkType(linkType: linkType)
        }
    }

    /// Steps over what stands before the network layer, VLAN tags included.
    /// - Throws: where the frame ends before, has more than two tags, or is raw and no IP.
    @inlinable
    public func networkLayer(of frame: RawSpan) throws(PacketFault) -> NetworkLayer {
        // Nearly all that comes.
        if form == .ethernet, frame.byteCount >= 14 {
            let type = frame.network16(at: 12)
            if type == 0x0800 || type == 0x86dd { return NetworkLayer(EtherType(rawValue: type), at: 14) }
        }
        return try parse(frame)
    }

    @usableFromInline
    func parse(_ frame: RawSpan) throws(PacketFault) -> NetworkLayer {
        switch form {
        case .ethernet:
            let header = try EthernetHeader(parsing: frame)
            return NetworkLayer(header.etherType, at: header.byteCount)
        case .cooked: return try Self.cooked(frame)
        case .cooked2: return try Self.cooked2(frame)
        case .raw:
            guard frame.byteCount > 0 else { throw .truncatedHeader }
            switch frame.byte(at: 0) >> 4 {
            case 4: return NetworkLayer(.ipv4, at: 0)
            case 6: return NetworkLayer(.ipv6, at: 0)
            default: throw .wrongVersion
            }
        case .ipv4: return NetworkLayer(.ipv4, at: 0)
        case .ipv6: return NetworkLayer(.ipv6, at: 0)
        case .addressFamily: return try Self.addressFamily(frame)
        }
    }

    /// Packet type, address, then the protocol: an EtherType, or a small number for what is not IP.
    private static func cooked(_ frame: RawSpan) throws(PacketFault) -> NetworkLayer {
        guard frame.byteCount >= cookedByteCount else { throw .truncatedHeader }
        let type = EtherType(rawValue: frame.network16(at: cookedByteCount - 2))
        let header = try EthernetHeader(tags: type, in: frame, at: cookedByteCount)
        return NetworkLayer(
            header.etherType, at: header.byteCount, direction: direction(packetType: frame.network16(at: 0)))
    }

    /// The protocol comes first, then the interface.
    private static func cooked2(_ frame: RawSpan) throws(PacketFault) -> NetworkLayer {
        guard frame.byteCount >= cooked2ByteCount else { throw .truncatedHeader }
        let type = EtherType(rawValue: frame.network16(at: 0))
        let header = try EthernetHeader(tags: type, in: frame, at: cooked2ByteCount)
        return NetworkLayer(
            header.etherType, at: header.byteCount, direction: direction(packetType: UInt16(frame.byte(at: 10))),
            kernelInterface: frame.network32(at: 4))
    }

    /// Linux's PACKET_HOST, BROADCAST, MULTICAST, OTHERHOST and OUTGOING. Source: linux/if_packet.h.
    private static func direction(packetType: UInt16) -> PacketDirection {
        switch packetType {
        case 0, 1, 2: .incoming
        case 3: .passing
        case 4: .outgoing
        default: .unknown
        }
    }

    /// The family's number differs between systems, and of `null` nothing tells the byte order; no number of one order
    /// is one of the other.
    private static func addressFamily(_ frame: RawSpan) throws(PacketFault) -> NetworkLayer {
        guard frame.byteCount >= addressFamilyByteCount else { throw .truncatedHeader }
        let number = frame.network32(at: 0)
        let type: EtherType =
            switch number > 0xffff ? number.byteSwapped : number {
            case 2: .ipv4
            // Linux, Windows, NetBSD and OpenBSD, FreeBSD, Darwin.
            case 10, 23, 24, 28, 30: .ipv6
            default: EtherType(rawValue: 0)
            }
        return NetworkLayer(type, at: addressFamilyByteCount)
    }
}
