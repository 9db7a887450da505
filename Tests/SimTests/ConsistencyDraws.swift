import Model

/// States of the generator of which every pick of one connect follows.
struct DrawTable {
    /// Most states that are searched for.
    private static let limit = 1200

    private var tables: [[Int]: [SplitMix64]] = [:]

    /// Whether every combination of so many draws, each modulo `modulus`, is enumerated.
    static func isExhaustive(modulus: Int, drawCount: Int) -> Bool { combinations(modulus, drawCount) <= limit }

    /// States whose next `drawCount` draws, each modulo `modulus`, take every combination of values.
    mutating func states(modulus: Int, drawCount: Int) -> [SplitMix64] {
        if let table = tables[[modulus, drawCount]] { return table }
        let wanted = Self.combinations(modulus, drawCount)
        precondition(wanted <= Self.limit, "\(wanted) states are too many")
        var table: [SplitMix64] = []
        var seen: Set<[UInt32]> = []
        var seed: UInt64 = 0
        while table.count < wanted {
            let state = SplitMix64(seed: seed)
            seed += 1
            var generator = state
            let values = (0..<drawCount).map { _ in generator.draw() % UInt32(modulus) }
            if seen.insert(values).inserted { table.append(state) }
        }
        tables[[modulus, drawCount]] = table
        return table
    }

    /// How many draws lie between two states.
    static func count(from first: SplitMix64, to last: SplitMix64) -> Int {
        var state = first
        var count = 0
        while state != last {
            _ = state.next()
            count += 1
        }
        return count
    }

    private static func combinations(_ modulus: Int, _ drawCount: Int) -> Int {
        (0..<drawCount).reduce(1) { product, _ in min(product * modulus, 1 << 40) }
    }
}

func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
    var (x, y) = (a, b)
    while y != 0 { (x, y) = (y, x % y) }
    return min(a / x * b, 1 << 20)
}
