/// The sequence numbers that were seen, as ranges. Its memory is bounded: beyond the limit the lowest gap is forgotten.
public struct SequenceSet: Hashable, Sendable {
    static let rangeLimit = 4096

    /// In order, with at least one number between two.
    public private(set) var ranges: [ClosedRange<UInt64>] = []
    /// How many numbers are in gaps that were forgotten.
    public private(set) var forgottenCount: UInt64 = 0

    public init() {}

    public var first: UInt64? { ranges.first?.lowerBound }
    public var last: UInt64? { ranges.last?.upperBound }

    /// The numbers between the first and the last that were not seen.
    public var gaps: [ClosedRange<UInt64>] {
        zip(ranges, ranges.dropFirst()).map { $0.upperBound + 1...$1.lowerBound - 1 }
    }

    /// - Returns: Whether the number is new. Constant time for one that follows the last.
    public mutating func insert(_ number: UInt64) -> Bool {
        guard let last = ranges.last else {
            ranges.append(number...number)
            return true
        }
        if number > last.upperBound {
            if number - last.upperBound == 1 {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
                forget()
            }
            return true
        }
        return insertAmong(number)
    }

    /// Finds the place by bisection.
    private mutating func insertAmong(_ number: UInt64) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < number { low = middle + 1 } else { high = middle }
        }
        guard !ranges[low].contains(number) else { return false }
        let joinsBefore = low > 0 && ranges[low - 1].upperBound + 1 == number
        let joinsAfter = ranges[low].lowerBound == number + 1
        switch (joinsBefore, joinsAfter) {
        case (true, true):
            ranges[low - 1] = ranges[low - 1].lowerBound...ranges[low].upperBound
            ranges.remove(at: low)
        case (true, false): ranges[low - 1] = ranges[low - 1].lowerBound...number
        case (false, true): ranges[low] = number...ranges[low].upperBound
        case (false, false):
            ranges.insert(number...number, at: low)
            forget()
        }
        return true
    }

    private mutating func forget() {
        guard ranges.count > Self.rangeLimit else { return }
        forgottenCount += ranges[1].lowerBound - ranges[0].upperBound - 1
        ranges[0] = ranges[0].lowerBound...ranges[1].upperBound
        ranges.remove(at: 1)
    }
}
