extension Compiler {
    /// The map that a change would fill beyond its capacity, counted for the fullest moment of the change.
    func overflow(of change: MeshChange) -> Problem? {
        switch change {
        case .setService(let service): overflow(of: service)
        case .setWorkload(let workload): overflow(of: workload)
        case .setNode(let node) where node.name == self.node: overflowOfRanking(node.name)
        case .removeService, .removeWorkload, .setNode, .removeNode, .setPolicy, .removePolicy: nil
        }
    }

    /// The problem of a resource that waited for its waypoint and does not fit now; it goes on waiting.
    func overflow(of waiting: Withheld) -> Problem? {
        guard options.overflow == .refuseChange else { return nil }
        return switch waiting {
        case .service(let service): overflow(of: service)
        case .workload(let workload): overflow(of: workload)
        }
    }

    /// When the node's locality changes, services move their endpoints one after the other, each with old and new slots
    /// side by side.
    private func overflowOfRanking(_ name: String) -> Problem? {
        let most = services.values.map(\.table.endpointCount).max() ?? 0
        return full("km_endpoint", endpointCount + most, options.capacities.endpoint, name)
    }

    private func overflow(of service: Service) -> Problem? {
        let name = service.name.description
        let id = names.existingID(of: name)
        let isNew = id.flatMap { services[$0] } == nil
        // A change of ranking holds old and new slots side by side.
        let slots = id.map { members[$0]?.count ?? 0 } ?? 0
        return full("km_service", services.count + (isNew ? 1 : 0), options.capacities.service, name)
            ?? full(
                "km_frontend", frontendCount + unclaimed(service.addresses.map(\.address)),
                options.capacities.frontend, name)
            ?? full("km_endpoint", endpointCount + slots, options.capacities.endpoint, name)
    }

    private func overflow(of workload: Workload) -> Problem? {
        let name = workload.uid.text
        let isNew = names.existingID(of: name).flatMap { workloads[$0] } == nil
        return full("km_backend", workloads.count + (isNew ? 1 : 0), options.capacities.backend, name)
            ?? full("km_frontend", frontendCount + unclaimed(workload.addresses), options.capacities.frontend, name)
            ?? full("km_endpoint", endpointCount + workload.services.count, options.capacities.endpoint, name)
            ?? (wouldLearn(from: workload) ? overflowOfRanking(name) : nil)
    }

    private func unclaimed(_ addresses: [IPAddress]) -> Int {
        addresses.filter { owners[$0] == nil }.count
    }

    private func full(_ map: String, _ count: Int, _ capacity: Int, _ resource: String) -> Problem? {
        count > capacity ? .mapFull(map: map, capacity: capacity, resource: resource) : nil
    }
}
