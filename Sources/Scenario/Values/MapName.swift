/// The maps that a scenario can write to and look into.
public enum MapName: String, Hashable, Sendable, CaseIterable {
    case frontend = "km_frontend"
    case service = "km_service"
    case endpoint = "km_endpoint"
    case backend = "km_backend"
    case manage = "km_manage"
    case nodeInfo = "km_nodeinfo"
}
