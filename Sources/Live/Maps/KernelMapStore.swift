public import Model

/// The maps that the compiler fills, in the kernel: what `MapStore` is in memory.
public struct KernelMapStore: ~Copyable {
    public let frontend: KernelMap<FrontendKey, FrontendValue>
    public let service: KernelMap<ServiceKey, ServiceValue>
    public let endpoint: KernelMap<EndpointKey, EndpointValue>
    public let backend: KernelMap<BackendKey, BackendValue>
    public let backendAlternative: KernelMap<BackendKey, BackendAlternative>
    public let servicePort: KernelMap<ServicePortKey, ServicePortValue>
    public let manage: KernelMap<ManageKey, ManageValue>
}

/// A list of writes that ended early. What comes after the write that failed was not tried: later writes rely on
/// earlier ones.
public struct MapWriteError: Error, Hashable, Sendable, CustomStringConvertible {
    public var error: KernelError
    /// Writes that are done, from the beginning of the list.
    public var appliedCount: Int
    public var totalCount: Int

    public var description: String { "\(error); \(appliedCount) of \(totalCount) writes are done" }
}

/// How much was written.
public struct MapWriteCounts: Hashable, Sendable {
    public var puts = 0
    public var deletes = 0
    public var barriers = 0

    public init() {}
}

extension KernelMapStore {
    /// Applies writes in order. Puts into one map that follow each other go to the kernel together.
    public borrowing func apply(_ writes: [MapWrite]) throws(MapWriteError) -> MapWriteCounts {
        var counts = MapWriteCounts()
        var index = 0
        while index < writes.count {
            do {
                switch writes[index] {
                case .barrier:
                    try ReadersBarrier.wait()
                    counts.barriers += 1
                    index += 1
                case .delete(let key):
                    try delete(key)
                    counts.deletes += 1
                    index += 1
                case .put(let entry):
                    let end = Self.endOfRun(from: index, in: writes)
                    if end - index == 1 { try put(entry) } else { try put(writes[index..<end]) }
                    counts.puts += end - index
                    index = end
                }
            } catch let error as BatchError {
                throw MapWriteError(
                    error: error.error, appliedCount: index + error.appliedCount, totalCount: writes.count)
            } catch let error as KernelError {
                throw MapWriteError(error: error, appliedCount: index, totalCount: writes.count)
            } catch {
                preconditionFailure("an error of another kind: \(error)")
            }
        }
        return counts
    }

    /// Where the puts into the map of the first end.
    private static func endOfRun(from start: Int, in writes: [MapWrite]) -> Int {
        guard case .put(let first) = writes[start] else { return start + 1 }
        var end = start + 1
        while end < writes.count, case .put(let entry) = writes[end], entry.key.map == first.key.map { end += 1 }
        return end
    }

    private borrowing func put(_ entry: MapEntry) throws(KernelError) {
        switch entry {
        case .frontend(let key, let value): try frontend.update(key, to: value)
        case .service(let key, let value): try service.update(key, to: value)
        case .endpoint(let key, let value): try endpoint.update(key, to: value)
        case .backend(let key, let value): try backend.update(key, to: value)
        case .backendAlternative(let key, let value): try backendAlternative.update(key, to: value)
        case .servicePort(let key, let value): try servicePort.update(key, to: value)
        case .manage(let key, let value): try manage.update(key, to: value)
        case .nodeInfo: preconditionFailure("\(entry.key.mapName) has another owner")
        }
    }

