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

/// The maps of one node in memory, with the kernel's semantics. A copy is a snapshot.
@frozen
public struct MapStore: Sendable {
    public var frontend: HashMap<FrontendKey, FrontendValue>
    public var service: HashMap<ServiceKey, ServiceValue>
    public var endpoint: HashMap<EndpointKey, EndpointValue>
    public var backend: HashMap<BackendKey, BackendValue>
    public var manage: HashMap<ManageKey, ManageValue>
    public var nodeInfo: LongestPrefixMap

    public init(capacities: MapCapacities) {
        frontend = HashMap(capacity: capacities.frontend)
        service = HashMap(capacity: capacities.service)
        endpoint = HashMap(capacity: capacities.endpoint)
        backend = HashMap(capacity: capacities.backend)
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
        case .manage(let key): try manage.delete(key)
        case .nodeInfo(let key): try nodeInfo.delete(key)
        }
    }
}
