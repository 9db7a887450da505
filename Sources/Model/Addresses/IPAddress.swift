/// An IPv4 or IPv6 address.
///
/// An IPv4-mapped address (`::ffff:a.b.c.d`) is an IPv6 address here; `unmapped` gives the IPv4 address that the maps
/// hold for it.
@frozen
public enum IPAddress: Hashable, Sendable {
    /// 32 bits; the first byte on the wire is the most significant.
    case v4(UInt32)
    /// 128 bits in two halves; the first byte on the wire is the most significant of `high`.
    case v6(high: UInt64, low: UInt64)
}

/// Which of the two address families.
@frozen
public enum AddressFamily: UInt8, Hashable, Sendable, CaseIterable {
    case v4, v6
}

extension IPAddress {
    /// 0.0.0.0
    public static let anyV4 = IPAddress.v4(0)
    /// ::
    public static let anyV6 = IPAddress.v6(high: 0, low: 0)

    @inlinable
    public var family: AddressFamily {
        switch self {
        case .v4: .v4
        case .v6: .v6
        }
    }

    /// 32 or 128.
    public var bitCount: Int { family == .v4 ? 32 : 128 }

    /// Whether every bit is zero.
    public var isUnspecified: Bool { self == .anyV4 || self == .anyV6 }

    /// Whether this is `::ffff:a.b.c.d`.
    @inlinable
    public var isMapped: Bool {
        if case .v6(0, let low) = self { return low >> 32 == 0xffff }
        return false
    }

    /// The IPv4 address inside an IPv4-mapped one; any other address as it is.
    @inlinable
    public var unmapped: IPAddress {
        if case .v6(0, let low) = self, low >> 32 == 0xffff { return .v4(UInt32(truncatingIfNeeded: low)) }
        return self
    }

    /// `::ffff:a.b.c.d` of an IPv4 address; an IPv6 address as it is.
    public var mapped: IPAddress {
        if case .v4(let bits) = self { return .v6(high: 0, low: 0xffff_0000_0000 | UInt64(bits)) }
        return self
    }

    /// 4 or 16 bytes in network order.
    public var bytes: [UInt8] {
        switch self {
        case .v4(let bits):
            return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (24 - 8 * UInt32($0))) }
        case .v6(let high, let low):
            return [high, low].flatMap { half in
                (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64($0))) }
            }
        }
    }

    /// The address of 4 or 16 bytes in network order, nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4:
            self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            let high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            let low = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
            self = .v6(high: high, low: low)
        default:
            return nil
        }
    }

    /// The address `offset` further, wrapping at the end of its family's space.
    public func advanced(by offset: UInt64) -> IPAddress {
        switch self {
        case .v4(let bits):
            return .v4(bits &+ UInt32(truncatingIfNeeded: offset))
        case .v6(let high, let low):
            let (sum, overflow) = low.addingReportingOverflow(offset)
            return .v6(high: overflow ? high &+ 1 : high, low: sum)
        }
    }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by number.
    public static func < (a: IPAddress, b: IPAddress) -> Bool {
        switch (a, b) {
        case (.v4(let x), .v4(let y)): x < y
        case (.v6(let xHigh, let xLow), .v6(let yHigh, let yLow)): (xHigh, xLow) < (yHigh, yLow)
        case (.v4, .v6): true
        case (.v6, .v4): false
        }
    }
}
