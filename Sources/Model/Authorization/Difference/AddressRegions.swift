/// Addresses that no block of a list tells apart and that nobody owns.
///
/// Blocks are nested or disjoint, so the innermost block that holds an address says in which blocks it is.
package struct AddressRegion {
    /// The innermost block; nil outside all of them.
    package var block: Prefix?
    /// One of the addresses.
    package var example: IPAddress
}

extension AddressRegion {
    /// The regions of a family, the one outside all blocks first, then in the order of their blocks. A region that its
    /// inner blocks and the owned addresses fill up is left out.
    package static func regions(
        of family: AddressFamily, by blocks: some Sequence<Prefix>, unowned owned: Set<IPAddress>
    ) -> [AddressRegion] {
        let known = Set(blocks.lazy.filter { $0.address.family == family }.map(AddressRange.init))
        let ranges = [AddressRange(allOf: family)] + known.sorted().filter { $0.length > 0 }
        // Inner ranges follow the one that holds them, so what is open on the stack holds the next or has ended.
        var inner = [[AddressRange]](repeating: [], count: ranges.count)
        var open = [0]
        for index in ranges.indices.dropFirst() {
            while ranges[open[open.count - 1]].last < ranges[index].first { open.removeLast() }
            inner[open[open.count - 1]].append(ranges[index])
            open.append(index)
        }
        let hasWhole = known.contains { $0.length == 0 }
        return ranges.indices.compactMap { index in
            let range = ranges[index]
            guard let example = range.firstAddress(outside: inner[index], unowned: owned) else { return nil }
            return AddressRegion(block: index == 0 && !hasWhole ? nil : range.prefix, example: example)
        }
    }
}

/// A block as the numbers of its first and last address.
private struct AddressRange: Hashable, Comparable {
    let family: AddressFamily
    let first: UInt128
    let last: UInt128
    let length: Int

    init(_ prefix: Prefix) {
        let bits = prefix.address.bitCount
        family = prefix.address.family
        length = prefix.length
        first = Self.number(of: prefix.network)
        last = first + (length == 0 ? Self.highest(of: family) : (1 << UInt128(bits - length)) - 1)
    }

    init(allOf family: AddressFamily) {
        self.family = family
        length = 0
        first = 0
        last = Self.highest(of: family)
    }

    /// Without host bits; nil never, since a range is made of a prefix.
    var prefix: Prefix? { Prefix(Self.address(first, family), length: length) }

    /// The first address that is in none of the inner ranges, which are in order, and that nobody owns.
    func firstAddress(outside inner: [AddressRange], unowned owned: Set<IPAddress>) -> IPAddress? {
        var next = first
        var index = 0
        while true {
            if index < inner.count, inner[index].first <= next {
                guard inner[index].last < last else { return nil }
                next = max(next, inner[index].last + 1)
                index += 1
                continue
            }
            let address = Self.address(next, family)
            guard owned.contains(address) else { return address }
            guard next < last else { return nil }
            next += 1
        }
    }

    private static func highest(of family: AddressFamily) -> UInt128 { family == .v4 ? 0xffff_ffff : .max }

    private static func number(of address: IPAddress) -> UInt128 {
        switch address {
        case .v4(let bits): UInt128(bits)
        case .v6(let high, let low): UInt128(high) << 64 | UInt128(low)
        }
    }

    private static func address(_ number: UInt128, _ family: AddressFamily) -> IPAddress {
        switch family {
        case .v4: .v4(UInt32(truncatingIfNeeded: number))
        case .v6: .v6(high: UInt64(truncatingIfNeeded: number >> 64), low: UInt64(truncatingIfNeeded: number))
        }
    }

    static func < (a: AddressRange, b: AddressRange) -> Bool { (a.first, a.length) < (b.first, b.length) }
}
