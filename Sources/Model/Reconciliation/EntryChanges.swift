/// Single writes that take entries from actual to desired.
struct EntryChanges {
    private let actual: MapStore
    private let desired: MapStore

    init(from actual: MapStore, to desired: MapStore) {
        (self.actual, self.desired) = (actual, desired)
    }

    /// Whether a write puts a key that the actual maps have not.
    func isInsertion(_ write: MapWrite) -> Bool {
        guard case .put(let entry) = write else { return false }
        return switch entry {
        case .frontend(let key, _): actual.frontend.position(of: key) == nil
        case .service(let key, _): actual.service.position(of: key) == nil
        case .endpoint(let key, _): actual.endpoint.position(of: key) == nil
        case .backend(let key, _): actual.backend.position(of: key) == nil
        case .backendAlternative(let key, _): actual.backendAlternative.position(of: key) == nil
        case .servicePort(let key, _): actual.servicePort.position(of: key) == nil
        case .manage, .nodeInfo: false
        }
    }

    /// Puts or deletes an address's entry.
    func frontend(_ key: FrontendKey) -> MapWrite {
        desired.frontend.lookup(key).map { .put(.frontend(key, $0)) } ?? .delete(.frontend(key))
    }

    /// Puts or deletes a service's value.
    func service(_ id: ResourceID) -> MapWrite {
        let key = ServiceKey(service_id: id)
        return desired.service.lookup(key).map { .put(.service(key, $0)) } ?? .delete(.service(key))
    }

    /// Puts or deletes a slot.
    func endpoint(_ key: EndpointKey) -> MapWrite {
        desired.endpoint.lookup(key).map { .put(.endpoint(key, $0)) } ?? .delete(.endpoint(key))
    }

    /// Puts or deletes a port beyond ten.
    func port(_ key: ServicePortKey) -> MapWrite {
        desired.servicePort.lookup(key).map { .put(.servicePort(key, $0)) } ?? .delete(.servicePort(key))
    }

    /// What km_backend_alt and km_backend need for a uid: up to two writes.
    func backend(_ uid: ResourceID) -> [MapWrite] { alternative(uid) + value(ofBackend: uid) }

    /// What km_backend_alt needs for a uid: at most one write.
    func alternative(_ uid: ResourceID) -> [MapWrite] {
        let key = BackendKey(backend_uid: uid)
        switch (actual.alternative(ofBackend: uid), desired.alternative(ofBackend: uid)) {
        case (let old?, let new?) where sameBytes(old, new): return []
        case (_, let new?): return [.put(.backendAlternative(key, new))]
        case (_?, nil): return [.delete(.backendAlternative(key))]
        case (nil, nil): return []
        }
    }

    /// What km_backend needs for a uid: at most one write.
    func value(ofBackend uid: ResourceID) -> [MapWrite] {
        let key = BackendKey(backend_uid: uid)
        switch (actual.value(ofBackend: uid), desired.value(ofBackend: uid)) {
        case (let old?, let new?) where sameBytes(old, new): return []
        case (_, let new?): return [.put(.backend(key, new))]
        case (_?, nil): return [.delete(.backend(key))]
        case (nil, nil): return []
        }
    }
}
