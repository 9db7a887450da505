public import Model

/// What Linux itself does to the destination of a connect or of a datagram, after the hooks.
public enum LinuxConnect {
    /// The address that the peer's name shows: the unspecified address means this host, so 0.0.0.0 becomes 127.0.0.1,
    /// :: becomes ::1, and ::ffff:0.0.0.0 becomes ::ffff:127.0.0.1. Every other address stays.
    /// Source: net/ipv4/route.c `ip_route_output_key_hash_rcu`, net/ipv6/tcp_ipv6.c `tcp_v6_connect`.
    public static func destination(of asked: SocketAddress) -> SocketAddress {
        SocketAddress(address(of: asked.address), port: asked.port)
    }

    private static func address(of asked: IPAddress) -> IPAddress {
        let loopbackV4 = IPAddress.v4(0x7f00_0001)
        if asked == .anyV4 { return loopbackV4 }
        if asked == .anyV6 { return .v6(high: 0, low: 1) }
        if asked == IPAddress.anyV4.mapped { return loopbackV4.mapped }
        return asked
    }
}
