import Model

extension KernelMapName {
    /// The maps of the programs that the compiler and the agent fill.
    static let inPrograms: [KernelMapName] = [
        .frontend, .service, .endpoint, .backend, .backendAlternative, .servicePort, .manage,
    ]

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
