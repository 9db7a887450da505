extension Compiler {
    /// Lends the table of ids to another part of the node, which gives ids to names of its own kinds from it.
    public mutating func withNames<Result>(_ body: (inout NameTable) -> Result) -> Result { body(&names) }

    /// The ids that the resource of a change mentions before it: its own, its services', and its waypoint's.
    func mentions(of change: MeshChange) -> [ResourceID] {
        let name: String
        switch change {
        case .setService(let service): name = service.name.description
        case .removeService(let service): name = service.description
        case .setWorkload(let workload): name = workload.uid.text
        case .removeWorkload(let uid): name = uid.text
        case .setNode, .removeNode, .setPolicy, .removePolicy: return []
        }
        guard let id = names.existingID(of: name) else { return [] }
        var mentioned = [id]
        mentioned += workloads[id]?.services.map(\.id) ?? []
        for waypoint in [services[id]?.service.waypoint, workloads[id]?.waypoint, withheld[id]?.waypoint] {
            guard case .service(let service)? = waypoint?.destination else { continue }
            if let id = names.existingID(of: service.description) { mentioned.append(id) }
        }
        return mentioned
    }

    private func isUnused(_ id: ResourceID) -> Bool {
        services[id] == nil && workloads[id] == nil && withheld[id] == nil && members[id]?.isEmpty ?? true
            && waypointUsers[id]?.isEmpty ?? true
    }

    /// Frees the id of a name that no resource has or mentions any more.
    mutating func releaseNameIfUnused(_ id: ResourceID) {
        guard isUnused(id), let name = names.name(of: id) else { return }
        members[id] = nil
        waypointUsers[id] = nil
        names.release(name)
    }
}

extension Compiler.Withheld {
    var waypoint: Gateway? {
        switch self {
        case .service(let service): service.waypoint
        case .workload(let workload): workload.waypoint
        }
    }
}
