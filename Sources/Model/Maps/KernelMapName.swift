/// The maps between user space and the hooks that hold keys and values, by their names in the kernel. Ring buffers and
/// the storage of sockets are not among them.
public enum KernelMapName: String, Hashable, Sendable, CaseIterable {
    case frontend = "km_frontend"
    case service = "km_service"
    case endpoint = "km_endpoint"
    case backend = "km_backend"
    /// Ours, absent where upstream filled the maps.
    case backendAlternative = "km_backend_alt"
    /// Ours, absent where upstream filled the maps.
    case servicePort = "km_service_port"
    case manage = "km_manage"
    case nodeInfo = "km_nodeinfo"
    case workloadPolicy = "km_wlpolicy"
    case authorizationResult = "km_auth_res"
}
