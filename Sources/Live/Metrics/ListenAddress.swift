internal import CLinux
import Glibc
public import Model

/// Where to listen: an address and a port, or a port of all addresses.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// nil for all addresses of both families.
    public var address: IPAddress?
    /// 0 for any that is free.
    public var port: UInt16

    public init(_ address: IPAddress?, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Reads `127.0.0.1:9090`, `[::1]:9090` or `:9090`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        if text.utf8.first == UInt8(ascii: ":") {
            guard let port = Digits.decimal(text.dropFirst(), as: UInt16.self) else { return nil }
            self.init(nil, port: port)
        } else {
            guard let socket = SocketAddress(text) else { return nil }
            self.init(socket.address, port: socket.port)
        }
    }

    public var description: String {
        guard let address else { return ":\(port)" }
        return SocketAddress(address, port: port).description
    }
}

extension ListenAddress {
    /// A socket that listens there.
    /// - Throws: an error that names the address.
    func listeningSocket() throws(KernelError) -> Descriptor {
        // Without IPv6 in the kernel, all addresses are those of IPv4.
        guard let address else {
            do throws(KernelError) {
                return try listeningSocket(on: .anyV6)
            } catch {
                guard error.errno == EAFNOSUPPORT else { throw error }
                return try listeningSocket(on: .anyV4)
            }
        }
        return try listeningSocket(on: address)
    }

    private func listeningSocket(on address: IPAddress) throws(KernelError) -> Descriptor {
        let isV4 = address.family == .v4
        // Not blocking: a client that is gone before it is accepted must not hold the server up.
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let raw = socket(isV4 ? AF_INET : AF_INET6, CInt(kind), 0)
        guard raw >= 0 else { throw .last("listen on", description) }
        let socket = Descriptor(adopting: raw)
        try set(raw, SOL_SOCKET, SO_REUSEADDR, to: 1)
        if !isV4 { try set(raw, CInt(IPPROTO_IPV6), IPV6_V6ONLY, to: self.address == nil ? 0 : 1) }
        guard Self.bind(raw, to: address, port: port) == 0, listen(raw, 128) == 0 else {
            throw .last("listen on", description)
        }
        return socket
    }

    private func set(_ raw: CInt, _ level: CInt, _ option: CInt, to value: CInt) throws(KernelError) {
        var value = value
        // In bounds: the kernel reads one value of the size given.
        guard unsafe setsockopt(raw, level, option, &value, socklen_t(MemoryLayout<CInt>.size)) == 0 else {
            throw .last("listen on", description)
        }
    }

    private static func bind(_ raw: CInt, to address: IPAddress, port: UInt16) -> CInt {
        func bind<Storage>(_ storage: inout Storage) -> CInt {
            let byteCount = socklen_t(MemoryLayout<Storage>.size)
            // In bounds: the kernel reads as many bytes as the structure of the family has.
            return unsafe withUnsafePointer(to: &storage) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.bind(raw, $0, byteCount) }
            }
        }
        switch address {
        case .v4(let bits):
            var storage = sockaddr_in()
            storage.sin_family = sa_family_t(AF_INET)
            storage.sin_port = port.bigEndian
            storage.sin_addr.s_addr = bits.bigEndian
            return bind(&storage)
        case .v6:
            var storage = sockaddr_in6()
            storage.sin6_family = sa_family_t(AF_INET6)
            storage.sin6_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &storage.sin6_addr) { bytes in
                // In bounds: both have 16 bytes.
                unsafe bytes.copyBytes(from: address.bytes)
            }
            return bind(&storage)
        }
    }

    /// The port that a socket of either family is bound to, in host order.
    static func port(ofSocket raw: CInt) -> UInt16 {
        var storage = sockaddr_in6()
        var byteCount = socklen_t(MemoryLayout<sockaddr_in6>.size)
        // In bounds: the kernel writes at most the bytes that it is told of.
        let status = unsafe withUnsafeMutablePointer(to: &storage) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(raw, $0, &byteCount) }
        }
        // Both families have the port in the same place.
        return status == 0 ? UInt16(bigEndian: storage.sin6_port) : 0
    }
}
