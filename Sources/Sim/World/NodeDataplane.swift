public import Model

/// The data plane of one node: its maps, and what keeps them up to date.
public struct NodeDataplane: Sendable {
    public let name: String
    /// The network namespace of the node's own processes.
    public let hostCookie: UInt64
    public internal(set) var maps: MapStore
    /// nil for a node whose maps were recorded: nothing keeps them up to date.
    var compiler: Compiler?
    /// Names of the ids in recorded maps.
    var recordedNames: NameTable?

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
    /// - Returns: what the maps cannot hold, and how many writes and barriers there were.
    mutating func apply(_ changes: [MeshChange]) -> (problems: [Problem], writes: Int, barriers: Int) {
        var problems: [Problem] = []
        var counts = (writes: 0, barriers: 0)
        var writes: [MapWrite] = []
        for change in changes {
            writes.removeAll(keepingCapacity: true)
            guard let found = compiler?.compile(change, into: &writes) else { break }
            problems += found
            for write in writes {
                if case .barrier = write {
                    counts.barriers += 1
                    continue
                }
                counts.writes += 1
                do {
                    try maps.apply(write)
                } catch {
                    problems.append(lost(write, error))
                }
            }
        }
        return (problems, counts.writes, counts.barriers)
    }

    /// The problem of a write that the kernel refused.
    private func lost(_ write: MapWrite, _ error: MapError) -> Problem {
        let key: MapEntryKey? =
            switch write {
            case .put(let entry): entry.key
            case .delete(let key): key
            case .barrier: nil
            }
        let capacity: Int =
            switch error {
            case .full(let capacity), .noSpace(let capacity): capacity
            case .missing, .invalid: 0
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
