extension Compiler {
    /// Adds or changes a service.
    mutating func set(_ service: Service, into writes: inout [MapWrite]) {
        let id = names.id(for: service.name.description)
        forgetWaypoint(of: id)
        guard let waypoint = waypointAddress(of: service, id: id) else {
            withheld[id] = .service(service)
            return
        }
        withheld[id] = nil
        if services[id] == nil { services[id] = ServiceRecord(service: service, table: ServiceTable(id: id)) }
        let oldAddresses = services[id]?.table.isPublished ?? false ? addresses(of: id) : []
        let isReranked = services[id]?.service.loadBalancing.isRanked != service.loadBalancing.isRanked
        services[id]?.service = service
        let ports = portValues(of: service, id: id)
        let next = NextService(
            value: value(of: service, waypoint: waypoint.address, port: waypoint.port, ports: ports.listed),
            extraPorts: ports.extra,
            changes: services[id].map { endpointChanges(of: $0, id: id, isReranked: isReranked) } ?? EndpointChanges())
        let newAddresses = addresses(of: id)
        let addresses = AddressChange(
            claimed: newAddresses, vanished: oldAddresses.filter { !newAddresses.contains($0) },
            turned: turnedAddresses(of: id, from: oldAddresses, to: newAddresses))
        change(id, to: next, addresses, into: &writes)
        releaseWithheld(for: id, into: &writes)
    }

    /// The virtual IPs of a service, none when it is not known.
    func addresses(of id: ResourceID) -> [IPAddress] { services[id]?.service.addresses.map(\.address) ?? [] }

    /// Removes a service. Its workloads stay members of the name.
    mutating func remove(_ name: ServiceName, into writes: inout [MapWrite]) {
        guard let id = names.existingID(of: name.description) else { return }
        forgetWaypoint(of: id)
        withheld[id] = nil
        if let record = services[id] {
            disclaim(addresses(of: id), of: id, into: &writes)
            writes.append(.barrier)
            endpointCount -= record.table.endpointCount
            var table = record.table
            table.withdraw(into: &writes)
            replaceExtraPorts(of: id, record.extraPorts, with: [:], into: &writes)
            services[id] = nil
        }
    }

    mutating func claim(
        _ address: IPAddress, service id: ResourceID, into writes: inout [MapWrite]
    ) {
        let old = owner(of: address)
        owners[address, default: AddressOwners()].insert(service: id)
        updateFrontend(address, from: old, into: &writes)
    }

    // MARK: Values

    private func value(
        of service: Service, waypoint: MapAddress, port: UInt16, ports: [(service: UInt32, target: UInt32)]
    ) -> ServiceValue {
        var value = ServiceValue()
        value.lb_policy = service.loadBalancing.policy.rawValue
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

    /// A known service with its ports read again, for a change of its members.
    func next(_ record: ServiceRecord, id: ResourceID, _ changes: EndpointChanges) -> NextService {
        let header = record.table.header
        guard options.namedPort == .fromEndpoints, record.service.ports.contains(where: { $0.targetPort == 0 }) else {
            return NextService(value: header, extraPorts: record.extraPorts, changes: changes)
        }
        let ports = portValues(of: record.service, id: id)
        let value = value(
            of: record.service, waypoint: header.wp_addr, port: hostPort(header.waypoint_port), ports: ports.listed)
        return NextService(value: value, extraPorts: ports.extra, changes: changes)
    }

    /// The ports in map form: those that km_service holds, and those beyond.
    private func portValues(
        of service: Service, id: ResourceID
    ) -> (listed: [(service: UInt32, target: UInt32)], extra: [UInt32: UInt32]) {
        var listed: [(service: UInt32, target: UInt32)] = []
        var extra: [UInt32: UInt32] = [:]
        for (index, port) in service.ports.enumerated() {
            let pair = (
                service: mapPort(port.servicePort), target: mapPort(target(of: port, in: service, id))
            )
            if index < Self.listedPortCount {
                listed.append(pair)
            } else if options.extras == .keep, extra[pair.service] == nil {
                extra[pair.service] = pair.target
            }
        }
        for pair in listed { extra[pair.service] = nil }
        return (listed, extra)
    }

    private func target(
        of port: ServicePort, in service: Service, _ id: ResourceID
    ) -> UInt16 {
        if service.name.description.contains("waypoint") { return Gateway.kmeshPort }
        if port.targetPort != 0 { return port.targetPort }
        return numberByEndpoints(of: port, id) ?? port.servicePort
    }

    /// The number that a service's endpoints give a target port, nil where they do not or are not asked. The member with
    /// the lowest id decides.
    func numberByEndpoints(of port: ServicePort, _ id: ResourceID) -> UInt16? {
        guard options.namedPort == .fromEndpoints else { return nil }
        var best: (uid: ResourceID, number: UInt16)?
        for uid in members[id] ?? [] where best.map({ uid < $0.uid }) ?? true {
            let ports = workloads[uid]?.services.first { $0.id == id }?.ports ?? []
            if let own = ports.first(where: { $0.servicePort == port.servicePort && $0.targetPort != 0 }) {
                best = (uid, own.targetPort)
            }
        }
        return best?.number
    }

    /// Changes the ports beyond ten. A lookup reads one of them, and only when the service does not list the port.
    func replaceExtraPorts(
        of id: ResourceID, _ old: [UInt32: UInt32], with new: [UInt32: UInt32], into writes: inout [MapWrite]
    ) {
        for port in Set(old.keys).union(new.keys).sorted() where old[port] != new[port] {
            let key = ServicePortKey(service_id: id, service_port: port)
            if let target = new[port] {
                writes.append(.put(.servicePort(key, ServicePortValue(target_port: target))))
            } else {
                writes.append(.delete(.servicePort(key)))
            }
        }
    }
}
