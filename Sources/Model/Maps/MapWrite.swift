/// An entry of one of the maps that the compiler fills.
public enum MapEntry: Sendable {
    case frontend(FrontendKey, FrontendValue)
    case service(ServiceKey, ServiceValue)
    case endpoint(EndpointKey, EndpointValue)
    case backend(BackendKey, BackendValue)
    case backendAlternative(BackendKey, BackendAlternative)
    case servicePort(ServicePortKey, ServicePortValue)
    case manage(ManageKey, ManageValue)
    case nodeInfo(NodeInfoKey, UInt32)
}

/// The key of an entry.
public enum MapEntryKey: Sendable {
    case frontend(FrontendKey)
    case service(ServiceKey)
    case endpoint(EndpointKey)
    case backend(BackendKey)
    case backendAlternative(BackendKey)
    case servicePort(ServicePortKey)
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
        case .backendAlternative(let key, _): .backendAlternative(key)
        case .servicePort(let key, _): .servicePort(key)
        case .manage(let key, _): .manage(key)
        case .nodeInfo(let key, _): .nodeInfo(key)
        }
    }
}

extension MapEntryKey {
    /// The map that the key is one of.
    public var map: KernelMapName {
        switch self {
        case .frontend: .frontend
        case .service: .service
        case .endpoint: .endpoint
        case .backend: .backend
        case .backendAlternative: .backendAlternative
        case .servicePort: .servicePort
        case .manage: .manage
        case .nodeInfo: .nodeInfo
        }
    }

    /// The map's name in the kernel.
    public var mapName: String { map.rawValue }
}
