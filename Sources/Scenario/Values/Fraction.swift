/// A part of a whole in millionths, 0…1,000,000: whole numbers, so that a comparison rounds the same everywhere.
public struct Fraction: Hashable, Sendable {
    /// 0…1,000,000.
    public let millionths: Int

    /// - Precondition: 0…1,000,000.
    public init(millionths: Int) {
        precondition((0...1_000_000).contains(millionths), "not a fraction: \(millionths) millionths")
        self.millionths = millionths
    }

    /// Reads a decimal from 0 to 1 with at most six digits after the point (`0.33`); nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts[0] == "0" || parts[0] == "1" else { return nil }
        var millionths = parts[0] == "1" ? 1_000_000 : 0
        if parts.count == 2 {
            guard (1...6).contains(parts[1].utf8.count) else { return nil }
            var unit = 100_000
            for digit in parts[1].utf8 {
                guard (0x30...0x39).contains(digit) else { return nil }
                millionths += Int(digit - 0x30) * unit
                unit /= 10
            }
        }
        guard millionths <= 1_000_000 else { return nil }
        self.millionths = millionths
    }
}

extension Fraction: CustomStringConvertible {
    /// `0.33`, without trailing zeros.
    public var description: String { Self.text(millionths: millionths) }

    /// Millionths as a decimal, also above 1 (for sums).
    static func text(millionths: Int) -> String {
        var digits = String(String(millionths % 1_000_000 + 1_000_000).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return digits.isEmpty ? "\(millionths / 1_000_000)" : "\(millionths / 1_000_000).\(digits)"
    }
}
