extension Reconciler {
    /// The plan; `exposed` then also holds what the order of the switches cannot protect.
    mutating func writes() -> [MapWrite] {
        var writes = prepared()
        let standIn = standInEntries()
        writes += standIn.map { .put($0) }
        let order = SwitchOrder(switches(), from: actual, to: desired)
        exposed.formUnion(order.unordered)
        for (index, layer) in order.layers.enumerated() {
            if index > 0 { writes.append(.barrier) }
            writes += layer
        }
        let (settled, back) = (settled(), leadingBack())
        if !settled.isEmpty || !back.isEmpty {
            Self.appendBarrier(to: &writes)
            writes += settled + back
        }
        if !standIn.isEmpty {
            Self.appendBarrier(to: &writes)
            writes += standIn.reversed().map { .delete($0.key) }
        }
        Self.appendBarrier(to: &writes)
        return writes
    }

    private static func appendBarrier(to writes: inout [MapWrite]) {
        if case .barrier? = writes.last { return }
        if !writes.isEmpty { writes.append(.barrier) }
    }

    // MARK: Prepare

    /// Litter goes, and what no lookup reaches yet comes, in the order of references: what is named before what names it.
    private func prepared() -> [MapWrite] {
        var writes = litter
        // A run that ended a moment ago may have taken litter from a lookup that still holds it.
        if !writes.isEmpty { writes.insert(.barrier, at: 0) }
        for uid in survey.backends where backendSteps[uid] == .fresh {
            if desired.alternative(ofBackend: uid) != nil { writes += changes.alternative(uid) }
            if desired.value(ofBackend: uid) != nil { writes += changes.value(ofBackend: uid) }
        }
        for key in survey.ports where serviceSteps[key.service_id] == .fresh {
            if desired.servicePort.position(of: key) != nil { writes.append(changes.port(key)) }
        }
        for key in survey.endpoints where isPrepared(key) { writes.append(changes.endpoint(key)) }
        for id in survey.services where serviceSteps[id] == .fresh { writes.append(changes.service(id)) }
        return writes
    }

    /// Whether a slot is put before anything switches: nobody reads it yet.
    private func isPrepared(_ key: EndpointKey) -> Bool {
        guard desired.endpoint.position(of: key) != nil else { return false }
        return switch serviceSteps[key.service_id] {
        case .fresh: true
        case .inPlace: !isRead(key)
        case .behindStandIn, .unprotected, nil: false
        }
    }

    /// Whether the actual counts cover a slot.
    private func isRead(_ key: EndpointKey) -> Bool {
        guard let counts = actual.value(ofService: key.service_id)?.endpointCounts, key.prio < counts.count else {
            return false
        }
        return 1...max(1, counts[Int(key.prio)]) ~= key.backend_index && counts[Int(key.prio)] > 0
    }

    // MARK: Switch

    /// The writes that take lookups from old to new: new keys first, deletes last.
    private func switches() -> [Switch] {
        var switches: [Switch] = []
        for uid in survey.backends where backendSteps[uid] == .inPlace {
            for write in changes.value(ofBackend: uid) {
                let isNew = actual.value(ofBackend: uid) == nil
                switches.append(Switch(.resource(uid), write, isInsertion: isNew, old: uid, new: uid))
            }
        }
        for id in survey.services where serviceSteps[id] == .inPlace {
            switches.append(Switch(.resource(id), changes.service(id), isInsertion: false, old: id, new: id))
        }
        var addresses: Set<IPAddress> = []
        for key in survey.frontends {
            addresses.insert(key.addr.address)
            append(key, to: &switches)
        }
        if !standIns.isEmpty || !doubles.isEmpty {
            var further: [FrontendKey] = []
            desired.frontend.forEachEntry { key, value in
                guard target(value.upstream_id) != value.upstream_id else { return }
                if !addresses.contains(key.addr.address) { further.append(key) }
            }
            for key in further.sorted(by: { $0.addr.address < $1.addr.address }) { append(key, to: &switches) }
        }
        return switches
    }

    private func append(_ key: FrontendKey, to switches: inout [Switch]) {
        let (old, new) = (actual.upstream(of: key), desired.upstream(of: key))
        let write: MapWrite
        if let new {
            write = .put(.frontend(key, FrontendValue(upstream_id: target(new))))
        } else {
            write = .delete(.frontend(key))
        }
        switches.append(Switch(.address(key), write, isInsertion: old == nil, old: old, new: new))
    }

    // MARK: Settle

    /// What nobody reads becomes as it should be; then come replacements that no lookup can notice.
    private func settled() -> [MapWrite] {
        var insertions: [MapWrite] = []
        var replacements: [MapWrite] = []
        var deletes: [MapWrite] = []
        func add(_ writes: [MapWrite]) {
            for write in writes {
                if case .delete = write {
                    deletes.append(write)
                } else if changes.isInsertion(write) {
                    insertions.append(write)
                } else {
                    replacements.append(write)
                }
            }
        }
        for uid in survey.backends {
            switch backendSteps[uid] {
            case .moved: add(changes.backend(uid))
            case .inPlace: add(changes.alternative(uid))
            case .fresh, .unnoticed, nil: break
            }
        }
        for key in survey.ports where !isLitter(key) {
            let isPrepared = serviceSteps[key.service_id] == .fresh && desired.servicePort.position(of: key) != nil
            if !isPrepared { add([changes.port(key)]) }
        }
        for key in survey.endpoints where !isLitter(key) && !isPrepared(key) {
            if serviceSteps[key.service_id] != .inPlace || desired.endpoint.position(of: key) == nil {
                add([changes.endpoint(key)])
            }
        }
        for id in survey.services where !isLitter(service: id) {
            if serviceSteps[id] != .fresh, serviceSteps[id] != .inPlace { add([changes.service(id)]) }
        }
        var unnoticed: [MapWrite] = []
        for uid in survey.backends where backendSteps[uid] == .unnoticed { unnoticed += changes.backend(uid) }
        for key in survey.endpoints where serviceSteps[key.service_id] == .inPlace && !isPrepared(key) {
            if desired.endpoint.position(of: key) != nil { unnoticed.append(changes.endpoint(key)) }
        }
        // New keys first: where addresses lead to a moved workload itself, its old element can still be held.
        return insertions + replacements + deletes.reversed() + unnoticed
    }

    /// Leads addresses from stand-ins to the ids that they stand in for.
    private func leadingBack() -> [MapWrite] {
        guard !standIns.isEmpty || !doubles.isEmpty else { return [] }
        var keys: [FrontendKey] = []
        desired.frontend.forEachEntry { key, value in
            if target(value.upstream_id) != value.upstream_id { keys.append(key) }
        }
        return keys.sorted { $0.addr.address < $1.addr.address }.map { changes.frontend($0) }
    }
}
