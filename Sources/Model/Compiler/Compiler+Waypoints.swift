extension Compiler {
    /// The address and port of a service's waypoint, zero where it has none.
    /// - Returns: nil while the waypoint is given by the name of a service that is not known, or has no address.
    mutating func waypointAddress(of service: Service, id: ResourceID) -> (address: MapAddress, port: UInt16)? {
        guard let waypoint = service.waypoint else { return (.zero, 0) }
        guard let address = address(of: waypoint, user: id, family: service.addresses.first?.address.family) else {
            return nil
        }
        // A waypoint's own service must not lead to itself. Source: Kmesh's workload processor, by address and by the
        // status port of a waypoint.
        let isOwn = service.addresses.first?.address == address
        let isWaypoint = service.ports.contains { $0.servicePort == 15021 }
        if !service.addresses.isEmpty && (isOwn || isWaypoint) { return (.zero, 0) }
        return (MapAddress(address), waypoint.port)
    }

    /// The address of a waypoint; remembers who uses it where it is given by name.
    mutating func address(of waypoint: Gateway, user: ResourceID, family: AddressFamily?) -> IPAddress? {
        switch waypoint.destination {
        case .address(let address):
            return address.address
        case .service(let name):
            let id = names.id(for: name.description)
            waypointUsers[id, default: []].insert(user)
            return waypointAddress(among: addresses(of: id), for: family)
        }
    }

    /// Which of its service's addresses a waypoint has for users of a family.
    func waypointAddress(among addresses: [IPAddress], for family: AddressFamily?) -> IPAddress? {
        if options.mixedFamilies == .skip, let fitting = addresses.first(where: { $0.family == family }) {
            return fitting
        }
        return addresses.first
    }

    /// Forgets that a resource uses a waypoint, before it is read again.
    mutating func forgetWaypoint(of user: ResourceID) {
        let waypoint = withheld[user].map(\.waypoint) ?? services[user]?.service.waypoint ?? workloads[user]?.waypoint
        guard case .service(let name)? = waypoint?.destination, let id = names.existingID(of: name.description) else {
            return
        }
        waypointUsers[id]?.remove(user)
    }

    /// Writes the waypoint of whatever names this service again: it has another address.
    mutating func refreshUsers(of id: ResourceID, into writes: inout [MapWrite]) {
        for user in (waypointUsers[id] ?? []).sorted() where user != id && withheld[user] == nil {
            refreshWaypoint(of: user, into: &writes)
        }
    }

    /// Compiles what waits for this service, which is known now.
    mutating func releaseWithheld(
        for id: ResourceID, into writes: inout [MapWrite]
    ) {
        for user in (waypointUsers[id] ?? []).sorted() where user != id {
            // What does not fit goes on waiting.
            guard let waiting = withheld[user], overflow(of: waiting) == nil else { continue }
            switch waiting {
            case .service(let service): set(service, into: &writes)
            case .workload(let workload): set(workload, into: &writes)
            }
        }
    }

    /// Writes a resource's waypoint again after the waypoint's service changed.
    private mutating func refreshWaypoint(of user: ResourceID, into writes: inout [MapWrite]) {
        if let record = services[user], let waypoint = waypointAddress(of: record.service, id: user) {
            var value = record.table.header
            value.wp_addr = waypoint.address
            value.waypoint_port = mapPort(waypoint.port)
            transition(user, to: value, EndpointChanges(), into: &writes)
        }
        if let record = workloads[user], var value = record.value, let waypoint = record.waypoint,
            let address = address(of: waypoint, user: user, family: record.addresses.first?.family)
        {
            value.wp_addr = MapAddress(address)
            guard record.value.map({ !sameBytes($0, value) }) ?? true else { return }
            workloads[user]?.backend?.waypoint = value.wp_addr
            writes.append(.put(.backend(BackendKey(backend_uid: user), value)))
        }
    }
}
