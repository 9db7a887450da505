/// Security parameter index: names a security association to its receiver. 0 is reserved and never sent.
/// Source: RFC 4303 §2.1.
@frozen
public struct SPI: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// In host order.
    public let rawValue: UInt32

    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    /// As `ip xfrm` prints it: 0x and eight digits.
    public var description: String {
        let digits = String(rawValue, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
