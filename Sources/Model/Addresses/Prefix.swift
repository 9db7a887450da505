/// An address prefix (CIDR). Host bits are kept as written; `contains` ignores them.
public struct Prefix: Hashable, Sendable {
    public let address: IPAddress
    /// 0…32 or 0…128.
    public let length: Int

    /// - Returns: nil when `length` does not fit the address family.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.bitCount).contains(length) else { return nil }
        self.address = address
        self.length = length
    }

    /// The prefix that holds one address only.
    public init(host address: IPAddress) {
        self.address = address
        length = address.bitCount
    }

    /// 0.0.0.0/0 or ::/0
    public static func everything(of family: AddressFamily) -> Prefix {
        Prefix(unchecked: family == .v4 ? .anyV4 : .anyV6, length: 0)
    }

    private init(unchecked address: IPAddress, length: Int) {
        self.address = address
        self.length = length
    }

    /// The address with the bits after the prefix cleared.
    public var network: IPAddress { Self.masked(address, length: length) }

    /// How many addresses the prefix holds; `UInt64.max` when they do not fit.
    public var addressCount: UInt64 {
        let hostBits = address.bitCount - length
        return hostBits >= 64 ? .max : 1 << UInt64(hostBits)
    }

    /// Whether the address is in the prefix. Families never match each other.
    public func contains(_ other: IPAddress) -> Bool {
        other.family == address.family && Self.masked(other, length: length) == network
    }

    private static func masked(_ address: IPAddress, length: Int) -> IPAddress {
        switch address {
        case .v4(let bits):
            .v4(length == 0 ? 0 : bits & (~0 << UInt32(32 - length)))
        case .v6(let high, let low):
            .v6(
                high: length == 0 ? 0 : length >= 64 ? high : high & (~0 << UInt64(64 - length)),
                low: length <= 64 ? 0 : low & (~0 << UInt64(128 - length)))
        }
    }
}

extension Prefix: CustomStringConvertible {
    public var description: String { "\(address)/\(length)" }

    /// Reads `10.0.0.0/8` or `fd00::/64`; an address alone is a prefix of its full length.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        guard parts.count == 2 else {
            self.init(host: address)
            return
        }
        guard let length = Digits.decimal(parts[1], as: Int.self) else { return nil }
        self.init(address, length: length)
    }
}
