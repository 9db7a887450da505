/// An address and a port in host order.
@frozen
public struct SocketAddress: Hashable, Sendable {
    public var address: IPAddress
    public var port: UInt16

    @inlinable
    public init(_ address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// The IPv4 address of an IPv4-mapped one, with the port.
    @inlinable
    public var unmapped: SocketAddress { SocketAddress(address.unmapped, port: port) }
}

extension SocketAddress: CustomStringConvertible {
    /// `10.0.0.1:80` or `[fd00::1]:80`.
    public var description: String {
        switch address {
        case .v4: "\(address):\(port)"
        case .v6: "[\(address)]:\(port)"
        }
    }

    /// Reads `10.0.0.1:80` or `[fd00::1]:80`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"),
            let port = Digits.decimal(text[text.index(after: colon)...], as: UInt16.self)
        else { return nil }
        var host = text[..<colon]
        if host.first == "[" {
            guard host.last == "]" else { return nil }
            host = host.dropFirst().dropLast()
            guard let address = IPAddress(host), address.family == .v6 else { return nil }
            self.init(address, port: port)
        } else {
            guard let address = IPAddress(host), address.family == .v4 else { return nil }
            self.init(address, port: port)
        }
    }
}

extension SocketAddress: Comparable {
    public static func < (a: SocketAddress, b: SocketAddress) -> Bool {
        a.address == b.address ? a.port < b.port : a.address < b.address
    }
}
