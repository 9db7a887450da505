/// Turns changes of the mesh into ordered map writes for one node.
///
/// The guarantee: while the writes of one change are applied, every lookup, also one that began before and ends after
/// it, gets an answer that the maps before or after the change can give (barriers: no lookup spans them). The work is
/// in proportion to what the change touches, not to the mesh.
public struct Compiler: Sendable {
    /// What is kept of a service.
    struct ServiceRecord: Sendable {
        var service: Service
        var table: ServiceTable
        /// Ports beyond ten, in map form: what km_service_port holds.
        var extraPorts: [UInt32: UInt32] = [:]
    }

    /// A service that a workload is an endpoint of, with the workload's own ports for it.
    struct Membership: Hashable, Sendable {
        var id: ResourceID
        var ports: [ServicePort]
    }

    /// What is kept of a workload.
    struct WorkloadRecord: Sendable {
        var workload: Workload
        /// Ordered by id.
        var services: [Membership]
        /// What km_backend holds beside the services; nil when it holds nothing.
        var backend: Backend?
        /// What km_backend_alt holds.
        var alternative: IPAddress?
        /// The addresses it claims frontends for.
        var frontends: [IPAddress] = []

        /// The parts of a `BackendValue` that the record does not hold otherwise.
        struct Backend: Sendable {
            var address: MapAddress
            var waypoint: MapAddress
            /// As in the map.
            var waypointPort: UInt32
        }

        var uid: WorkloadUID { workload.uid }
        var addresses: [IPAddress] { workload.addresses }
        var identity: LocalIdentity { LocalIdentity(of: workload) }
        var networkMode: NetworkMode { workload.networkMode }
        var health: Health { workload.health }
        var waypoint: Gateway? { workload.waypoint }
    }

    /// A resource that waits for its waypoint.
    enum Withheld: Sendable {
        case service(Service)
        case workload(Workload)
    }

    public let options: DataplaneOptions
    /// The node whose maps these are.
    public let node: String
    /// Ids of all resources that were ever in the maps and are still known.
    public internal(set) var names: NameTable
    var local: LocalIdentity?
    var services: [ResourceID: ServiceRecord] = [:]
    var workloads = ResourceTable<WorkloadRecord>()
    /// Lists of services lately used, which workloads share.
    var memberships = RecentValues<[Membership]>(count: 1 << 13)
    /// Workloads that name a service, known or not.
    var members: [ResourceID: Set<ResourceID>] = [:]
    var owners: [IPAddress: AddressOwners] = [:]
    /// Resources whose waypoint is named by this service.
    var waypointUsers: [ResourceID: Set<ResourceID>] = [:]
    var withheld: [ResourceID: Withheld] = [:]
    /// Services that another id stands in for while they change.
    var standIns: [ResourceID: ResourceID] = [:]
    var endpointCount = 0
    var frontendCount = 0

    /// - Parameter names: ids of an earlier run, so that they stay.
    public init(node: String, options: DataplaneOptions, names: NameTable = NameTable()) {
        self.node = node
        self.options = options
        self.names = names
    }

    /// Compiles one change.
    /// - Parameter writes: The writes are appended, in order.
    /// - Returns: why nothing of the change is compiled; nil when it is. What of the mesh does not fit otherwise is in
    ///   `problems`.
    public mutating func compile(_ change: MeshChange, into writes: inout [MapWrite]) -> Problem? {
        if options.overflow == .refuseChange, let problem = overflow(of: change) { return problem }
        let mentioned = mentions(of: change)
        let isAddition = isAddition(change)
        let before = writes.count
        switch change {
        case .setService(let service): set(service, into: &writes)
        case .removeService(let name): remove(name, into: &writes)
        case .setWorkload(let workload): set(workload, into: &writes)
        case .removeWorkload(let uid): remove(uid, into: &writes)
        case .setNode(let node) where node.name == self.node: learn(node, into: &writes)
        case .setNode, .removeNode, .setPolicy, .removePolicy: break
        }
        for id in mentioned { releaseNameIfUnused(id) }
        // A lookup may hold what was there before; it must not meet what the next change makes of the rest. What only
        // came anew nobody holds.
        if !isAddition, writes.count > before {
            if case .barrier? = writes.last { return nil }
            writes.append(.barrier)
        }
        return nil
    }

    /// Whether a change only brings what no lookup can hold a part of yet, and turns nothing that is there.
    private func isAddition(_ change: MeshChange) -> Bool {
        switch change {
        case .setService(let service):
            names.existingID(of: service.name.description) == nil
                && service.addresses.allSatisfy { owners[$0.address] == nil }
        case .setWorkload(let workload):
            names.existingID(of: workload.uid.text) == nil && !wouldLearn(from: workload)
                && workload.addresses.allSatisfy { owners[$0] == nil }
                && !workload.services.keys.contains { readsPortsOfMembers($0) }
        case .setNode, .removeNode, .removeService, .removeWorkload, .setPolicy, .removePolicy: false
        }
    }

    /// Whether the ports of a service's endpoints decide on its own.
    private func readsPortsOfMembers(_ name: ServiceName) -> Bool {
        let id = names.existingID(of: name.description)
        return id.flatMap { services[$0]?.service.ports.contains { $0.targetPort == 0 } } ?? false
    }

    /// Compiles changes one after the other.
    public mutating func compile(_ changes: [MeshChange]) -> (writes: [MapWrite], refusals: [Problem]) {
        var writes: [MapWrite] = []
        let refusals = changes.compactMap { compile($0, into: &writes) }
        return (writes, refusals)
    }

