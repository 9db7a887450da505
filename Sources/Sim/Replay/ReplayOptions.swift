/// How a replay keeps its books.
public struct ReplayOptions: Hashable, Sendable {
    /// Most rows of connections; what finds no row counts as "others".
    public var connectionLimit = 10_000
    /// Most rows of leaks.
    public var leakLimit = 1_000
    /// Most flows that are followed at once, about 150 bytes each.
    public var flowLimit = 1_000_000
    /// How long flows are followed that nothing is seen of.
    public var timeouts = FlowTimeouts()

    public init() {}
}

/// After how many nanoseconds of capture time without a packet a flow is forgotten. The defaults are those of Linux's
/// connection tracking (nf_conntrack_proto_tcp.c, nf_conntrack_proto_udp.c, nf_conntrack_proto_icmp.c).
public struct FlowTimeouts: Hashable, Sendable {
    /// TCP before both ends have been heard of.
    public var opening: UInt64 = 120 * 1_000_000_000
    /// TCP with both ends heard of.
    public var established: UInt64 = 432_000 * 1_000_000_000
    /// TCP after one FIN.
    public var closing: UInt64 = 120 * 1_000_000_000
    /// TCP after both FINs (TIME_WAIT).
    public var closed: UInt64 = 120 * 1_000_000_000
    /// TCP after a RST.
    public var reset: UInt64 = 10 * 1_000_000_000
    /// UDP that is not answered, ICMP.
    public var datagram: UInt64 = 30 * 1_000_000_000
    /// UDP that is answered.
    public var datagramStream: UInt64 = 120 * 1_000_000_000
    /// Every other protocol.
    public var other: UInt64 = 600 * 1_000_000_000

    public init() {}
}
