/// What identifications of IPv4 packets, and of IPv6 fragments, are drawn from: a counter with an unpredictable start in
/// Linux, numbers of a recording in a comparison.
public struct IdentificationSource: Sendable {
    private var counter: UInt32
    private var recorded: [UInt32] = []
    private var position = 0

    public init(startingAt first: UInt32) { counter = first }

    /// Recorded numbers, in their order; behind the last the counter goes on.
    public init(recorded: [UInt32]) {
        self.recorded = recorded
        counter = (recorded.last ?? 0) &+ 1
    }

    /// The next number; IPv4 uses its low half.
    mutating func next() -> UInt32 {
        if position < recorded.count {
            position += 1
            return recorded[position - 1]
        }
        defer { counter &+= 1 }
        return counter
    }
}
