import Model

/// What a step did to resources: the value before and after it of each one that it touched.
struct MeshDelta {
    /// Before and after; nil where the resource was or is not there.
    struct Step<Value: Hashable> {
        var old: Value?
        var new: Value?
    }

    var nodes: [String: Step<Node>] = [:]
    var services: [ServiceName: Step<Service>] = [:]
    var workloads: [WorkloadUID: Step<Workload>] = [:]
    var policies: [String: Step<Policy>] = [:]
}

extension Dictionary {
    /// Notes that a resource has another value now; what it was before the whole step stays.
    mutating func note<T>(_ key: Key, from old: T?, to new: T?) where Value == MeshDelta.Step<T> {
        self[key, default: .init(old: old, new: old)].new = new
    }

    /// The steps of a whole of which this is the upper layer: what the lower one says counts where this says nothing.
    /// - Parameters:
    ///   - above: What this layer says now.
    ///   - below: What the lower one says now.
    func over<T>(
        _ lower: Self, above: (Key) -> T?, below: (Key) -> T?
    ) -> [(key: Key, new: T?)] where Value == MeshDelta.Step<T>, Key: Comparable {
        var keys = Set(lower.keys)
        keys.formUnion(self.keys)
        return keys.sorted().compactMap { key in
            let upper = self[key] ?? .init(old: above(key), new: above(key))
            let lower = lower[key] ?? .init(old: below(key), new: below(key))
            let (old, new) = (upper.old ?? lower.old, upper.new ?? lower.new)
            return old == new ? nil : (key, new)
        }
    }
}
