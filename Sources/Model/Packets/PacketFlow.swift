public import KernelABI

/// The two ends of a connection in the order of a packet: the source sent it.
@frozen
public struct PacketFlow: Hashable, Sendable {
    public var source: SocketAddress
    public var destination: SocketAddress

    @inlinable
    public init(source: SocketAddress, destination: SocketAddress) {
        self.source = source
        self.destination = destination
    }

    /// The flow as its packets have it: an IPv4-mapped address of a socket is IPv4 on the wire.
    public var unmapped: PacketFlow { PacketFlow(source: source.unmapped, destination: destination.unmapped) }

    /// The flow of the answers.
    public var reversed: PacketFlow { PacketFlow(source: destination, destination: source) }
}

extension ConnectionTuple {
    /// The key of a packet's flow: addresses in network order, ports in host order, and behind IPv4 zeros.
    @inlinable
    public init(_ flow: PacketFlow) {
        self.init()
        let (source, destination) = (MapAddress(flow.source.address), MapAddress(flow.destination.address))
        switch flow.source.address.family {
        case .v4:
            ipv4 = km_tuple4(
                saddr: source.word.0, daddr: destination.word.0, sport: flow.source.port, dport: flow.destination.port)
        case .v6:
            ipv6 = km_tuple6(
                saddr: source.word, daddr: destination.word, sport: flow.source.port, dport: flow.destination.port)
        }
    }
}
