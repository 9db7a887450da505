/// Durations as scenarios write them.
enum DurationText {
    /// Units and their nanoseconds.
    static let units: [(name: String, nanoseconds: UInt64)] = [
        ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ]

    /// Nanoseconds of `5s` or `1m30s`; nil for anything else, for nothing at all, and for what 64 bits cannot hold.
    static func nanoseconds(_ text: String) -> UInt64? {
        var rest = text.utf8[...]
        var sum: UInt64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest[digits.endIndex...]
            let letters = rest.prefix { !(0x30...0x39).contains($0) }
            rest = rest[letters.endIndex...]
            guard let count = UInt64(Substring(digits)),
                let unit = units.first(where: { $0.name.utf8.elementsEqual(letters) })
            else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: unit.nanoseconds)
            let (next, carry) = sum.addingReportingOverflow(product)
            guard !overflow, !carry else { return nil }
            sum = next
        }
        return sum > 0 ? sum : nil
    }
}
