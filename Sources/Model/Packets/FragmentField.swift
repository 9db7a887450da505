/// What tells where in its datagram a fragment belongs: fields of the IPv4 header, or the IPv6 fragment header.
/// Source: RFC 791 §3.1, RFC 8200 §4.5.
public struct FragmentField: Hashable, Sendable {
    /// Of the datagram, in host order; 16 bits in IPv4.
    public var identification: UInt32
    /// Where the fragment's data belong, a multiple of 8.
    public var byteOffset: Int
    public var hasMore: Bool

    public init(identification: UInt32, byteOffset: Int, hasMore: Bool) {
        self.identification = identification
        self.byteOffset = byteOffset
        self.hasMore = hasMore
    }

    /// Whether a fragment stands before this one.
    public var isLater: Bool { byteOffset > 0 }
    /// Whether this is the beginning of a datagram whose rest comes in other packets. An IPv6 datagram may have a
    /// fragment header and be whole (an atomic fragment, RFC 6946).
    public var isFirst: Bool { byteOffset == 0 && hasMore }
}
