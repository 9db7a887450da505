import CSocketCalls
import Glibc
import Model
import SocketDriverProtocol

/// A socket of ours; its identity is the descriptor, which closes with it.
final class OpenSocket {
    private(set) var descriptor: CInt
    let namespace: NamespaceNumber
    let transport: Transport
    let family: AddressFamily
    /// The other end of the connection, if it is ours too.
    var peer: SocketNumber?
    /// Whether connections or datagrams for a port arrive here.
    var isListener = false
    /// Connections of a listener that nobody has asked for.
    var waiting: [OpenSocket] = []

    init(adopting descriptor: CInt, _ namespace: NamespaceNumber, _ transport: Transport, _ family: AddressFamily) {
        self.descriptor = descriptor
        self.namespace = namespace
        self.transport = transport
        self.family = family
    }

    deinit { close() }

    /// Closes the descriptor now. Nothing else may be asked of the socket then.
    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// getsockname
    func localEnd() throws(Failure) -> SocketAddress {
        var end = sc_end()
        // The C function fills the one struct that it gets.
        try checked(unsafe sc_local_end(descriptor, &end))
        return SocketAddress(end)
    }

    /// getpeername; nil when the socket is not connected.
    func remoteEnd() throws(Failure) -> SocketAddress? {
        var end = sc_end()
        // As above.
        let status = unsafe sc_remote_end(descriptor, &end)
        if status == -ENOTCONN { return nil }
        try checked(status)
        return SocketAddress(end)
    }

    func cookie() throws(Failure) -> UInt64 {
        var cookie: UInt64 = 0
        // As above.
        try checked(unsafe sc_cookie(descriptor, &cookie))
        return cookie
    }

    func bind(_ end: SocketAddress) throws(Failure) {
        var end = sc_end(end, for: family)
        // The C function reads the one struct that it gets.
        try checked(unsafe sc_bind(descriptor, &end))
    }

    /// - Returns: 0 or an error number.
    func connect(_ destination: sc_end) -> CInt {
        var destination = destination
        // As above.
        return unsafe -sc_connect(descriptor, &destination)
    }

    /// nil of UDP.
    func tcpState() throws(Failure) -> UInt8? {
        guard transport == .tcp else { return nil }
        return UInt8(try checked(sc_tcp_state(descriptor)))
    }

    /// Whether the TCP socket has reached one of the states.
    func isIn(_ states: sc_tcp_state...) -> Bool {
        let state = sc_tcp_state(descriptor)
        return states.contains { CInt($0.rawValue) == state }
    }
}

extension SocketAddress {
    init(_ end: sc_end) {
        let address: IPAddress =
            end.is_ipv6 == 0 ? .v4(UInt32(truncatingIfNeeded: end.low)) : .v6(high: end.high, low: end.low)
        self.init(address, port: end.port)
    }

    /// The IPv4 end that an IPv6 socket shows as mapped.
    var unmapped: SocketAddress { SocketAddress(address.unmapped, port: port) }
}

extension sc_end {
    /// For a socket of the family: IPv4 addresses are mapped for IPv6 sockets.
    init(_ end: SocketAddress, for family: AddressFamily) {
        switch family == .v6 ? end.address.mapped : end.address {
        case .v4(let bits): self.init(high: 0, low: UInt64(bits), port: end.port, is_ipv6: 0)
        case .v6(let high, let low): self.init(high: high, low: low, port: end.port, is_ipv6: 1)
        }
    }
}
