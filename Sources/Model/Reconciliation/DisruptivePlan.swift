/// The plan for maps that cannot hold old and new entries side by side: what is not desired goes before what is new
/// comes, so lookups may miss entries for a moment.
struct DisruptivePlan {
    private(set) var writes: [MapWrite] = []
    /// Ids of all that changes, ascending.
    private(set) var exposed: [ResourceID] = []

    init(_ survey: MapSurvey, from actual: MapStore, to desired: MapStore) {
        var ids: Set<ResourceID> = Set(survey.services).union(survey.backends)
        ids.formUnion(survey.endpoints.map(\.service_id))
        ids.formUnion(survey.ports.map(\.service_id))
        for key in survey.frontends {
            if let id = desired.upstream(of: key) ?? actual.upstream(of: key) { ids.insert(id) }
        }
        exposed = ids.sorted()
        let changes = EntryChanges(from: actual, to: desired)
        let frontends = survey.frontends.map { changes.frontend($0) }
        let rest =
            survey.backends.flatMap { changes.backend($0) } + survey.ports.map { changes.port($0) }
            + survey.endpoints.map { changes.endpoint($0) } + survey.services.map { changes.service($0) }
        let isDelete: (MapWrite) -> Bool = { if case .delete = $0 { true } else { false } }
        // From the frontends down, and with a barrier, so that lookups end before they reach what is gone.
        writes = frontends.filter(isDelete)
        if !writes.isEmpty { writes.append(.barrier) }
        writes += rest.reversed().filter(isDelete)
        writes += rest.filter { !isDelete($0) }
        writes += frontends.filter { !isDelete($0) }
        writes.append(.barrier)
    }
}

/// Single writes that take entries from actual to desired.
struct EntryChanges {
    private let actual: MapStore
    private let desired: MapStore

    init(from actual: MapStore, to desired: MapStore) {
        (self.actual, self.desired) = (actual, desired)
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
