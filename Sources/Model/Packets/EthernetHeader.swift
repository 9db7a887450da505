import KernelABI

/// What an Ethernet frame carries. Source: IEEE 802 numbers, IANA.
@frozen
public struct EtherType: RawRepresentable, Hashable, Sendable {
    /// In host order.
    public let rawValue: UInt16

    @inlinable
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let ipv4 = EtherType(rawValue: 0x0800)
    public static let arp = EtherType(rawValue: 0x0806)
    public static let ipv6 = EtherType(rawValue: 0x86dd)
    /// The tag of a VLAN, IEEE 802.1Q.
    public static let vlan = EtherType(rawValue: 0x8100)
    /// The tag of a provider's VLAN around others, IEEE 802.1ad (QinQ).
    public static let serviceVLAN = EtherType(rawValue: 0x88a8)

    /// The family of the IP packets that are carried, nil for anything else.
    @inlinable
    public var addressFamily: AddressFamily? {
        switch rawValue {
        case 0x0800: .v4
        case 0x86dd: .v6
        default: nil
        }
    }

    /// Whether a VLAN tag follows.
    var isTag: Bool { self == .vlan || self == .serviceVLAN }
}

/// The start of an Ethernet frame with its VLAN tags. Source: IEEE 802.3 §3.2, IEEE 802.1Q §9.
public struct EthernetHeader: Hashable, Sendable {
    /// Of the header without tags: two addresses and the EtherType.
    public static let untaggedByteCount = 14
    /// Of a VLAN tag: two bytes of it, then the next EtherType.
    public static let tagByteCount = 4
    /// More tags than these are not walked over.
    public static let tagLimit = Int(KM_VLAN_TAG_LIMIT)

    /// Of what follows the last tag.
    public let etherType: EtherType
    /// Of the header with its tags.
    public let byteCount: Int

    /// Reads the header at the start of `frame`.
    public init(parsing frame: RawSpan) throws(PacketFault) {
        let end = Self.untaggedByteCount
        guard frame.byteCount >= end else { throw .truncatedHeader }
        try self.init(tags: EtherType(rawValue: frame.network16(at: end - 2)), in: frame, at: end)
    }

    /// Steps over the VLAN tags that begin at an offset, behind a header of any link that has named `first`.
    public init(tags first: EtherType, in frame: RawSpan, at offset: Int) throws(PacketFault) {
        var (type, end, tags) = (first, offset, 0)
        while type.isTag {
            guard tags < Self.tagLimit else { throw .tooManyTags }
            tags += 1
            end += Self.tagByteCount
            guard frame.byteCount >= end else { throw .truncatedHeader }
            type = EtherType(rawValue: frame.network16(at: end - 2))
        }
        etherType = type
        byteCount = end
    }
}
