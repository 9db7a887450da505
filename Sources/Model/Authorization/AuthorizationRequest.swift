/// A TCP connection as authorization sees it.
public struct AuthorizationRequest: Hashable, Sendable {
    /// Where the connection comes from, as the destination's pod sees it. Never an IPv4-mapped address.
    public var source: IPAddress
    /// That of the workload that owns the source address; nil when nobody does.
    public var identity: PeerIdentity?
    /// The pod's own address and port, after all translation.
    public var destination: SocketAddress

    public init(source: IPAddress, identity: PeerIdentity?, destination: SocketAddress) {
        self.source = source
        self.identity = identity
        self.destination = destination
    }
}
