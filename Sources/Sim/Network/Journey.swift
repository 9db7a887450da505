public import Model

/// Where a packet enters its journey: where it was captured, or who sends it.
public enum JourneyEntry: Hashable, Sendable {
    /// A pod's interface, leaving the pod; the index in `Network.pods`.
    case pod(Int)
    /// A process of the node itself; the index in `Network.nodes`.
    case node(Int)
    /// Between nodes: the node that owns the destination receives it on its uplink.
    case wire
}

/// Where a packet's journey ended. Numbers are indices in `Network.nodes` and `Network.pods`.
public enum JourneyEnd: Hashable, Sendable {
    /// At the pod's interface, not yet judged by XDP.
    case pod(Int)
    /// In the stack of a node: at the node itself, or on the link between it and one of its pods.
    case node(Int)
    /// It left the mesh by the node's uplink, or was seen outside from the first.
    case outside
    /// The node owns the address's prefix, and no pod has the address.
    case nobody(node: Int)
    /// A fragment that waits at the node for the others.
    case waiting(node: Int)
    /// The capture holds too little of an ESP packet to say what the node makes of it.
    case unreadable(node: Int)
    /// -1 for a packet between nodes that cannot be parsed: nobody can say whose it is.
    case dropped(NetworkDrop, node: Int)
}

/// How a packet crossed the wire between nodes.
@frozen
public enum WireForm: Hashable, Sendable {
    /// Not at all.
    case none
    case clear
    case encrypted
}

/// What became of one packet.
public struct Journey: Hashable, Sendable {
    /// Of several fragments, the last one's.
    public var end: JourneyEnd
    public var wire = WireForm.none
    /// What the sender was told, or was to be told.
    public var error: ICMPError?
    /// Where the error went; nil without one.
    public var errorEnd: ErrorEnd?
    /// At the end of the journey.
    public var mark = PacketMark.none
    /// At the end of the journey; of the inner packet where it was decrypted.
    public var timeToLive: UInt8 = 0
    /// Whether the packet that arrived is not the one that entered but for its time to live: `Network.arrival` holds it.
    public var isRebuilt = false

    public init(end: JourneyEnd) { self.end = end }

    /// Where an ICMP error went, and how it crossed the wire.
    public struct ErrorEnd: Hashable, Sendable {
        public var end: JourneyEnd
        public var wire: WireForm
        /// Whether the packet that it quotes reached the node encrypted.
        public var quotesDecrypted: Bool

        /// H17: whether it left the node in clear although the packet that it quotes had come encrypted.
        public var isLeak: Bool { quotesDecrypted && (wire == .clear || end == .outside) }
    }
}

/// The ICMP errors that nodes make about packets in transit.
public enum ICMPError: Hashable, Sendable {
    /// Fragmentation needed, or packet too big: the largest packet that passes, in bytes.
    case tooBig(limit: Int)
    case timeExceeded
}
