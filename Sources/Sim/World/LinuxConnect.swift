import Model

/// What Linux itself does to the destination of a connect, after the hooks.
enum LinuxConnect {
    /// A connect to the unspecified address goes to this host: 0.0.0.0 to 127.0.0.1, :: to ::1.
    /// Source: Linux, tcp_v4_connect and tcp_v6_connect.
    static func destination(of address: SocketAddress) -> SocketAddress {
        if address.address.unmapped == .anyV4 {
            let loopback = IPAddress.v4(0x7f00_0001)
            return SocketAddress(address.address.isMapped ? loopback.mapped : loopback, port: address.port)
        }
        if address.address == .anyV6 { return SocketAddress(.v6(high: 0, low: 1), port: address.port) }
        return address
    }
}
