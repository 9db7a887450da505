import CLinux
import CSocketCalls
import Glibc
import Live
import Model

/// A network namespace of its own with nothing but the loopback device, to which every IPv4 address belongs, and a
/// listener on the port of the backends. It lives as long as this value and its sockets.
struct LoopNetwork: ~Copyable {
    /// The port on which the backends of `SampleMesh` serve.
    static let backendPort: UInt16 = 8080

    let cookie: UInt64
    private let namespace: Descriptor
    private let listener: Descriptor

    /// Leaves the process in the namespace.
    init() throws {
        guard km_new_network_namespace() == 0 else { throw BenchmarkError("a new network namespace", errno) }
        let namespace = Descriptor(adopting: try result("open the namespace", sc_open_network_namespace()))
        try result("start the loopback device", sc_start_loopback())
        try result("add routes", sc_localize_addresses())
        let listener = Descriptor(adopting: try result("make a socket", sc_open(0, 1)))
        var end = sc_end(high: 0, low: 0, port: Self.backendPort, is_ipv6: 0)
        // The C function reads the one struct.
        _ = try listener.withRaw { try result("bind", unsafe sc_bind($0, &end)) }
        _ = try listener.withRaw { try result("listen", sc_listen($0)) }
        cookie = km_network_namespace_cookie()
        self.namespace = namespace
        self.listener = listener
    }

    /// Moves the process there: sockets made from now on belong to it.
    borrowing func enter() throws {
        guard namespace.withRaw({ km_enter_network_namespace($0) }) == 0 else {
            throw BenchmarkError("enter a namespace", errno)
        }
    }

    /// One connect of a new socket; both ends are then reset, so that nothing stays in TIME_WAIT.
    /// - Returns: the nanoseconds that connect(2) took.
    borrowing func connect(to address: UInt32, port: UInt16) throws -> Double {
        let socket = Descriptor(adopting: try result("make a socket", sc_open(0, 1)))
        var end = sc_end(high: 0, low: UInt64(address), port: port, is_ipv6: 0)
        // In bounds: the C function reads the one struct.
        let (status, time) = socket.withRaw { socket in
            let start = sc_monotonic_ns()
            let status = unsafe sc_connect(socket, &end)
            return (status, sc_monotonic_ns() - start)
        }
        try result("connect to \(IPAddress.v4(address)):\(port)", status)
        _ = try socket.withRaw { try result("reset", sc_reset_on_close($0)) }
        let accepted = try accept()
        _ = try accepted.withRaw { try result("reset", sc_reset_on_close($0)) }
        return Double(time)
    }

    private borrowing func accept() throws -> Descriptor {
        let accepted = try listener.withRaw { listener in
            let accepted = sc_accept(listener)
            guard accepted == -EAGAIN else { return try result("accept", accepted) }
            try result("wait for the connection", sc_wait_readable(listener, 1000))
            return try result("accept", sc_accept(listener))
        }
        return Descriptor(adopting: accepted)
    }
}
