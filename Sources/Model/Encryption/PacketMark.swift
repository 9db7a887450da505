/// The mark of a packet in the kernel (`skb->mark`); 0 for none. It never leaves the node.
@frozen
public struct PacketMark: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt32

    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable
    public static var none: PacketMark { PacketMark(rawValue: 0) }
    /// What goes to a peer's pods: XFRM policies encrypt it.
    @inlinable
    public static var encrypt: PacketMark { PacketMark(rawValue: 0xe0) }
    /// What was decrypted: the output mark of receiving states.
    @inlinable
    public static var decrypted: PacketMark { PacketMark(rawValue: 0xd0) }

    public var description: String { "0x" + String(rawValue, radix: 16) }
}

/// Which marks a state or a policy applies to: those that have `value` under `mask`.
/// Source: Linux, struct xfrm_mark; a packet's mark `m` matches when `m & mask == value`.
public struct MarkSelector: Hashable, Sendable {
    public var value: UInt32
    public var mask: UInt32

    public init(value: UInt32, mask: UInt32) {
        self.value = value
        self.mask = mask
    }

    /// Every packet, marked or not.
    public static let any = MarkSelector(value: 0, mask: 0)

    /// One mark in all its bits.
    public static func exactly(_ mark: PacketMark) -> MarkSelector {
        MarkSelector(value: mark.rawValue, mask: .max)
    }

    public func matches(_ mark: PacketMark) -> Bool { mark.rawValue & mask == value }
}
