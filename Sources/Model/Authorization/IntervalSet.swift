/// A set of numbers, as the sorted values at which membership changes: nothing below the first is in the set.
public struct IntervalSet<Bound: FixedWidthInteger & UnsignedInteger & Sendable>: Hashable, Sendable {
    /// Strictly ascending. What is at or after an odd number of them is in the set.
    public private(set) var bounds: [Bound]

    private init(bounds: [Bound]) { self.bounds = bounds }

    public static var empty: IntervalSet { IntervalSet(bounds: []) }
    public static var full: IntervalSet { IntervalSet(bounds: [0]) }

    /// The numbers from `first` to `last`, both in it.
    public init(_ first: Bound, through last: Bound) {
        precondition(first <= last, "an interval from \(first) to \(last)")
        bounds = last == Bound.max ? [first] : [first, last + 1]
    }

    public init(_ value: Bound) { self.init(value, through: value) }

    /// The union of single numbers.
    public init(_ values: some Sequence<Bound>) {
        bounds = []
        for value in Set(values).sorted() {
            if bounds.last == value { bounds.removeLast() } else { bounds.append(value) }
            if value != Bound.max { bounds.append(value + 1) }
        }
    }

    public var isEmpty: Bool { bounds.isEmpty }
    public var isFull: Bool { bounds == [0] }

    public func contains(_ value: Bound) -> Bool {
        var (low, high) = (0, bounds.count)
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low % 2 == 1
    }

    public var complement: IntervalSet {
        bounds.first == 0 ? IntervalSet(bounds: Array(bounds.dropFirst())) : IntervalSet(bounds: [0] + bounds)
    }

    public func union(_ other: IntervalSet) -> IntervalSet {
        if isEmpty || other.isFull { return other }
        if other.isEmpty || isFull { return self }
        return merged(with: other) { $0 || $1 }
    }

    public func intersection(_ other: IntervalSet) -> IntervalSet {
        if isFull || other.isEmpty { return other }
        if other.isFull || isEmpty { return self }
        return merged(with: other) { $0 && $1 }
    }

    /// Walks both sets' bounds in order. `rule` is false where neither contains a number.
    private func merged(with other: IntervalSet, _ rule: (Bool, Bool) -> Bool) -> IntervalSet {
        var result: [Bound] = []
        var (a, b) = (0, 0)
        var isIn = false
        while a < bounds.count || b < other.bounds.count {
            let next =
                if a == bounds.count { other.bounds[b] } else if b == other.bounds.count { bounds[a] } else {
                    min(bounds[a], other.bounds[b])
                }
            if a < bounds.count, bounds[a] == next { a += 1 }
            if b < other.bounds.count, other.bounds[b] == next { b += 1 }
            let isNowIn = rule(a % 2 == 1, b % 2 == 1)
            if isNowIn != isIn { result.append(next) }
            isIn = isNowIn
        }
        return IntervalSet(bounds: result)
    }
}

extension IntervalSet<UInt32> {
    /// The IPv4 addresses of a prefix; none for an IPv6 one.
    public init(v4 prefix: Prefix) {
        guard case .v4(let bits) = prefix.network else {
            self = .empty
            return
        }
        self.init(bits, through: prefix.length == 32 ? bits : bits | UInt32.max >> UInt32(prefix.length))
    }
}

extension IntervalSet<UInt128> {
    /// The IPv6 addresses of a prefix; none for an IPv4 one.
    public init(v6 prefix: Prefix) {
        guard case .v6(let high, let low) = prefix.network else {
            self = .empty
            return
        }
        let bits = UInt128(high) << 64 | UInt128(low)
        self.init(bits, through: prefix.length == 128 ? bits : bits | UInt128.max >> UInt128(prefix.length))
    }
}