    private borrowing func put(_ run: ArraySlice<MapWrite>) throws(BatchError) {
        var frontends: ([FrontendKey], [FrontendValue]) = ([], [])
        var services: ([ServiceKey], [ServiceValue]) = ([], [])
        var endpoints: ([EndpointKey], [EndpointValue]) = ([], [])
        var backends: ([BackendKey], [BackendValue]) = ([], [])
        var alternatives: ([BackendKey], [BackendAlternative]) = ([], [])
        var ports: ([ServicePortKey], [ServicePortValue]) = ([], [])
        var managed: ([ManageKey], [ManageValue]) = ([], [])
        for write in run {
            guard case .put(let entry) = write else { preconditionFailure("a run holds puts only") }
            switch entry {
            case .frontend(let key, let value): Self.add(key, value, to: &frontends)
            case .service(let key, let value): Self.add(key, value, to: &services)
            case .endpoint(let key, let value): Self.add(key, value, to: &endpoints)
            case .backend(let key, let value): Self.add(key, value, to: &backends)
            case .backendAlternative(let key, let value): Self.add(key, value, to: &alternatives)
            case .servicePort(let key, let value): Self.add(key, value, to: &ports)
            case .manage(let key, let value): Self.add(key, value, to: &managed)
            case .nodeInfo: preconditionFailure("\(entry.key.mapName) has another owner")
            }
        }
        // A run is of one map: the other lists are empty.
        try frontend.update(frontends.0, to: frontends.1)
        try service.update(services.0, to: services.1)
        try endpoint.update(endpoints.0, to: endpoints.1)
        try backend.update(backends.0, to: backends.1)
        try backendAlternative.update(alternatives.0, to: alternatives.1)
        try servicePort.update(ports.0, to: ports.1)
        try manage.update(managed.0, to: managed.1)
    }

    private static func add<Key, Value>(_ key: Key, _ value: Value, to list: inout ([Key], [Value])) {
        list.0.append(key)
        list.1.append(value)
    }

    /// Deletes an entry; one that is gone already is no error.
    private borrowing func delete(_ key: MapEntryKey) throws(KernelError) {
        switch key {
        case .frontend(let key): try frontend.delete(key)
        case .service(let key): try service.delete(key)
        case .endpoint(let key): try endpoint.delete(key)
        case .backend(let key): try backend.delete(key)
        case .backendAlternative(let key): try backendAlternative.delete(key)
        case .servicePort(let key): try servicePort.delete(key)
        case .manage(let key): try manage.delete(key)
        case .nodeInfo: preconditionFailure("\(key.mapName) has another owner")
        }
    }

    /// What the maps hold now, with their capacities.
    public borrowing func snapshot() throws(KernelError) -> MapStore {
        var store = MapStore(capacities: capacities)
        // A copy is never fuller than the map.
        try frontend.forEach { try? store.frontend.update($0, to: $1) }
        try service.forEach { try? store.service.update($0, to: $1) }
        try endpoint.forEach { try? store.endpoint.update($0, to: $1) }
        try backend.forEach { try? store.backend.update($0, to: $1) }
        try backendAlternative.forEach { try? store.backendAlternative.update($0, to: $1) }
        try servicePort.forEach { try? store.servicePort.update($0, to: $1) }
        try manage.forEach { try? store.manage.update($0, to: $1) }
        return store
    }

    /// How many entries each map holds. Walks all of them.
    public borrowing func entryCounts() throws(KernelError) -> [KernelMapName: Int] {
        var counts: [KernelMapName: Int] = [:]
        for name in KernelMapName.inPrograms { counts[name] = 0 }
        try frontend.forEach { _, _ in counts[.frontend, default: 0] += 1 }
        try service.forEach { _, _ in counts[.service, default: 0] += 1 }
        try endpoint.forEach { _, _ in counts[.endpoint, default: 0] += 1 }
        try backend.forEach { _, _ in counts[.backend, default: 0] += 1 }
        try backendAlternative.forEach { _, _ in counts[.backendAlternative, default: 0] += 1 }
        try servicePort.forEach { _, _ in counts[.servicePort, default: 0] += 1 }
        try manage.forEach { _, _ in counts[.manage, default: 0] += 1 }
        return counts
    }

    /// What the maps take. The alternatives and further ports are as large as backends and endpoints.
    public var capacities: MapCapacities {
        MapCapacities(
            frontend: frontend.capacity, service: service.capacity, endpoint: endpoint.capacity,
            backend: backend.capacity, manage: manage.capacity, nodeInfo: 0)
    }
}
