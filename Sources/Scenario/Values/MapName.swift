import Model

/// The maps that a scenario can write to and look into, by their names in the kernel.
public enum MapName: Hashable, Sendable, CaseIterable {
    case frontend, service, endpoint, backend, backendAlternative, servicePort, manage, nodeInfo

    /// The map in the kernel.
    public var kernelName: KernelMapName {
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
}

extension MapName: RawRepresentable {
    public var rawValue: String { kernelName.rawValue }

    /// - Returns: nil when no map has the name, or no scenario can reach it.
    public init?(rawValue: String) {
        guard let map = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = map
    }
}
