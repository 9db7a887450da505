/// The endpoints of a service as lookups see them: those that its counts cover.
struct ServiceSlots {
    /// Backend uids by priority; nil where a slot has no entry.
    private(set) var priorities: [[ResourceID?]] = []
    /// Whether the counts claim more than the map holds, so that they cannot be right.
    private(set) var isOverfull = false

    init(of id: ResourceID, _ value: ServiceValue, in store: MapStore) {
        let counts = value.endpointCounts
        for priority in counts.indices {
            var uids: [ResourceID?] = []
            let count = Int(counts[priority])
            if count > store.endpoint.count { isOverfull = true }
            for index in 0..<min(count, store.endpoint.count) {
                let key = EndpointKey(service_id: id, prio: UInt32(priority), backend_index: UInt32(index + 1))
                uids.append(store.endpoint.lookup(key)?.backend_uid)
            }
            priorities.append(uids)
        }
    }

    /// The uids of all slots that have entries, by priority and index.
    var uids: some Sequence<ResourceID> { priorities.lazy.flatMap { $0.lazy.compactMap { $0 } } }

    /// Whether the slots of `old` can become these one write after the other, unnoticed until the counts grow: within
    /// each priority the old ones come first. They may be in another order where it makes no difference which are met
    /// on the way, for while two change places, one of them is missing.
    func extends(_ old: ServiceSlots, whereUsableAlike areUsableAlike: ([ResourceID]) -> Bool) -> Bool {
        guard !isOverfull, !old.isOverfull else { return false }
        return zip(old.priorities, priorities).allSatisfy { old, new in
            let kept = Array(new.prefix(old.count))
            if kept == old { return true }
            let (oldUIDs, keptUIDs) = (old.compactMap { $0 }, kept.compactMap { $0 })
            return oldUIDs.count == old.count && oldUIDs.sorted() == keptUIDs.sorted() && areUsableAlike(keptUIDs)
        }
    }
}
