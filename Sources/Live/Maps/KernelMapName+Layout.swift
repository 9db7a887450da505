import Model

extension KernelMapName {
    /// The maps of the programs that the compiler and the agent fill.
    static let inPrograms: [KernelMapName] = [
        .frontend, .service, .endpoint, .backend, .backendAlternative, .servicePort, .manage,
    ]

    /// Bytes of a key and a value.
    var layoutSizes: (key: Int, value: Int) {
        func sizes<Key, Value>(_ key: Key.Type, _ value: Value.Type) -> (Int, Int) {
            (MemoryLayout<Key>.size, MemoryLayout<Value>.size)
        }
        return switch self {
        case .frontend: sizes(FrontendKey.self, FrontendValue.self)
        case .service: sizes(ServiceKey.self, ServiceValue.self)
        case .endpoint: sizes(EndpointKey.self, EndpointValue.self)
        case .backend: sizes(BackendKey.self, BackendValue.self)
        case .backendAlternative: sizes(BackendKey.self, BackendAlternative.self)
        case .servicePort: sizes(ServicePortKey.self, ServicePortValue.self)
        case .manage: sizes(ManageKey.self, ManageValue.self)
        case .nodeInfo: sizes(NodeInfoKey.self, UInt32.self)
        case .workloadPolicy: sizes(ResourceID.self, WorkloadPolicyValue.self)
        case .authorizationResult: sizes(ConnectionTuple.self, AuthResult.self)
        }
    }

    /// Most entries, by the capacities of a data plane.
    func capacity(_ capacities: MapCapacities) -> Int {
        switch self {
        case .frontend: capacities.frontend
        case .service: capacities.service
        case .endpoint, .servicePort: capacities.endpoint
        case .backend, .backendAlternative, .workloadPolicy: capacities.backend
        case .manage, .authorizationResult: capacities.manage
        case .nodeInfo: capacities.nodeInfo
        }
    }
}
