/// Gives out runs of places in an array map, the first that fits, and takes them back.
struct PlaceAllocator: Sendable {
    /// Ascending, with a gap between any two.
    private var free: [Range<Int>]

    init(_ places: Range<Int>) { free = places.isEmpty ? [] : [places] }

    /// - Returns: nil when no run of `count` places is free.
    mutating func allocate(_ count: Int) -> Range<Int>? {
        guard count > 0 else { return 0..<0 }
        guard let index = free.firstIndex(where: { $0.count >= count }) else { return nil }
        let start = free[index].lowerBound
        let rest = start + count..<free[index].upperBound
        if rest.isEmpty { free.remove(at: index) } else { free[index] = rest }
        return start..<start + count
    }

    mutating func release(_ places: Range<Int>) {
        guard !places.isEmpty else { return }
        var index = free.firstIndex { $0.lowerBound >= places.upperBound } ?? free.count
        var joined = places
        if index < free.count, free[index].lowerBound == places.upperBound {
            joined = joined.lowerBound..<free[index].upperBound
            free.remove(at: index)
        }
        if index > 0, free[index - 1].upperBound == places.lowerBound {
            index -= 1
            joined = free[index].lowerBound..<joined.upperBound
            free.remove(at: index)
        }
        free.insert(joined, at: index)
    }
}
