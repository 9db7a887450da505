import Model

/// Who has which address, with names: what flows and reports need of a mesh.
struct ReplayPlaces: Sendable {
    struct Pod: Sendable {
        var uid: WorkloadUID
        /// `namespace/name`.
        var name: String
        /// `namespace/owner`.
        var owner: String
        var node: String
        /// Whether it has a network namespace and addresses of its own.
        var isStandard: Bool
        var addresses: [IPAddress]
    }

    /// Whose an address is; numbers are indices.
    enum Owner: Hashable, Sendable {
        case pod(Int)
        case service(Int)
        case node(String)
    }

    private(set) var pods: [Pod] = []
    private(set) var services: [ServiceName] = []
    private var owners: [IPAddress: Owner] = [:]
    private var podsByUID: [WorkloadUID: Int] = [:]

    init(_ mesh: Mesh) {
        for workload in mesh.sortedWorkloads {
            let prefix = workload.namespace.isEmpty ? "" : "\(workload.namespace)/"
            let isStandard = workload.networkMode == .standard
            podsByUID[workload.uid] = pods.count
            for address in workload.addresses where isStandard && owners[address] == nil {
                owners[address] = .pod(pods.count)
            }
            pods.append(
                Pod(
                    uid: workload.uid, name: prefix + workload.name, owner: prefix + workload.ownerName,
                    node: workload.node, isStandard: isStandard, addresses: workload.addresses))
        }
        for service in mesh.sortedServices {
            for address in service.addresses where owners[address.address] == nil {
                owners[address.address] = .service(services.count)
            }
            services.append(service.name)
        }
        for node in mesh.sortedNodes {
            let own = node.addresses + (node.podGateway.map { [$0] } ?? [])
            for address in own where owners[address] == nil { owners[address] = .node(node.name) }
        }
    }

    func owner(of address: IPAddress) -> Owner? { owners[address] }
    func pod(_ uid: WorkloadUID) -> Int? { podsByUID[uid] }

    /// The pod that has an address for itself.
    func pod(at address: IPAddress) -> Int? {
        if case .pod(let index) = owners[address] { return index }
        return nil
    }

    func service(at address: IPAddress) -> ServiceName? {
        if case .service(let index) = owners[address] { return services[index] }
        return nil
    }

    /// The node of a pod, or of its own address.
    func node(of address: IPAddress) -> String? {
        switch owners[address] {
        case .pod(let index): pods[index].node
        case .node(let name): name
        case .service, nil: nil
        }
    }

    // MARK: Names

    /// An address with what the mesh calls it.
    func party(_ address: SocketAddress) -> FlowParty {
        var party = FlowParty(address: address)
        switch owners[address.address] {
        case .pod(let index): (party.name, party.workload) = (pods[index].name, pods[index].uid)
        case .service(let index): (party.name, party.service) = (services[index].description, services[index])
        case .node(let name): party.name = name
        case nil: break
        }
        return party
    }

    /// What rows of connections are called by: pods by their owner, all else by its name, or the address.
    func group(_ address: IPAddress) -> String {
        switch owners[address] {
        case .pod(let index): pods[index].owner
        case .service(let index): services[index].description
        case .node(let name): name
        case nil: address.description
        }
    }
}

extension FlowParty {
    init(address: SocketAddress) { self.address = address }
}
