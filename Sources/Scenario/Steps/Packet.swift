import Model

/// A frame arrives at a pod. No socket sends it, and none answers.
public struct Packet: Hashable, Sendable {
    /// What the frame is.
    public enum Content: Hashable, Sendable {
        /// Every byte of it, beginning with the Ethernet header.
        case bytes([UInt8])
        case described(Description)
    }

    /// A TCP packet in words.
    public struct Description: Hashable, Sendable {
        /// Who sends it: a workload or an address.
        public var source: Located<Host>
        /// Host order, never 0.
        public var sourcePort: UInt16
        /// Host order, never 0.
        public var destinationPort: UInt16
        /// The family of the addresses; nil: that of the source, else of the pod.
        public var family: AddressFamily?
        public var flags: TCPFlags
        /// VLAN tags, the outer first.
        public var tags: [EtherType]
        /// At most 40 bytes.
        public var ipOptions: [UInt8]
        /// Headers between the IP header and TCP; an authentication header in IPv4 too.
        public var extensionHeaders: [IPProtocol]
        public var payload: [UInt8]
        /// nil: the packet is whole.
        public var fragment: Fragment?
    }

    /// Which part of a packet arrives.
    public struct Fragment: Hashable, Sendable {
        /// The same for all parts of one packet, and for no other packet between the two ends.
        public var identification: UInt32
        /// Of the bytes behind the IP header; it begins at a multiple of 8.
        public var range: Range<Int>
    }

    /// Who sends from where no step says so.
    public static let defaultSourcePort: UInt16 = 40000

    /// The pod at which it arrives.
    public var pod: Located<String>
    public var content: Content
}

extension Packet {
    /// Names of flags, in the order of their bits.
    static let flagNames: [(name: String, value: TCPFlags)] = [
        ("fin", .fin), ("syn", .syn), ("rst", .rst), ("psh", .psh), ("ack", .ack),
    ]

    /// Names of headers that stand between the IP header and TCP.
    static let headerNames: [(name: String, value: IPProtocol)] = [
        ("hopByHop", .hopByHop), ("routing", .routing), ("destinationOptions", .destinationOptions),
        ("authentication", .authentication), ("mobility", .mobility), ("hip", .hip), ("shim6", .shim6),
    ]

    /// Names of tags.
    static let tagNames: [(name: String, value: EtherType)] = [("vlan", .vlan), ("serviceVLAN", .serviceVLAN)]
}
