import Model

/// What ztunnel configurations and Kmesh dumps give, and the nodes that their workloads name.
struct FollowedResources: Sendable {
    private(set) var mesh = Mesh()
    private var pool = WorkloadPool()
    /// How many workloads name each node; a node is there as long as one does.
    private var nodeUsers: [String: Int] = [:]

    /// Whether nothing is there.
    var isEmpty: Bool { mesh.workloads.isEmpty && mesh.services.isEmpty && mesh.policies.isEmpty }

    /// Whether this is there; false for what is no resource.
    func contains(_ key: FollowedKey) -> Bool {
        switch key {
        case .workload(let uid): mesh.workloads[uid] != nil
        case .service(let name): mesh.services[name] != nil
        case .policy(let name): mesh.policies[name] != nil
        case .object, .ignored: false
        }
    }

    /// Applies a change, and notes what it does.
    mutating func apply(_ change: MeshChange, into delta: inout MeshDelta) {
        switch change {
        case .setWorkload(let workload): set(workload, for: workload.uid, into: &delta)
        case .removeWorkload(let uid): set(nil, for: uid, into: &delta)
        case .setService(let service):
            delta.services.note(service.name, from: mesh.services[service.name], to: service)
            mesh.apply(change)
        case .removeService(let name):
            delta.services.note(name, from: mesh.services[name], to: nil)
            mesh.apply(change)
        case .setPolicy(let policy):
            delta.policies.note(policy.resourceName, from: mesh.policies[policy.resourceName], to: policy)
            mesh.apply(change)
        case .removePolicy(let name):
            delta.policies.note(name, from: mesh.policies[name], to: nil)
            mesh.apply(change)
        case .setNode, .removeNode: preconditionFailure("files hold no \(change)")
        }
    }

    /// Takes out what a file gave.
    mutating func remove(_ key: FollowedKey, into delta: inout MeshDelta) {
        switch key {
        case .workload(let uid): apply(.removeWorkload(uid), into: &delta)
        case .service(let name): apply(.removeService(name), into: &delta)
        case .policy(let name): apply(.removePolicy(name), into: &delta)
        case .object, .ignored: break
        }
    }

    private mutating func set(_ new: Workload?, for uid: WorkloadUID, into delta: inout MeshDelta) {
        let old = mesh.workloads[uid]
        let new = new.map { pool.share($0) }
        delta.workloads.note(uid, from: old, to: new)
        mesh.workloads[uid] = new
        guard old?.node != new?.node else { return }
        if let node = new?.node { count(node, by: 1, into: &delta) }
        if let node = old?.node { count(node, by: -1, into: &delta) }
    }

    private mutating func count(_ node: String, by step: Int, into delta: inout MeshDelta) {
        guard !node.isEmpty else { return }
        let users = (nodeUsers[node] ?? 0) + step
        nodeUsers[node] = users == 0 ? nil : users
        let new = users == 0 ? nil : Node(node)
        guard mesh.nodes[node] != new else { return }
        delta.nodes.note(node, from: mesh.nodes[node], to: new)
        mesh.nodes[node] = new
    }
}
