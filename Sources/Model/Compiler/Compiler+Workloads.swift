extension Compiler {
    /// Adds or changes a workload.
    mutating func set(_ workload: Workload, into writes: inout [MapWrite]) {
        let uid = names.id(for: workload.uid.text)
        forgetWaypoint(of: uid)
        let isRankingNew = learn(from: workload)
        var waypoint: IPAddress?
        if let gateway = workload.waypoint {
            waypoint = address(of: gateway, user: uid, family: workload.addresses.first?.family)
            if waypoint == nil {
                withheld[uid] = .workload(workload)
                if isRankingNew { rerankAll(into: &writes) }
                return
            }
        }
        withheld[uid] = nil
        let old = workloads[uid]
        let services = workload.services.map { Membership(id: names.id(for: $0.key.description), ports: $0.value) }
        var record = WorkloadRecord(
            workload: workload, services: memberships.share(services.sorted { $0.id < $1.id }))
        let isWithheld = record.health == .unhealthy && old?.backend == nil && options.unhealthyAtFirst == .withhold
        if !isWithheld, !record.addresses.isEmpty {
            setValues(of: &record, waypoint: waypoint, port: workload.waypoint?.port ?? 0)
        }
        replace(old, with: record, uid: uid, ranksAll: isRankingNew, into: &writes)
    }

    /// Removes a workload.
    mutating func remove(_ uid: WorkloadUID, into writes: inout [MapWrite]) {
        guard let id = names.existingID(of: uid.text) else { return }
        forgetWaypoint(of: id)
        withheld[id] = nil
        if let old = workloads[id] {
            var record = old
            record.services = []
            record.backend = nil
            record.alternative = nil
            record.frontends = []
            replace(old, with: record, uid: id, into: &writes)
            workloads[id] = nil
        }
    }

    /// Sets what km_backend, km_backend_alt and km_frontend shall hold.
    private func setValues(
        of record: inout WorkloadRecord, waypoint: IPAddress?, port: UInt16
    ) {
        var primary = record.addresses[record.addresses.count - 1]
        if options.extras == .keep {
            let v4 = record.addresses.first { $0.family == .v4 }
            let v6 = record.addresses.first { $0.family == .v6 }
            primary = v4 ?? v6 ?? primary
            record.alternative = v4 == nil ? nil : v6
        }
        record.backend = WorkloadRecord.Backend(
            address: MapAddress(primary), waypoint: waypoint.map { MapAddress($0) } ?? .zero,
            waypointPort: waypoint == nil ? 0 : mapPort(port))
        if record.networkMode == .standard { record.frontends = record.addresses }
    }

    /// Takes the maps from one state of a workload to the next.
    ///
    /// Services that lose the endpoint, or put it farther away, change before the workload's own entries, so that no
    /// lookup meets the new entry where only the old one belongs; services that gain it, or draw it nearer, after them.
    /// - Parameter ranksAll: all endpoints are ranked again: those of the workload's services at once with it, because
    ///   it is the nearest of all and may be the only near one.
    private mutating func replace(
        _ old: WorkloadRecord?, with record: WorkloadRecord, uid: ResourceID, ranksAll: Bool = false,
        into writes: inout [MapWrite]
    ) {
        let serviceIDs = Set(record.services.map(\.id)).union(old?.services.map(\.id) ?? []).sorted()
        for id in serviceIDs {
            let isMember = record.services.contains { $0.id == id }
            if isMember { members[id, default: []].insert(uid) } else { members[id]?.remove(uid) }
        }
        if ranksAll { rerankAll(except: serviceIDs, into: &writes) }
        let numbering = Set(serviceIDs.filter { old?.numbersPorts(of: $0) ?? false || record.numbersPorts(of: $0) })
        // The ranking of the endpoint reads the record; the maps follow below.
        workloads[uid] = record
        var later: [ResourceID] = []
        for id in serviceIDs where services[id] != nil {
            let wanted = priority(of: uid, record, in: id)
            let current = services[id]?.table.place(of: uid)?.priority
            if let wanted, current.map({ wanted <= $0 }) ?? true {
                later.append(id)
            } else {
                let next = next(of: uid, to: wanted, in: id, ranksAll: ranksAll, readsPorts: numbering.contains(id))
                if let next { change(id, to: next, AddressChange(), into: &writes) }
            }
        }
        replaceEntries(of: uid, old, with: record, into: &writes)
        if old?.backend?.waypointPort ?? 0 != 0, old?.waypoint != record.waypoint, !later.isEmpty {
            // A lookup that still goes to the old waypoint must not meet the workload among the waypoint's endpoints.
            writes.append(.barrier)
        }
        for id in later {
            let wanted = priority(of: uid, record, in: id)
            let next = next(of: uid, to: wanted, in: id, ranksAll: ranksAll, readsPorts: numbering.contains(id))
            if let next { change(id, to: next, AddressChange(), into: &writes) }
        }
        claim(record, uid: uid, into: &writes)
    }

    /// What a service shall be when one endpoint moves.
    private func next(
        of uid: ResourceID, to priority: Int?, in id: ResourceID, ranksAll: Bool, readsPorts: Bool
    ) -> NextService? {
        guard let record = services[id] else { return nil }
        var changes = EndpointChanges()
        if ranksAll {
            changes = endpointChanges(of: record, id: id)
            // Where early endpoints are lost, only those that are there already were ranked again.
            let isNew = record.table.place(of: uid) == nil && !changes.additions.contains { $0.uid == uid }
            if isNew, let priority { changes.additions.append((uid, priority)) }
        } else {
            append(uid, priority, record.table, to: &changes)
        }
        if readsPorts { return next(record, id: id, changes) }
        return NextService(value: record.table.header, extraPorts: record.extraPorts, changes: changes)
    }

    /// The priority of a workload in a service, nil when it is no endpoint of it.
    private func priority(of uid: ResourceID, _ workload: WorkloadRecord, in id: ResourceID) -> Int? {
        guard workload.services.contains(where: { $0.id == id }), let service = services[id] else { return nil }
        return priority(of: uid, workload, in: service, isReranked: false)
    }

    /// Writes km_backend and km_backend_alt, after the frontends of addresses that go.
    private mutating func replaceEntries(
        of uid: ResourceID, _ old: WorkloadRecord?, with record: WorkloadRecord, into writes: inout [MapWrite]
    ) {
        let vanished = (old?.frontends ?? []).filter { !record.frontends.contains($0) }
        disclaim(vanished, of: uid, into: &writes)
        let key = BackendKey(backend_uid: uid)
        guard let value = record.value else {
            if old?.backend != nil {
                if !vanished.isEmpty { writes.append(.barrier) }
                writes.append(.delete(.backend(key)))
            }
            if old?.alternative != nil { writes.append(.delete(.backendAlternative(key))) }
            return
        }
        let isNew = old?.value.map { !sameBytes($0, value) } ?? true
        if isNew && !vanished.isEmpty { writes.append(.barrier) }
        let putBackend = isNew ? [MapWrite.put(.backend(key, value))] : []
        var alternative: [MapWrite] = []
        if old?.alternative != record.alternative {
            if let address = record.alternative {
                alternative = [.put(.backendAlternative(key, BackendAlternative(addr: MapAddress(address))))]
            } else {
                alternative = [.delete(.backendAlternative(key))]
            }
        }
        // Under a waypoint the alternative is not read.
        let hadWaypoint = old?.backend.map { $0.waypointPort != 0 } ?? false
        let gainsWaypoint = value.waypoint_port != 0 && !hadWaypoint
        if alternative.isEmpty || putBackend.isEmpty {
            writes += putBackend + alternative
        } else if !hadWaypoint && (record.alternative == nil || gainsWaypoint) {
            writes += putBackend + [.barrier] + alternative
        } else {
            writes += alternative + putBackend
        }
    }

    private mutating func claim(
        _ record: WorkloadRecord, uid: ResourceID, into writes: inout [MapWrite]
    ) {
        for address in record.frontends {
            let isClaimed = owners[address]?.workloads.contains(uid) ?? false
            if isClaimed && options.sharedAddress == .firstName { continue }
            let old = owner(of: address)
            owners[address, default: AddressOwners()].insert(workload: uid)
            updateFrontend(address, from: old, into: &writes)
        }
    }
}

extension Compiler.WorkloadRecord {
    /// What km_backend holds, nil when it holds nothing.
    var value: BackendValue? {
        guard let backend else { return nil }
        var value = BackendValue()
        value.addr = backend.address
        value.wp_addr = backend.waypoint
        value.waypoint_port = backend.waypointPort
        var ids = value.services
        let listed = services.prefix(Compiler.listedServiceCount)
        for (index, service) in listed.enumerated() { ids[index] = service.id }
        value.services = ids
        value.service_count = UInt32(listed.count)
        return value
    }

    /// Whether the workload says numbers for ports that a service may leave open.
    fileprivate func numbersPorts(of id: ResourceID) -> Bool {
        services.first { $0.id == id }?.ports.contains { $0.targetPort != 0 } ?? false
    }
}
