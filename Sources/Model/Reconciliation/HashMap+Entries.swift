extension HashMap {
    /// Visits all entries, without a copy, in an order that depends on how the map came to be.
    func forEachEntry(_ body: (Key, Value) -> Void) {
        for slot in slots where slot.tag != 0 { body(slot.key, slot.value) }
    }

    /// Visits the keys whose entries the two maps do not share byte for byte, in no useful order.
    func forEachDifference(from actual: Self, _ body: (Key, _ actual: Value?, _ desired: Value?) -> Void) {
        forEachEntry { key, value in
            let old = actual.lookup(key)
            if let old, sameBytes(old, value) { return }
            body(key, old, value)
        }
        actual.forEachEntry { key, old in
            if position(of: key) == nil { body(key, old, nil) }
        }
    }
}

extension MapStore {
    func value(ofService id: ResourceID) -> ServiceValue? { service.lookup(ServiceKey(service_id: id)) }
    func value(ofBackend uid: ResourceID) -> BackendValue? { backend.lookup(BackendKey(backend_uid: uid)) }
    func alternative(ofBackend uid: ResourceID) -> BackendAlternative? {
        backendAlternative.lookup(BackendKey(backend_uid: uid))
    }
    /// What the frontend of an address names.
    func upstream(of key: FrontendKey) -> ResourceID? { frontend.lookup(key)?.upstream_id }
}
