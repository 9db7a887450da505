/// A set of addresses; the families do not mix.
struct AddressSet: Hashable, Sendable {
    var v4: IntervalSet<UInt32>
    var v6: IntervalSet<UInt128>

    static let full = AddressSet(v4: .full, v6: .full)
    static let empty = AddressSet(v4: .empty, v6: .empty)

    /// The addresses that the values of a match let through.
    init(_ blocks: PolicyMatch.Values<Prefix>) {
        self = .full
        if !blocks.any.isEmpty { self = Self.union(of: blocks.any) }
        if !blocks.none.isEmpty {
            let excluded = Self.union(of: blocks.none)
            self = intersection(AddressSet(v4: excluded.v4.complement, v6: excluded.v6.complement))
        }
    }

    private init(v4: IntervalSet<UInt32>, v6: IntervalSet<UInt128>) {
        self.v4 = v4
        self.v6 = v6
    }

    private static func union(of blocks: [Prefix]) -> AddressSet {
        blocks.reduce(.empty) { $0.union(AddressSet(v4: IntervalSet(v4: $1), v6: IntervalSet(v6: $1))) }
    }

    var isEmpty: Bool { v4.isEmpty && v6.isEmpty }

    func contains(_ address: IPAddress) -> Bool {
        switch address {
        case .v4(let bits): v4.contains(bits)
        case .v6(let high, let low): v6.contains(UInt128(high) << 64 | UInt128(low))
        }
    }

    func union(_ other: AddressSet) -> AddressSet { AddressSet(v4: v4.union(other.v4), v6: v6.union(other.v6)) }

    func intersection(_ other: AddressSet) -> AddressSet {
        AddressSet(v4: v4.intersection(other.v4), v6: v6.intersection(other.v6))
    }
}
