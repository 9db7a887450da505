/// Which counts are right: `3`, `>=3`, `>3`, `<=3` or `<3`.
public struct CountRange: Hashable, Sendable {
    /// The counts that are right.
    public let counts: ClosedRange<UInt64>

    /// Every count of a range.
    public init(_ counts: ClosedRange<UInt64>) { self.counts = counts }

    /// Exactly this many.
    public init(exactly count: UInt64) { counts = count...count }

    /// Whether a count is right.
    public func contains(_ count: UInt64) -> Bool { counts.contains(count) }

    /// Reads a count with or without a comparison; nil for anything else, and for what no count can be (`<0`).
    public init?(_ text: String) {
        let comparison = text.prefix { "<>=".contains($0) }
        var digits = text[comparison.endIndex...]
        if !comparison.isEmpty { digits = digits.drop { $0 == " " } }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = UInt64(digits) else { return nil }
        switch comparison {
        case "": counts = count...count
        case ">=": counts = count...UInt64.max
        case "<=": counts = 0...count
        case ">":
            guard count < .max else { return nil }
            counts = (count + 1)...UInt64.max
        case "<":
            guard count > 0 else { return nil }
            counts = 0...(count - 1)
        default: return nil
        }
    }
}

extension CountRange: CustomStringConvertible {
    /// `3`, `>=3`, `<=3` or `2...3`.
    public var description: String {
        switch (counts.lowerBound, counts.upperBound) {
        case (let low, let high) where low == high: "\(low)"
        case (let low, .max): ">=\(low)"
        case (0, let high): "<=\(high)"
        case (let low, let high): "\(low)...\(high)"
        }
    }
}
