public import Model

/// A map whose dump can be read: each of them.
public typealias DumpedMap = KernelMapName

extension KernelMapName {
    /// Without these maps nothing can be looked up.
    public static let required: [KernelMapName] = [.frontend, .service, .endpoint, .backend]

    /// The sizes of a key and of a value in bytes: those of the layouts in `kernel_abi.h`.
    public var byteCounts: (key: Int, value: Int) {
        func sizes<Key, Value>(_: Key.Type, _: Value.Type) -> (key: Int, value: Int) {
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
        case .workloadPolicy: sizes(BackendKey.self, WorkloadPolicyValue.self)
        case .authorizationResult: sizes(ConnectionTuple.self, AuthResult.self)
        }
    }

    /// The name of its file in a directory of dumps.
    public var fileName: String { "\(rawValue).json" }
}
