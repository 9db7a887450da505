/// Finds numbered things by something they have, by its hash only: whoever asks gets candidates, and looks which of them
/// really have it. Small, since it holds neither names nor values.
struct CandidateIndex: Sendable {
    /// The first number of each hash; most have one.
    private var first: [UInt32: UInt32] = [:]
    private var more: [UInt32: [UInt32]] = [:]

    /// A hash that fits. It differs from run to run.
    static func hash(_ thing: some Hashable) -> UInt32 {
        UInt32(truncatingIfNeeded: thing.hashValue)
    }

    /// The hash of a label in a namespace.
    static func hash(_ namespace: String, _ key: String, _ value: String) -> UInt32 {
        var hasher = Hasher()
        hasher.combine(namespace)
        hasher.combine(key)
        hasher.combine(value)
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }

    /// Adds a number. The same number may come again, for another thing with the same hash.
    mutating func insert(_ number: UInt32, for hash: UInt32) {
        if first[hash] == nil { first[hash] = number } else { more[hash, default: []].append(number) }
    }

    /// Takes a number out that was inserted, once.
    mutating func remove(_ number: UInt32, for hash: UInt32) {
        if first[hash] == number {
            first[hash] = more[hash]?.popLast()
        } else if let index = more[hash]?.lastIndex(of: number) {
            more[hash]?.remove(at: index)
        }
        if more[hash]?.isEmpty ?? false { more[hash] = nil }
    }

    /// All numbers of a hash, in no order.
    func candidates(_ hash: UInt32) -> [UInt32] {
        guard let one = first[hash] else { return [] }
        return [one] + (more[hash] ?? [])
    }

    /// How many candidates a hash has.
    func count(_ hash: UInt32) -> Int { first[hash] == nil ? 0 : 1 + (more[hash]?.count ?? 0) }
}
