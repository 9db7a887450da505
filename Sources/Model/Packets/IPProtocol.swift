/// What an IP header, or a header in a chain behind one, says comes next. Source: protocol numbers, IANA.
public struct IPProtocol: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let hopByHop = IPProtocol(rawValue: 0)
    public static let icmp = IPProtocol(rawValue: 1)
    /// An IPv4 packet in another.
    public static let ipv4 = IPProtocol(rawValue: 4)
    public static let tcp = IPProtocol(rawValue: 6)
    public static let udp = IPProtocol(rawValue: 17)
    /// An IPv6 packet in another.
    public static let ipv6 = IPProtocol(rawValue: 41)
    public static let routing = IPProtocol(rawValue: 43)
    public static let fragment = IPProtocol(rawValue: 44)
    public static let esp = IPProtocol(rawValue: 50)
    public static let authentication = IPProtocol(rawValue: 51)
    public static let icmpv6 = IPProtocol(rawValue: 58)
    public static let noNextHeader = IPProtocol(rawValue: 59)
    public static let destinationOptions = IPProtocol(rawValue: 60)
    public static let mobility = IPProtocol(rawValue: 135)
    public static let hip = IPProtocol(rawValue: 139)
    public static let shim6 = IPProtocol(rawValue: 140)

    /// Whether this is a header that is walked over on the way to TCP. IPv4 knows the authentication header only.
    public func isExtensionHeader(of family: AddressFamily) -> Bool {
        switch (self, family) {
        case (.authentication, _): true
        case (.hopByHop, .v6), (.routing, .v6), (.fragment, .v6), (.destinationOptions, .v6), (.mobility, .v6),
            (.hip, .v6), (.shim6, .v6):
            true
        default: false
        }
    }
}
