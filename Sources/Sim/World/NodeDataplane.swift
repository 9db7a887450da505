public import Model

/// The data plane of one node: its maps, and what keeps them up to date.
public struct NodeDataplane: Sendable {
    public let name: String
    /// The network namespace of the node's own processes.
    public let hostCookie: UInt64
    public internal(set) var maps: MapStore
    /// nil for a node whose maps were recorded: nothing keeps them up to date.
    var compiler: Compiler?
    /// Writes that a full map refused, and changes that were not compiled, each until its resource changes again.
    private var losses: [(resource: String, problem: Problem)] = []
    /// Names of the ids in recorded maps.
    var recordedNames: NameTable?
    /// Who decides about packets to the node's pods; nil where nobody does.
    var authorization: NodeAuthorization?

    init(
        name: String, hostCookie: UInt64, maps: MapStore, compiler: Compiler? = nil, recordedNames: NameTable? = nil,
        authorization: NodeAuthorization? = nil
    ) {
        self.name = name
        self.hostCookie = hostCookie
        self.maps = maps
        self.compiler = compiler
        self.recordedNames = recordedNames
        self.authorization = authorization
    }

    /// Takes the maps out until they are put back, so that changing them copies nothing.
    mutating func lendMaps() -> MapStore {
        defer { maps = Self.noMaps }
        return maps
    }

    /// Takes out what a packet's judgement changes; nil where nobody judges.
    mutating func lendAuthorization() -> (authorization: NodeAuthorization, maps: MapStore)? {
        guard let lent = authorization, lent.isActive else { return nil }
        authorization = nil
        return (lent, lendMaps())
    }

    private static let noMaps = MapStore(
        capacities: MapCapacities(frontend: 0, service: 0, endpoint: 0, backend: 0, manage: 0, nodeInfo: 0))

    /// The name of an id in the maps, nil when nothing knows it.
    public func name(of id: ResourceID) -> String? {
        compiler?.names.name(of: id) ?? recordedNames?.name(of: id)
    }

    /// The id of a resource's name, nil when it has none here.
    public func id(of name: String) -> ResourceID? {
        compiler?.names.existingID(of: name) ?? recordedNames?.existingID(of: name)
    }

    /// The ids in the maps with their names.
    public var names: NameTable { compiler?.names ?? recordedNames ?? NameTable() }

    /// Whether the node's maps follow the mesh.
    public var followsMesh: Bool { compiler != nil }

    /// Compiles changes and applies their writes.
    /// - Returns: how many writes and barriers there were.
    mutating func apply(_ changes: [MeshChange]) -> (writes: Int, barriers: Int) {
        var counts = (writes: 0, barriers: 0)
        var writes: [MapWrite] = []
        for change in changes {
            writes.removeAll(keepingCapacity: true)
            let resource = change.resourceName
            losses.removeAll { $0.resource == resource }
            if let refusal = compiler?.compile(change, into: &writes) { losses.append((resource, refusal)) }
            for write in writes {
                if case .barrier = write {
                    counts.barriers += 1
                    continue
                }
                counts.writes += 1
                do {
                    try maps.apply(write)
                } catch {
                    if let loss = lost(write, error) { losses.append((resource, loss)) }
                }
            }
        }
        return counts
    }

    /// Changes who decides about packets, or what they know, with the ids of the node.
    /// - Returns: how many writes and barriers there were.
    mutating func changeAuthorization(
        _ body: (inout NodeAuthorization, inout NameTable) -> NodeAuthorization.WriteCounts
    ) -> NodeAuthorization.WriteCounts {
        // Taken out meanwhile, so that its maps are not copied.
        guard var authorization, compiler != nil else { return (0, 0) }
        self.authorization = nil
        let counts = compiler?.withNames { body(&authorization, &$0) }
        self.authorization = authorization
        return counts ?? (0, 0)
    }

    /// What of the mesh the maps do not hold as it is meant.
    public var problems: [Problem] {
        (compiler?.problems ?? []) + losses.map(\.problem) + (authorization?.problems ?? [])
    }

    /// The problem of a write that the kernel refused; nil when the map is as the write meant it all the same.
    private func lost(_ write: MapWrite, _ error: MapError) -> Problem? {
        let key: MapEntryKey? =
            switch write {
            case .put(let entry): entry.key
            case .delete(let key): key
            case .barrier: nil
            }
        let capacity: Int
        switch error {
        case .full(let most), .noSpace(let most): capacity = most
        // The entry to delete is gone already: somebody else wrote to the map.
        case .missing: return nil
        case .invalid: preconditionFailure("node \(name): a compiled prefix is too long: \(write)")
        }
        let resource =
            switch key {
            case .frontend(let key): key.addr.address.description
            case .service(let key): name(of: key.service_id) ?? "\(key.service_id)"
            case .endpoint(let key): "an endpoint of \(name(of: key.service_id) ?? "\(key.service_id)")"
            case .backend(let key), .backendAlternative(let key): name(of: key.backend_uid) ?? "\(key.backend_uid)"
            case .servicePort(let key): "a port of \(name(of: key.service_id) ?? "\(key.service_id)")"
            case .manage, .nodeInfo, nil: error.name
            }
        return .mapFull(map: key?.mapName ?? "", capacity: capacity, resource: resource)
    }
}
