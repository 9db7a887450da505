extension Compiler {
    /// Adds or changes a service.
    mutating func set(_ service: Service, into writes: inout [MapWrite], _ problems: inout [Problem]) {
        let id = names.id(for: service.name.description)
        forgetWaypoint(of: id)
        guard let waypoint = waypointAddress(of: service, id: id) else {
            withheld[id] = .service(service)
            problems.append(withholding(service.name.description, service.waypoint))
            return
        }
        withheld[id] = nil
        if services[id] == nil { services[id] = ServiceRecord(service: service, table: ServiceTable(id: id)) }
        let old = services[id]?.service
        let oldAddresses = services[id]?.table.isPublished ?? false ? old?.addresses.map(\.address) ?? [] : []
        services[id]?.service = service
        let ports = portValues(of: service, id: id, &problems)
        let value = value(of: service, waypoint: waypoint.address, port: waypoint.port, ports: ports.listed)
        let isReranked = old?.loadBalancing.isRanked != service.loadBalancing.isRanked
        let changes =
            services[id].map { endpointChanges(of: $0, id: id, isReranked: isReranked) } ?? EndpointChanges()

        let newAddresses = service.addresses.map(\.address)
        let vanished = oldAddresses.filter { !newAddresses.contains($0) }
        let keepsValue = services[id]?.table.header.isSameHeader(as: value) ?? false
        let isMoved = keepsValue && changes.isEmpty
        if !vanished.isEmpty && !isMoved {
            // Lookups by an old address must not meet the new value.
            disclaim(vanished, of: id, into: &writes, &problems)
            writes.append(.barrier)
        }
        replaceExtraPorts(of: id, with: ports.extra, listed: ports.listed, into: &writes) { compiler, writes in
            compiler.transition(id, to: value, changes, into: &writes)
        }
        for address in newAddresses { claim(address, service: id, into: &writes, &problems) }
        releaseWaiting(for: id, into: &writes, &problems)
        if !vanished.isEmpty && isMoved {
            writes.append(.barrier)
            disclaim(vanished, of: id, into: &writes, &problems)
        }
    }

    /// Removes a service. Its workloads stay members of the name.
    mutating func remove(_ name: ServiceName, into writes: inout [MapWrite], _ problems: inout [Problem]) {
        guard let id = names.existingID(of: name.description) else { return }
        forgetWaypoint(of: id)
        withheld[id] = nil
        if let record = services[id] {
            disclaim(record.service.addresses.map(\.address), of: id, into: &writes, &problems)
            writes.append(.barrier)
            writes.append(.delete(.service(ServiceKey(service_id: id))))
            endpointCount -= record.table.endpointCount
            var table = record.table
            writes += table.withdraw()
            for port in record.extraPorts.keys.sorted() {
                writes.append(.delete(.servicePort(ServicePortKey(service_id: id, service_port: port))))
            }
            services[id] = nil
        }
        if members[id]?.isEmpty ?? true, waypointUsers[id]?.isEmpty ?? true { names.release(name.description) }
    }

    private mutating func claim(
        _ address: IPAddress, service id: ResourceID, into writes: inout [MapWrite], _ problems: inout [Problem]
    ) {
        let old = owner(of: address)
        owners[address, default: AddressOwners()].insert(service: id)
        updateFrontend(address, from: old, into: &writes, &problems)
    }

    // MARK: Values

    private func value(
        of service: Service, waypoint: MapAddress, port: UInt16, ports: [(service: UInt32, target: UInt32)]
    ) -> ServiceValue {
        var value = ServiceValue()
        value.lb_policy = service.loadBalancing.mapValue
        value.wp_addr = waypoint
        value.waypoint_port = mapPort(port)
        var servicePorts = value.servicePorts
        var targetPorts = value.targetPorts
        for (index, port) in ports.enumerated() {
            servicePorts[index] = port.service
            targetPorts[index] = port.target
        }
        value.servicePorts = servicePorts
        value.targetPorts = targetPorts
        return value
    }

    /// The value of a known service with its ports read again, for a change of its members.
    func valueWithCurrentPorts(of record: ServiceRecord, id: ResourceID) -> ServiceValue {
        guard options.namedPort == .fromEndpoints, record.service.ports.contains(where: { $0.targetPort == 0 }) else {
            return record.table.header
        }
        var ignored: [Problem] = []
        let ports = portValues(of: record.service, id: id, &ignored)
        let header = record.table.header
        return value(
            of: record.service, waypoint: header.wp_addr, port: hostPort(header.waypoint_port), ports: ports.listed)
    }

    /// The ports in map form: those that km_service holds, and those beyond.
    private func portValues(
        of service: Service, id: ResourceID, _ problems: inout [Problem]
    ) -> (listed: [(service: UInt32, target: UInt32)], extra: [UInt32: UInt32]) {
        let limit = 10
        var listed: [(service: UInt32, target: UInt32)] = []
        var extra: [UInt32: UInt32] = [:]
        for (index, port) in service.ports.enumerated() {
            let pair = (
                service: mapPort(port.servicePort), target: mapPort(target(of: port, in: service, id, &problems))
            )
            if index < limit {
                listed.append(pair)
            } else if options.extras == .keep, extra[pair.service] == nil {
                extra[pair.service] = pair.target
            }
        }
        if service.ports.count > limit, options.extras == .drop {
            problems.append(.tooManyPorts(service.name, count: service.ports.count, kept: limit))
        }
        for pair in listed { extra[pair.service] = nil }
        return (listed, extra)
    }

    private func target(
        of port: ServicePort, in service: Service, _ id: ResourceID, _ problems: inout [Problem]
    ) -> UInt16 {
        if service.name.description.contains("waypoint") { return Gateway.kmeshPort }
        if port.targetPort != 0 { return port.targetPort }
        if options.namedPort == .fromEndpoints {
            for uid in (members[id] ?? []).sorted() {
                let ports = workloads[uid]?.services.first { $0.id == id }?.ports ?? []
                if let number = ports.first(where: { $0.servicePort == port.servicePort && $0.targetPort != 0 }) {
                    return number.targetPort
                }
            }
        }
        // Without members there is nothing to resolve it by, and nothing to reach.
        if !port.targetName.isEmpty, options.namedPort == .servicePort || !(members[id]?.isEmpty ?? true) {
            problems.append(.unresolvedPort(service.name, port: port.servicePort, name: port.targetName))
        }
        return port.servicePort
    }

    /// Changes the ports beyond ten around a transition: what goes away before it, what comes after it; a port that
    /// changes its place is in both meanwhile.
    private mutating func replaceExtraPorts(
        of id: ResourceID, with new: [UInt32: UInt32], listed: [(service: UInt32, target: UInt32)],
        into writes: inout [MapWrite], _ transition: (inout Compiler, inout [MapWrite]) -> Void
    ) {
        let old = services[id]?.extraPorts ?? [:]
        if old.isEmpty && new.isEmpty {
            transition(&self, &writes)
            return
        }
        func key(_ port: UInt32) -> ServicePortKey { ServicePortKey(service_id: id, service_port: port) }
        func put(_ port: UInt32) {
            guard let target = new[port] else { return }
            writes.append(.put(.servicePort(key(port), ServicePortValue(target_port: target))))
        }
        let listedPorts = listed.map(\.service)
        let listedBefore = services[id].map { $0.table.header.servicePorts.array() } ?? []
        for port in old.keys.sorted() where new[port] == nil && !listedPorts.contains(port) {
            writes.append(.delete(.servicePort(key(port))))
        }
        for port in new.keys.sorted() where old[port] == nil && listedBefore.contains(port) { put(port) }
        writes.append(.barrier)
        transition(&self, &writes)
        writes.append(.barrier)
        for port in new.keys.sorted() where old[port] != new[port] && !listedBefore.contains(port) { put(port) }
        for port in old.keys.sorted() where new[port] == nil && listedPorts.contains(port) {
            writes.append(.delete(.servicePort(key(port))))
        }
        services[id]?.extraPorts = new
    }
}

extension InlineArray {
    /// The elements as an array.
    func array() -> [Element] { indices.map { self[$0] } }
}
