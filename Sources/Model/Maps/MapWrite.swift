/// An entry of one of the maps that the compiler fills.
public enum MapEntry: Sendable {
    case frontend(FrontendKey, FrontendValue)
    case service(ServiceKey, ServiceValue)
    case endpoint(EndpointKey, EndpointValue)
    case backend(BackendKey, BackendValue)
    case manage(ManageKey, ManageValue)
    case nodeInfo(NodeInfoKey, UInt32)
}

/// The key of an entry.
public enum MapEntryKey: Sendable {
    case frontend(FrontendKey)
    case service(ServiceKey)
    case endpoint(EndpointKey)
    case backend(BackendKey)
    case manage(ManageKey)
    case nodeInfo(NodeInfoKey)
}

/// One element of the compiler's list. Writes are applied in order; each is atomic to lookups.
public enum MapWrite: Sendable {
    case put(MapEntry)
    case delete(MapEntryKey)
    /// No lookup that began before the barrier goes on after it (an RCU grace period in the kernel).
    case barrier
}

extension MapEntry {
    public var key: MapEntryKey {
        switch self {
        case .frontend(let key, _): .frontend(key)
        case .service(let key, _): .service(key)
        case .endpoint(let key, _): .endpoint(key)
        case .backend(let key, _): .backend(key)
        case .manage(let key, _): .manage(key)
        case .nodeInfo(let key, _): .nodeInfo(key)
        }
    }
}

extension MapEntryKey {
    /// The map's name in the kernel.
    public var mapName: String {
        switch self {
        case .frontend: "km_frontend"
        case .service: "km_service"
        case .endpoint: "km_endpoint"
        case .backend: "km_backend"
        case .manage: "km_manage"
        case .nodeInfo: "km_nodeinfo"
        }
    }
}
