import CPcap

/// What the frames of a capture begin with. Source: the registry of LINKTYPE_ values, tcpdump.org/linktypes.html.
@frozen
public struct LinkType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32

    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The address family of the writer's host in the writer's byte order, then IP.
    public static let null = LinkType(rawValue: 0)
    public static let ethernet = LinkType(rawValue: 1)
    /// IP without anything before it; two systems' own numbers for `raw`.
    public static let rawBSD = LinkType(rawValue: 12)
    public static let rawOpenBSD = LinkType(rawValue: 14)
    /// IP without anything before it.
    public static let raw = LinkType(rawValue: 101)
    /// OpenBSD's loopback: as `null`, in network order.
    public static let loop = LinkType(rawValue: 108)
    /// What Linux writes of the interface `any`, and its second version.
    public static let linuxCooked = LinkType(rawValue: 113)
    public static let ipv4 = LinkType(rawValue: 228)
    public static let ipv6 = LinkType(rawValue: 229)
    public static let linuxCooked2 = LinkType(rawValue: 276)

    /// libpcap's number for it on Linux, which is another one for raw IP.
    var libpcapNumber: CInt { self == .raw || self == .rawOpenBSD ? 12 : CInt(clamping: rawValue) }

    /// As libpcap has it, such as `EN10MB`; nil for a number that is not in its table.
    public var name: String? {
        // For everybody's own use; libpcap's table leaves them out.
        if case 147...162 = rawValue { return "USER\(rawValue - 147)" }
        guard let name = unsafe km_link_type_name(libpcapNumber) else { return nil }
        // The table's texts are terminated and never change.
        return unsafe String(cString: name)
    }
}

extension LinkType: CustomStringConvertible {
    /// Number and name.
    public var description: String { name.map { "\(rawValue) (\($0))" } ?? "\(rawValue)" }
}
