/// Ids that nothing in maps or names uses, from the highest down.
struct FreeIDs {
    private let used: Set<ResourceID>
    private let names: NameTable
    private var candidate = ResourceID.max

    /// - Parameter count: How many are going to be asked for.
    init(count: Int, actual: MapStore, desired: MapStore, names: NameTable) {
        // So many ids below the highest one cannot all be in use; most often none is, for ids are hashes.
        let entries = [actual, desired].reduce(names.count) { sum, store in
            sum + store.frontend.count + store.service.count + 2 * store.endpoint.count + store.backend.count
                + store.backendAlternative.count + store.servicePort.count
        }
        let lowest = ResourceID.max - ResourceID(min(count + entries, Int(ResourceID.max) - 1))
        var used: Set<ResourceID> = []
        func use(_ id: ResourceID) { if id >= lowest { used.insert(id) } }
        for store in [actual, desired] {
            store.frontend.forEachEntry { _, value in use(value.upstream_id) }
            store.service.forEachEntry { key, _ in use(key.service_id) }
            store.endpoint.forEachEntry { key, value in
                use(key.service_id)
                use(value.backend_uid)
            }
            store.backend.forEachEntry { key, _ in use(key.backend_uid) }
            store.backendAlternative.forEachEntry { key, _ in use(key.backend_uid) }
            store.servicePort.forEachEntry { key, _ in use(key.service_id) }
        }
        self.used = used
        self.names = names
    }

    /// One that was not given before.
    mutating func next() -> ResourceID {
        while used.contains(candidate) || names.name(of: candidate) != nil { candidate -= 1 }
        defer { candidate -= 1 }
        return candidate
    }
}