    // MARK: This node's locality

    /// Takes the node's own locality from its node object. Only where it may still be corrected later.
    private mutating func learn(_ node: Node, into writes: inout [MapWrite]) {
        guard options.ranking == .always, !node.locality.isEmpty else { return }
        let identity = LocalIdentity(
            locality: node.locality, node: node.name, cluster: node.cluster, network: node.network)
        guard identity != local else { return }
        local = identity
        rerankAll(into: &writes)
    }

    /// Takes the node's own locality from the first workload on it.
    /// - Returns: whether all endpoints have to be ranked again.
    mutating func learn(from workload: Workload) -> Bool {
        guard wouldLearn(from: workload) else { return false }
        local = LocalIdentity(of: workload)
        return options.ranking == .always
    }

    /// Whether the workload is the first that tells where the node is.
    func wouldLearn(from workload: Workload) -> Bool { local == nil && !node.isEmpty && workload.node == node }

    /// Ranks all endpoints again.
    mutating func rerankAll(except skipped: [ResourceID] = [], into writes: inout [MapWrite]) {
        for id in services.keys.sorted() where !skipped.contains(id) {
            guard let record = services[id] else { continue }
            let changes = endpointChanges(of: record, id: id)
            transition(id, to: record.table.header, changes, into: &writes)
        }
    }

    /// Changes a service's value and endpoints where `ServiceTable.canTransition`.
    mutating func transition(
        _ id: ResourceID, to value: ServiceValue, _ changes: EndpointChanges, into writes: inout [MapWrite]
    ) {
        guard var table = services[id]?.table else { return }
        // Taken out meanwhile, so that the record is not copied.
        services[id]?.table = ServiceTable(id: id)
        let before = table.endpointCount
        table.transition(to: value, changes, into: &writes)
        endpointCount += table.endpointCount - before
        services[id]?.table = table
    }

    // MARK: Ranking

    /// The priority of a workload's endpoint in a service, nil when it is none.
    func priority(of workload: WorkloadRecord, in service: Service) -> Int? {
        guard workload.backend != nil else { return nil }
        let takesUnhealthy = options.healthPolicy == .honour && service.loadBalancing.healthPolicy == .allowAll
        guard workload.health == .healthy || takesUnhealthy else { return nil }
        guard let local else { return 0 }
        return service.loadBalancing.priority(of: workload.identity, from: local)
    }

    /// The priority that an endpoint gets: where it is already, it may keep its old one.
    func priority(
        of uid: ResourceID, _ workload: WorkloadRecord, in record: ServiceRecord, isReranked: Bool
    ) -> Int? {
        guard let wanted = priority(of: workload, in: record.service) else { return nil }
        if isReranked || options.ranking == .always { return wanted }
        return record.table.place(of: uid)?.priority ?? wanted
    }

    /// What has to change so that a service's endpoints are those that its members should be.
    /// - Parameter isReranked: The service changed between random and a locality policy.
    func endpointChanges(
        of record: ServiceRecord, id: ResourceID, isReranked: Bool = false
    ) -> EndpointChanges {
        var changes = EndpointChanges()
        let candidates: [ResourceID] =
            options.earlyEndpoint == .keep ? Array(members[id] ?? []) : Array(record.table.endpoints)
        let wanted = Set(candidates)
        for uid in candidates.sorted() {
            guard let workload = workloads[uid] else { continue }
            let wanted = priority(of: uid, workload, in: record, isReranked: isReranked)
            append(uid, wanted, record.table, to: &changes)
        }
        changes.removals += record.table.endpoints.filter { !wanted.contains($0) }.sorted()
        return changes
    }

    /// Adds to `changes` what one endpoint needs.
    func append(_ uid: ResourceID, _ wanted: Int?, _ table: ServiceTable, to changes: inout EndpointChanges) {
        let current = table.place(of: uid)?.priority
        guard current != wanted else { return }
        if current != nil { changes.removals.append(uid) }
        if let wanted { changes.additions.append((uid, wanted)) }
    }

    // MARK: Frontends

    /// Writes or deletes the frontend of an address after its claims changed.
    mutating func updateFrontend(
        _ address: IPAddress, from old: ResourceID?, into writes: inout [MapWrite]
    ) {
        let new = owner(of: address)
        guard new != old else { return }
        if let new {
            putFrontend(address, new, into: &writes)
        } else {
            writes.append(.delete(.frontend(FrontendKey(address))))
        }
        frontendCount += (new == nil ? 0 : 1) - (old == nil ? 0 : 1)
    }

    /// Leads an address to its owner, or to what stands in for it.
    func putFrontend(_ address: IPAddress, _ owner: ResourceID, into writes: inout [MapWrite]) {
        let value = FrontendValue(upstream_id: standIns[owner] ?? owner)
        writes.append(.put(.frontend(FrontendKey(address), value)))
    }

    /// The owner of an address's frontend now.
    func owner(of address: IPAddress) -> ResourceID? {
        owners[address]?.owner(options.sharedAddress, names: names)
    }

    /// Gives up claims to addresses.
    mutating func disclaim(
        _ addresses: [IPAddress], of id: ResourceID, into writes: inout [MapWrite]
    ) {
        for address in addresses {
            let old = owner(of: address)
            owners[address]?.remove(id)
            if owners[address]?.isEmpty ?? false { owners[address] = nil }
            updateFrontend(address, from: old, into: &writes)
        }
    }
}
