import Inputs
import Model

extension StepReader {
    /// Reads the objects that `remove` lists.
    func objects(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> [Located<ObjectReference>] {
        var objects: [Located<ObjectReference>] = []
        for element in try scalar.elements(node) {
            let object = try scalar.object(element)
            if objects.contains(where: { $0.value == object.value }) { throw object.error("\(object.value) again") }
            objects.append(object)
        }
        return objects
    }

    /// Reads `patch`.
    func patch(_ node: DocumentNode) throws(InputError) -> Patch {
        var section = try Section<PatchKey>(node, file: file, what: "patch")
        let object = try section.scalar(.object).object(section.required(.object))
        let merge = try section.required(.merge)
        guard case .mapping(let entries) = merge.value, !entries.isEmpty else {
            throw section.scalar(.merge).error(merge, mustBe: "a mapping of what changes")
        }
        try section.finish()
        return Patch(object: object, merge: merge)
    }

    /// Reads `health`.
    func health(_ node: DocumentNode) throws(InputError) -> HealthChange {
        var section = try Section<HealthKey>(node, file: file, what: "health")
        let change = HealthChange(unhealthy: try section.names(.unhealthy), healthy: try section.names(.healthy))
        guard !change.unhealthy.isEmpty || !change.healthy.isEmpty else {
            throw section.place.error("\"unhealthy\" or \"healthy\" is missing here")
        }
        if let both = change.healthy.first(where: { name in change.unhealthy.contains { $0.value == name.value } }) {
            throw both.error("\(both.value) cannot be healthy and unhealthy")
        }
        try section.finish()
        return change
    }

    /// Reads `move`, whose keys tell which of the three moves it is.
    func move(_ node: DocumentNode) throws(InputError) -> Move {
        var section = try Section<MoveKey>(node, file: file, what: "move")
        let workloads = try section.names(.workload)
        let toNode = try section.name(.node)
        let locality = LocalityChange(
            region: try section.string(.region), zone: try section.string(.zone), subzone: try section.string(.subzone))
        try section.finish()
        if workloads.isEmpty {
            guard let toNode else { throw section.place.error("\"workload\" or \"node\" is missing here") }
            guard let locality else {
                throw section.place.error("\"region\", \"zone\" or \"subzone\" is missing here: where the node moves")
            }
            return .node(toNode, locality)
        }
        switch (toNode, locality) {
        case (let node?, nil): return .workloads(workloads, toNode: node)
        case (nil, let locality?): return .workloadLocality(workloads, locality)
        case (_?, _?):
            throw section.place.error("a workload moves to a node or to a locality; make it two steps")
        case (nil, nil):
            throw section.place.error("\"node\", \"region\", \"zone\" or \"subzone\" is missing here")
        }
    }

    /// Owners alone, or the long form with an order.
    func restart(_ node: DocumentNode) throws(InputError) -> Restart {
        guard case .mapping = node.value else {
            return Restart(owners: try Scalar("restart", file: file).names(node), order: .newBeforeOld)
        }
        var section = try Section<RestartKey>(node, file: file, what: "restart")
        let owners = try section.scalar(.owners).names(section.required(.owners))
        let surge = try section.boolean(.surge) ?? true
        try section.finish()
        return Restart(owners: owners, order: surge ? .newBeforeOld : .oldBeforeNew)
    }

    /// Reads `mapWrite`.
    func mapWrites(_ node: DocumentNode) throws(InputError) -> MapWrites {
        var section = try Section<MapWriteKey>(node, file: file, what: "mapWrite")
        var result = MapWrites(node: try section.name(.node), writes: [])
        if let delete = section.node(.delete) {
            var maps = try Section<MapName>(delete, file: file, what: "delete")
            for map in maps.keys {
                for key in try maps.names(map) { result.writes.append(.delete(map, key: key)) }
            }
        }
        if let put = section.node(.put) {
            var maps = try Section<MapName>(put, file: file, what: "put")
            for map in maps.keys {
                let scalar = maps.scalar(map)
                for entry in try scalar.entries(maps.required(map)) {
                    result.writes.append(.put(map, key: scalar.name(keyOf: entry), value: entry.value))
                }
            }
        }
        try section.finish()
        guard !result.writes.isEmpty else { throw section.place.error("\"delete\" or \"put\" is missing here") }
        return result
    }
}
