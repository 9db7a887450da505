/// Most entries of each map.
public struct MapCapacities: Hashable, Sendable {
    public var frontend: Int
    public var service: Int
    public var endpoint: Int
    public var backend: Int
    public var manage: Int
    public var nodeInfo: Int

    public init(frontend: Int, service: Int, endpoint: Int, backend: Int, manage: Int, nodeInfo: Int) {
        self.frontend = frontend
        self.service = service
        self.endpoint = endpoint
        self.backend = backend
        self.manage = manage
        self.nodeInfo = nodeInfo
    }

    /// What upstream Kmesh compiles into its programs.
    public static let upstream = MapCapacities(
        frontend: 105_000, service: 5_000, endpoint: 105_000, backend: 100_000, manage: 8_192, nodeInfo: 8_192)
    /// Room for the largest clusters that Kubernetes supports, and their services.
    public static let large = MapCapacities(
        frontend: 420_000, service: 40_000, endpoint: 1_000_000, backend: 400_000, manage: 8_192, nodeInfo: 16_384)
}

extension MapCapacities {
    /// What maps need that hold all of a mesh, each service and its endpoints once.
    public static func needed(by mesh: Mesh) -> MapCapacities {
        let workloads = mesh.workloads.values
        return MapCapacities(
            frontend: mesh.services.values.reduce(0) { $0 + $1.addresses.count }
                + workloads.reduce(0) { $0 + $1.addresses.count },
            service: mesh.services.count, endpoint: workloads.reduce(0) { $0 + $1.services.count },
            backend: workloads.count + 1, manage: 0, nodeInfo: 0)
    }

    /// Capacities that leave room to grow and to put old and new side by side: at least twice what is needed, powers of
    /// two, since a hash map's table is one. The rest as in `large`.
    public static func fitting(_ needed: MapCapacities) -> MapCapacities {
        func room(_ count: Int) -> Int {
            var capacity = 1024
            while capacity < 2 * count { capacity *= 2 }
            return capacity
        }
        return MapCapacities(
            frontend: room(needed.frontend), service: room(needed.service), endpoint: room(needed.endpoint),
            backend: room(needed.backend), manage: large.manage, nodeInfo: large.nodeInfo)
    }

    /// Whether every map takes as much as `other` asks for.
    public func hold(_ other: MapCapacities) -> Bool {
        frontend >= other.frontend && service >= other.service && endpoint >= other.endpoint
            && backend >= other.backend
    }
}

/// The maps of one node in memory, with the kernel's semantics. A copy is a snapshot.
@frozen
public struct MapStore: Sendable {
    public var frontend: HashMap<FrontendKey, FrontendValue>
    public var service: HashMap<ServiceKey, ServiceValue>
    public var endpoint: HashMap<EndpointKey, EndpointValue>
    public var backend: HashMap<BackendKey, BackendValue>
    /// Ours: the second address family of dual-stack workloads.
    public var backendAlternative: HashMap<BackendKey, BackendAlternative>
    /// Ours: the ports of a service beyond ten.
    public var servicePort: HashMap<ServicePortKey, ServicePortValue>
    public var manage: HashMap<ManageKey, ManageValue>
    public var nodeInfo: LongestPrefixMap

    public init(capacities: MapCapacities) {
        frontend = HashMap(capacity: capacities.frontend)
        service = HashMap(capacity: capacities.service)
        endpoint = HashMap(capacity: capacities.endpoint)
        backend = HashMap(capacity: capacities.backend)
        backendAlternative = HashMap(capacity: capacities.backend)
        servicePort = HashMap(capacity: capacities.endpoint)
        manage = HashMap(capacity: capacities.manage)
        nodeInfo = LongestPrefixMap(capacity: capacities.nodeInfo)
    }

    /// Applies one write; a barrier does nothing here, since no lookup is under way between two calls.
    public mutating func apply(_ write: MapWrite) throws(MapError) {
        switch write {
        case .put(let entry): try put(entry)
        case .delete(let key): try delete(key)
        case .barrier: break
        }
    }

    public mutating func put(_ entry: MapEntry) throws(MapError) {
        switch entry {
        case .frontend(let key, let value): try frontend.update(key, to: value)
        case .service(let key, let value): try service.update(key, to: value)
        case .endpoint(let key, let value): try endpoint.update(key, to: value)
        case .backend(let key, let value): try backend.update(key, to: value)
        case .backendAlternative(let key, let value): try backendAlternative.update(key, to: value)
        case .servicePort(let key, let value): try servicePort.update(key, to: value)
        case .manage(let key, let value): try manage.update(key, to: value)
        case .nodeInfo(let key, let value): try nodeInfo.update(key, to: value)
        }
    }

    public mutating func delete(_ key: MapEntryKey) throws(MapError) {
        switch key {
        case .frontend(let key): try frontend.delete(key)
        case .service(let key): try service.delete(key)
        case .endpoint(let key): try endpoint.delete(key)
        case .backend(let key): try backend.delete(key)
        case .backendAlternative(let key): try backendAlternative.delete(key)
        case .servicePort(let key): try servicePort.delete(key)
        case .manage(let key): try manage.delete(key)
        case .nodeInfo(let key): try nodeInfo.delete(key)
        }
    }
}
