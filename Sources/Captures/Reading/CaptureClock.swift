/// What an interface's timestamps count. Source: pcapng draft, options if_tsresol and if_tsoffset.
public struct CaptureClock: Hashable, Sendable {
    private enum Scale: Hashable, Sendable {
        /// A tick has that many nanoseconds.
        case multiple(UInt64)
        /// A nanosecond has that many ticks; 0 for more than 64 bits can say.
        case fraction(UInt64)
        /// A second has 2 to the power of that many ticks, at most 127.
        case binary(UInt64)
    }

    /// As in if_tsresol: a negative power of ten of seconds, or of two when the highest bit is set.
    public let resolution: UInt8
    /// Added to every timestamp.
    public let offsetSeconds: Int64
    private let scale: Scale

    public static let microseconds = CaptureClock(resolution: 6)
    public static let nanoseconds = CaptureClock(resolution: 9)

    public init(resolution: UInt8, offsetSeconds: Int64 = 0) {
        self.resolution = resolution
        self.offsetSeconds = offsetSeconds
        let exponent = Int(resolution & 0x7f)
        if resolution & 0x80 != 0 {
            scale = .binary(UInt64(exponent))
        } else if exponent <= 9 {
            scale = .multiple(Self.power(of: 10, 9 - exponent))
        } else {
            scale = .fraction(exponent - 9 > 19 ? 0 : Self.power(of: 10, exponent - 9))
        }
    }

    private static func power(of base: UInt64, _ exponent: Int) -> UInt64 {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }

    /// Nanoseconds since 1970.
    /// - Returns: nil for a time before 1970 or after 2554, which 64 bits cannot say.
    func nanoseconds(_ ticks: UInt64) -> UInt64? {
        guard let time = scaled(ticks) else { return nil }
        guard offsetSeconds != 0 else { return time }
        let (offset, isTooLarge) = offsetSeconds.magnitude.multipliedReportingOverflow(by: 1_000_000_000)
        guard !isTooLarge else { return nil }
        let (sum, overflow) =
            offsetSeconds > 0 ? time.addingReportingOverflow(offset) : time.subtractingReportingOverflow(offset)
        return overflow ? nil : sum
    }

    private func scaled(_ ticks: UInt64) -> UInt64? {
        switch scale {
        case .multiple(let factor):
            let (product, overflow) = ticks.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        case .fraction(let divisor):
            return divisor == 0 ? 0 : ticks / divisor
        case .binary(let shift):
            let (high, low) = ticks.multipliedFullWidth(by: 1_000_000_000)
            if shift >= 64 { return high >> (shift - 64) }
            if shift == 0 { return high == 0 ? low : nil }
            return high >> shift == 0 ? high << (64 - shift) | low >> shift : nil
        }
    }
}
