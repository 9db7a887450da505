/// The keys in which actual and desired maps differ, each list in the order of its keys. Linear in the maps, and small
/// when little differs. km_manage and km_nodeinfo belong to others and are left out.
struct MapSurvey {
    private(set) var frontends: [FrontendKey] = []
    private(set) var services: [ResourceID] = []
    private(set) var endpoints: [EndpointKey] = []
    /// Uids whose entry in km_backend or in km_backend_alt differs.
    private(set) var backends: [ResourceID] = []
    private(set) var ports: [ServicePortKey] = []

    init(from actual: MapStore, to desired: MapStore) {
        desired.frontend.forEachDifference(from: actual.frontend) { key, _, _ in frontends.append(key) }
        desired.service.forEachDifference(from: actual.service) { key, _, _ in services.append(key.service_id) }
        desired.endpoint.forEachDifference(from: actual.endpoint) { key, _, _ in endpoints.append(key) }
        desired.servicePort.forEachDifference(from: actual.servicePort) { key, _, _ in ports.append(key) }
        var uids: Set<ResourceID> = []
        desired.backend.forEachDifference(from: actual.backend) { key, _, _ in uids.insert(key.backend_uid) }
        desired.backendAlternative.forEachDifference(from: actual.backendAlternative) { key, _, _ in
            uids.insert(key.backend_uid)
        }
        frontends.sort { $0.addr.address < $1.addr.address }
        services.sort()
        endpoints.sort {
            ($0.service_id, $0.prio, $0.backend_index) < ($1.service_id, $1.prio, $1.backend_index)
        }
        ports.sort { ($0.service_id, $0.service_port) < ($1.service_id, $1.service_port) }
        backends = uids.sorted()
    }

    var isEmpty: Bool {
        frontends.isEmpty && services.isEmpty && endpoints.isEmpty && backends.isEmpty && ports.isEmpty
    }
}
