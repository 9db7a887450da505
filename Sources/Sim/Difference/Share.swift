/// A part of a whole, as a reduced fraction: comparing is exact.
public struct Share: Hashable, Sendable {
    public let numerator: UInt64
    /// 1 or more.
    public let denominator: UInt64

    public static let none = Share(0, of: 1)
    public static let whole = Share(1, of: 1)

    /// - Precondition: `denominator` is not 0.
    public init(_ numerator: UInt64, of denominator: UInt64) {
        self.init(UInt128(numerator), UInt128(denominator))
    }

    /// A fraction that has no room is rounded to a part of 2^32: only after many waypoints in a row, and the same way for
    /// equal fractions.
    private init(_ numerator: UInt128, _ denominator: UInt128) {
        precondition(denominator > 0, "a share of nothing")
        var (top, bottom) = (numerator, denominator)
        var divisor = Self.divisor(top, bottom)
        if bottom / divisor > UInt64.max {
            // Not above 1, so the numerator has room when the denominator has.
            let shift = UInt128.bitWidth - bottom.leadingZeroBitCount - 64
            (top, bottom) = ((top >> shift) * (1 << 32) / (bottom >> shift), 1 << 32)
            divisor = Self.divisor(top, bottom)
        }
        self = Share(reduced: UInt64(top / divisor), UInt64(bottom / divisor))
    }

    private init(reduced numerator: UInt64, _ denominator: UInt64) {
        self.numerator = numerator
        self.denominator = denominator
    }

    private static func divisor(_ a: UInt128, _ b: UInt128) -> UInt128 {
        var (x, y) = (a, b)
        while y != 0 { (x, y) = (y, x % y) }
        return max(x, 1)
    }

    static func * (a: Share, b: Share) -> Share {
        Share(UInt128(a.numerator) * UInt128(b.numerator), UInt128(a.denominator) * UInt128(b.denominator))
    }

    /// The sum is not above 1, since both are parts of one whole.
    static func + (a: Share, b: Share) -> Share {
        let divisor = divisor(UInt128(a.denominator), UInt128(b.denominator))
        let (left, right) = (UInt128(a.denominator) / divisor, UInt128(b.denominator) / divisor)
        return Share(
            UInt128(a.numerator) * right + UInt128(b.numerator) * left, left * UInt128(b.denominator))
    }
}

extension Share: Comparable {
    public static func < (a: Share, b: Share) -> Bool {
        UInt128(a.numerator) * UInt128(b.denominator) < UInt128(b.numerator) * UInt128(a.denominator)
    }
}

extension Share: CustomStringConvertible {
    /// `1/3`, or `1` for the whole.
    public var description: String { denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)" }
}
