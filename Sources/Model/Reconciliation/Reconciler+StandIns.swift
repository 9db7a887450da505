extension Reconciler {
    /// Gives ids to what stands in for others, as far as the maps have room.
    mutating func assignStandIns(room: MapRoom, names: NameTable) {
        var room = room
        let services = serviceSteps.filter { $0.value == .behindStandIn }.keys.sorted()
        let backends = backendsToDouble(for: services)
        guard !services.isEmpty || !backends.isEmpty else { return }
        var free = FreeIDs(count: services.count + backends.count, actual: actual, desired: desired, names: names)
        let entries = backends.count { desired.value(ofBackend: $0) != nil }
        let alternatives = backends.count { desired.alternative(ofBackend: $0) != nil }
        if let short = room.take([(.backend, entries), (.backendAlternative, alternatives)]) {
            note(short)
            exposeUsers(of: Set(backends), among: services)
        } else {
            for uid in backends { doubles[uid] = free.next() }
        }
        let portCounts = extraPortCounts(of: services)
        for id in services {
            let short = room.take([
                (.service, 1), (.endpoint, slotCount(of: id)), (.servicePort, portCounts[id] ?? 0),
            ])
            guard let short else {
                standIns[id] = free.next()
                continue
            }
            note(short)
            exposed.insert(id)
            serviceSteps[id] = reachable.contains(id) ? .unprotected : .fresh
        }
    }

    /// Where an address leads that shall lead to `id`, until all is settled.
    func target(_ id: ResourceID) -> ResourceID {
        if desired.value(ofService: id) != nil { return standIns[id] ?? id }
        return movedTargets.contains(id) ? doubles[id] ?? id : id
    }

    /// What the stand-ins hold: the desired entries under other ids.
    func standInEntries() -> [MapEntry] {
        var entries: [MapEntry] = []
        for (uid, double) in doubles.sorted(by: { $0.key < $1.key }) {
            let key = BackendKey(backend_uid: double)
            if let value = desired.alternative(ofBackend: uid) { entries.append(.backendAlternative(key, value)) }
            if let value = desired.value(ofBackend: uid) { entries.append(.backend(key, value)) }
        }
        let services = standIns.keys.sorted()
        let ports = extraPorts(of: services)
        for id in services {
            guard let standIn = standIns[id], let value = desired.value(ofService: id) else { continue }
            for (port, value) in ports[id] ?? [] {
                entries.append(.servicePort(ServicePortKey(service_id: standIn, service_port: port), value))
            }
            forEachSlot(of: id, value) { key, slot in
                var (key, slot) = (key, slot)
                key.service_id = standIn
                slot.backend_uid = doubles[slot.backend_uid] ?? slot.backend_uid
                entries.append(.endpoint(key, slot))
            }
            entries.append(.service(ServiceKey(service_id: standIn), value))
        }
        return entries
    }

    private mutating func note(_ map: KernelMapName) {
        if !shortMaps.contains(map) { shortMaps.append(map) }
    }

    /// Moved backends that stand-ins refer to, or that an address leads to.
    private func backendsToDouble(for services: [ResourceID]) -> [ResourceID] {
        var uids: Set<ResourceID> = []
        for id in services {
            guard let value = desired.value(ofService: id) else { continue }
            forEachSlot(of: id, value) { _, slot in
                if backendSteps[slot.backend_uid] == .moved { uids.insert(slot.backend_uid) }
            }
        }
        if !movedTargets.isEmpty {
            desired.frontend.forEachEntry { _, value in
                let id = value.upstream_id
                if movedTargets.contains(id), desired.value(ofService: id) == nil { uids.insert(id) }
            }
        }
        return uids.sorted()
    }

    /// Without doubles, services meet the entries of moved backends as they change.
    private mutating func exposeUsers(of backends: Set<ResourceID>, among services: [ResourceID]) {
        exposed.formUnion(backends)
        for id in services {
            guard let value = desired.value(ofService: id) else { continue }
            var isUser = false
            forEachSlot(of: id, value) { _, slot in isUser = isUser || backends.contains(slot.backend_uid) }
            if isUser { exposed.insert(id) }
        }
    }

    private func slotCount(of id: ResourceID) -> Int {
        guard let value = desired.value(ofService: id) else { return 0 }
        var count = 0
        forEachSlot(of: id, value) { _, _ in count += 1 }
        return count
    }

    private func forEachSlot(
        of id: ResourceID, _ value: ServiceValue, _ body: (EndpointKey, EndpointValue) -> Void
    ) {
        let counts = value.endpointCounts
        for priority in counts.indices where counts[priority] > 0 {
            for index in 1...UInt32(min(Int(counts[priority]), max(1, desired.endpoint.count))) {
                let key = EndpointKey(service_id: id, prio: UInt32(priority), backend_index: index)
                if let slot = desired.endpoint.lookup(key) { body(key, slot) }
            }
        }
    }

    private func extraPortCounts(of services: [ResourceID]) -> [ResourceID: Int] {
        extraPorts(of: services).mapValues(\.count)
    }

    /// The desired ports beyond ten, by service and ascending.
    private func extraPorts(of services: [ResourceID]) -> [ResourceID: [(port: UInt32, value: ServicePortValue)]] {
        let wanted = Set(services)
        var ports: [ResourceID: [(port: UInt32, value: ServicePortValue)]] = [:]
        guard !wanted.isEmpty else { return ports }
        desired.servicePort.forEachEntry { key, value in
            if wanted.contains(key.service_id) { ports[key.service_id, default: []].append((key.service_port, value)) }
        }
        return ports.mapValues { $0.sorted { $0.port < $1.port } }
    }
}
