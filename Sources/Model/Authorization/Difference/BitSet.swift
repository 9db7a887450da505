/// A set of small numbers.
struct BitSet: Hashable, Sendable {
    private(set) var words: [UInt64]

    /// An empty set of numbers below `count`.
    init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

    mutating func insert(_ number: Int) { words[number / 64] |= 1 << UInt64(number % 64) }

    /// What is in both; they are sets of the same numbers.
    func intersection(_ other: BitSet) -> BitSet {
        var result = self
        for index in words.indices { result.words[index] &= other.words[index] }
        return result
    }
}
