import Model

/// Packets that cross the network from a pod to another, one after the other.
public struct Flow: Sendable {
    /// What they carry.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case tcp, udp
        /// Echo requests.
        case icmp
    }

    /// What all packets of a flow have in common.
    public struct Packets: Hashable, Sendable {
        public var kind: Kind
        /// Host order; nil for `icmp` alone.
        public var destinationPort: UInt16?
        /// nil: that of the sender's first address that the receiver has too.
        public var family: AddressFamily?
        /// From the IP header on, in bytes.
        public var byteCount: Int
        /// How many, not 0.
        public var count: Int
        /// Not 0.
        public var timeToLive: UInt8
        /// Whether IPv4 packets may be fragmented on their way.
        public var isFragmentable: Bool
    }

    /// The largest `count`.
    public static let countLimit = 10_000
    /// What `byteCount` may be: room for IPv6 and TCP headers, and all that a length field can say.
    public static let byteCounts = 60...65_535
    public static let defaultByteCount = 100

    /// A workload, unchecked.
    public var source: Located<String>
    /// A workload or an address.
    public var destination: Located<Host>
    public var packets: Packets
    /// Whether each packet that arrives is answered by one of the same size.
    public var isAnswered: Bool
    /// Under which name, if any, later steps know what crossed the wire.
    public var name: Located<String>?
}

/// Packets that somebody puts on the wire between nodes.
public struct Injection: Sendable {
    public enum Content: Sendable {
        /// In clear, under a source that need not be the sender's own.
        case clear(from: Located<Host>, to: Located<Host>, Flow.Packets)
        /// What crossed the wire in an earlier flow, `number` counted from 1 over all of it, so many times.
        case replay(of: Located<String>, number: Int, count: Int)
    }

    public var content: Content
}
