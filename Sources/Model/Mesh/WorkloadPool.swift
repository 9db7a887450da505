/// Lets workloads share what is equal: the profiles of pods of one deployment, the names of nodes.
///
/// It remembers a few thousand of the latest ones, so that it takes little memory and nothing has to be taken out.
public struct WorkloadPool: Sendable {
    private var profiles = RecentValues<Workload.Shared<Workload.Profile>>(count: 1 << 13)
    private var nodes = RecentValues<String>(count: 1 << 12)

    /// A pool that knows no workload yet.
    public init() {}

    /// The same workload, sharing what others have that were here lately.
    public mutating func share(_ workload: Workload) -> Workload {
        let own = workload.profile
        let profile = profiles.share(own, hash: own.value.hashValue) { $0 === $1 || $0.value == $1.value }
        let node = nodes.share(workload.node, hash: workload.node.hashValue, ==)
        return workload.sharing(profile, node: node)
    }
}

/// Some of the latest values, one for each hash, so that equal ones can share their storage.
public struct RecentValues<Value: Sendable>: Sendable {
    private var values: [Value?]

    /// - Parameter count: How many are remembered; a power of two.
    public init(count: Int) {
        precondition(count > 0 && count & (count - 1) == 0, "\(count) is no power of two")
        values = Array(repeating: nil, count: count)
    }

    /// A value that is remembered and equal to this one, or this one, which is remembered from now on.
    public mutating func share(_ value: Value, hash: Int, _ isEqual: (Value, Value) -> Bool) -> Value {
        let place = hash & (values.count - 1)
        if let known = values[place], isEqual(known, value) { return known }
        values[place] = value
        return value
    }
}

extension RecentValues where Value: Hashable {
    /// Likewise, of a value that can be compared itself.
    public mutating func share(_ value: Value) -> Value { share(value, hash: value.hashValue, ==) }
}
