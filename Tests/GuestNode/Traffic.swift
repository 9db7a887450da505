import CSocketCalls
import Glibc
import GuestLayout
import Model

/// Sockets of a pod or a node; they close with the value.
final class Socket {
    let descriptor: CInt
    let family: AddressFamily
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    private init(adopting descriptor: CInt, _ family: AddressFamily) {
        self.descriptor = descriptor
        self.family = family
    }

    deinit { close(descriptor) }

    static func ping(_ family: AddressFamily, in namespace: Namespace) throws -> Socket {
        try namespace.inside {
            Socket(adopting: try checked(sc_open_ping(family == .v6 ? 1 : 0), "a socket for pings"), family)
        }
    }

    static func datagrams(_ family: AddressFamily, in namespace: Namespace) throws -> Socket {
        try namespace.inside {
            Socket(adopting: try checked(sc_open(family == .v6 ? 1 : 0, 0), "a socket for datagrams"), family)
        }
    }

    static func stream(_ family: AddressFamily, in namespace: Namespace) throws -> Socket {
        try namespace.inside {
            Socket(adopting: try checked(sc_open(family == .v6 ? 1 : 0, 1), "a socket for a stream"), family)
        }
    }

    func set(_ field: sc_header_field, to value: Int) throws {
        try checked(
            sc_set_header(descriptor, family == .v6 ? 1 : 0, CInt(field.rawValue), CInt(value)), "a header field")
    }

    func bind(_ address: IPAddress, port: UInt16) throws {
        var end = sc_end(address, port)
        // The C function reads the one struct that it gets.
        try checked(unsafe sc_bind(descriptor, &end), "bind to \(address)")
    }

    func listen() throws { try checked(sc_listen(descriptor), "listen") }

    /// - Returns: nil when there is none.
    func accept() -> Socket? {
        let accepted = sc_accept(descriptor)
        return accepted < 0 ? nil : Socket(adopting: accepted, family)
    }

    func connect(to address: IPAddress, port: UInt16) throws {
        var end = sc_end(address, port)
        // The C function reads the one struct that it gets.
        try checked(unsafe sc_connect(descriptor, &end), "connect to \(address)")
    }

    /// - Returns: how many bytes were taken, or minus an error number.
    @discardableResult
    func send(_ bytes: ArraySlice<UInt8>, to address: IPAddress, port: UInt16 = 0) -> Int {
        var end = sc_end(address, port)
        // In bounds: the slice's own count. The C function reads the one struct that it gets.
        return unsafe bytes.withUnsafeBytes {
            unsafe sc_send_datagram(descriptor, $0.baseAddress, $0.count, nil, &end)
        }
    }

    /// - Returns: how many bytes were taken, or minus an error number.
    func send(_ bytes: ArraySlice<UInt8>) -> Int {
        // In bounds: the slice's own count.
        unsafe bytes.withUnsafeBytes { unsafe sc_send(descriptor, $0.baseAddress, $0.count) }
    }

    /// What has arrived; nil for nothing, empty at the end of a stream.
    func receive() -> [UInt8]? {
        // In bounds: the buffer's own count.
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe sc_receive(descriptor, $0.baseAddress, $0.count)
        }
        return count < 0 ? nil : Array(buffer.prefix(count))
    }

    /// Waits until something can be read.
    func waitReadable(milliseconds: CInt) -> Bool { sc_wait_readable(descriptor, milliseconds) == 1 }
}

extension sc_end {
    fileprivate init(_ address: IPAddress, _ port: UInt16) {
        switch address {
        case .v4(let bits): self.init(high: 0, low: UInt64(bits), port: port, is_ipv6: 0)
        case .v6(let high, let low): self.init(high: high, low: low, port: port, is_ipv6: 1)
        }
    }
}

/// Echo requests from one place to an address, each with a number.
final class Pinger {
    let destination: IPAddress
    private let socket: Socket
    private(set) var sentCount = 0
    /// By their numbers.
    private(set) var answered: Set<Int> = []

    init(from namespace: Namespace, to destination: IPAddress) throws {
        self.destination = destination
        socket = try .ping(destination.family, in: namespace)
    }

    var lost: [Int] { (0..<sentCount).filter { !answered.contains($0) } }

    func set(_ field: sc_header_field, to value: Int) throws { try socket.set(field, to: value) }

    /// - Parameter byteCount: Behind the ICMP header.
    /// - Returns: 0 or an error number.
    @discardableResult
    func send(byteCount: Int = 56) -> Int {
        let number = sentCount
        sentCount += 1
        let type: UInt8 = destination.family == .v4 ? 8 : 128
        let header = [type, 0, 0, 0, 0, 0, UInt8(number >> 8 & 0xff), UInt8(number & 0xff)]
        let packet = header + (0..<byteCount).map { UInt8(truncatingIfNeeded: $0) }
        return max(0, -socket.send(packet[...], to: destination))
    }

    /// Takes the answers that are there.
    func collect() {
        while let answer = socket.receive() {
            guard answer.count >= 8, answer[0] == 0 || answer[0] == 129 else { continue }
            answered.insert(Int(answer[6]) << 8 | Int(answer[7]))
        }
    }

    /// Sends one and waits for its answer.
    /// - Returns: Whether it came.
    func ping(byteCount: Int = 56, milliseconds: CInt = 3000) -> Bool {
        let number = sentCount
        send(byteCount: byteCount)
        let end = sc_monotonic_ns() + UInt64(milliseconds) * 1_000_000
        while !answered.contains(number), sc_monotonic_ns() < end {
            _ = socket.waitReadable(milliseconds: 50)
            collect()
        }
        return answered.contains(number)
    }
}
