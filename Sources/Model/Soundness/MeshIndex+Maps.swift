extension MeshIndex {
    /// A waypoint as the maps hold it.
    struct Hop: Hashable, Sendable {
        var address: IPAddress
        var port: UInt16
    }

    /// Whether a service is in the maps.
    func isPublished(service number: Int) -> Bool { serviceWithholding[number] == nil }

    /// Whether km_backend holds a workload.
    func isPublished(workload number: Int, _ options: DataplaneOptions) -> Bool {
        guard workloadWithholding[number] == nil, !workloads[number].addresses.isEmpty else { return false }
        return workloads[number].health == .healthy || options.unhealthyAtFirst == .publish
    }

    /// Whether a workload of a service is one of its endpoints.
    func isEndpoint(_ workload: Int, of service: Int, _ options: DataplaneOptions) -> Bool {
        guard isPublished(workload: workload, options) else { return false }
        let takesUnhealthy =
            options.healthPolicy == .honour && services[service].loadBalancing.healthPolicy == .allowAll
        return workloads[workload].health == .healthy || takesUnhealthy
    }

    /// The endpoints of a service, ascending.
    func endpoints(of service: Int, _ options: DataplaneOptions) -> [Int] {
        members[service].filter { isEndpoint($0, of: service, options) }
    }

    /// Whether a frontend leads from an address to anything.
    func hasFrontend(_ address: IPAddress, _ options: DataplaneOptions) -> Bool {
        guard let claims = claims[address] else { return false }
        return !claims.services.isEmpty || claims.workloads.contains { isPublished(workload: $0, options) }
    }

    /// Whether connects reach a service by a virtual IP, and are balanced: no waypoint comes first.
    func isBalanced(_ service: Int, _ options: DataplaneOptions) -> Bool {
        isPublished(service: service) && !services[service].addresses.isEmpty
            && services[service].loadBalancing.mode != .passthrough && !takesWaypoint(service: service, options)
    }

    /// The waypoint in a service's map entry, nil when there is none or the compiler drops it.
    func hop(ofService number: Int, _ options: DataplaneOptions) -> Hop? {
        let service = services[number]
        guard let hop = hop(service.waypoint, family: service.addresses.first?.address.family, options) else {
            return nil
        }
        let isDropped = service.addresses.first?.address == hop.address || service.hasStatusPort
        return isDropped && !service.addresses.isEmpty ? nil : hop
    }

    /// The waypoint in a workload's map entry.
    func hop(ofWorkload number: Int, _ options: DataplaneOptions) -> Hop? {
        hop(workloads[number].waypoint, family: workloads[number].addresses.first?.family, options)
    }

    /// Where a waypoint is; nil when it is not known.
    func hop(_ waypoint: Gateway?, family: AddressFamily?, _ options: DataplaneOptions) -> Hop? {
        guard let waypoint else { return nil }
        switch waypoint.destination {
        case .address(let address): return Hop(address: address.address, port: waypoint.port)
        case .service(let name):
            guard let number = serviceNumbers[name], isPublished(service: number) else { return nil }
            let addresses = services[number].addresses.lazy.map(\.address)
            let fitting = options.mixedFamilies == .skip ? addresses.first { $0.family == family } : nil
            return (fitting ?? addresses.first).map { Hop(address: $0, port: waypoint.port) }
        }
    }

    /// Whether connects to a service go to its waypoint.
    func takesWaypoint(service number: Int, _ options: DataplaneOptions) -> Bool {
        guard let hop = hop(ofService: number, options) else { return false }
        var value = ServiceValue()
        value.wp_addr = MapAddress(hop.address)
        value.waypoint_port = mapPort(hop.port)
        return value.hasWaypoint(options.waypointTest)
    }

    /// Whether connects to a workload go to its waypoint.
    func takesWaypoint(workload number: Int, _ options: DataplaneOptions) -> Bool {
        guard let hop = hop(ofWorkload: number, options) else { return false }
        var value = BackendValue()
        value.wp_addr = MapAddress(hop.address)
        value.waypoint_port = mapPort(hop.port)
        return value.hasWaypoint(options.waypointTest)
    }

    /// Whether an endpoint can be reached over a family: by the one address of its entry, or where there is room for
    /// another, by either.
    func reaches(_ workload: Int, over family: AddressFamily, _ options: DataplaneOptions) -> Bool {
        let addresses = workloads[workload].addresses
        if options.extras == .keep { return addresses.contains { $0.family == family } }
        return addresses.last?.family == family
    }

    /// What a node compares endpoints with, nil while it does not know.
    func identity(ofNode name: String, _ options: DataplaneOptions) -> LocalIdentity? {
        if options.ranking == .always, let node = mesh.nodes[name], !node.locality.isEmpty {
            return LocalIdentity(
                locality: node.locality, node: node.name, cluster: node.cluster, network: node.network)
        }
        return firstWorkload[name].map { LocalIdentity(of: workloads[$0]) }
    }

    /// `service namespace/hostname`.
    func subject(service number: Int) -> String { "service \(services[number].name)" }

    /// `workload uid`.
    func subject(workload number: Int) -> String { "workload \(workloads[number].uid)" }

    /// Several workloads by uid, the first three in full.
    func listed(workloads numbers: [Int]) -> String {
        let first = numbers.prefix(3).map { workloads[$0].uid.text }.joined(separator: ", ")
        return numbers.count > 3 ? "\(first) and \(numbers.count - 3) more" : first
    }
}

extension Service {
    /// Whether the compiler takes the service for a waypoint and drops its own one: it has the status port.
    var hasStatusPort: Bool { ports.contains { $0.servicePort == 15021 } }
    /// Whether the compiler sends all ports to the port on which Kmesh's waypoints listen.
    var isNamedWaypoint: Bool { name.description.contains("waypoint") }
}
