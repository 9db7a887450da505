/// A set of numbers below a limit that all sets of one computation share.
struct ClassSet: Hashable {
    private(set) var words: [UInt64]

    /// An empty set.
    init(limit: Int) { words = Array(repeating: 0, count: (limit + 63) / 64) }

    /// Every number below the limit.
    init(allBelow limit: Int) {
        self.init(limit: limit)
        for number in 0..<limit { insert(number) }
    }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    mutating func insert(_ number: Int) { words[number >> 6] |= 1 << UInt64(number & 63) }

    func contains(_ number: Int) -> Bool { words[number >> 6] >> UInt64(number & 63) & 1 == 1 }

    mutating func formUnion(_ other: ClassSet) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    mutating func formIntersection(_ other: ClassSet) {
        for index in words.indices { words[index] &= other.words[index] }
    }

    mutating func subtract(_ other: ClassSet) {
        for index in words.indices { words[index] &= ~other.words[index] }
    }

    /// The members in order.
    func forEach(_ body: (Int) -> Void) {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                body(index << 6 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }
}
