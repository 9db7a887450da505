import Model

/// The Kubernetes objects of a followed mesh, and what they come to.
struct FollowedCluster: Sendable {
    private var cluster: KubernetesCluster
    private(set) var mesh = Mesh()
    private(set) var enrolled: Set<WorkloadUID> = []
    private(set) var notes: [InputNote] = []
    private var objectCount = 0
    private var ignored: Set<String> = []

    /// A cluster without objects.
    init(nodes: [Node], settings: KubernetesSettings) {
        cluster = KubernetesCluster(settings)
        for node in nodes { cluster.setNode(node) }
        join()
    }

    /// Whether an object is there.
    func contains(_ key: ObjectKey) -> Bool { cluster.contains(key) }

    /// Whether an object of an unknown kind is there.
    func containsIgnored(_ name: String) -> Bool { ignored.contains(name) }

    /// Whether nothing is there, so that labels say nothing.
    var isEmpty: Bool { objectCount == 0 }

    func node(_ name: String) -> Node? { mesh.nodes[name] }
    func service(_ name: ServiceName) -> Service? { mesh.services[name] }
    func workload(_ uid: WorkloadUID) -> Workload? { mesh.workloads[uid] }

    /// Takes an object in before the first `join`.
    mutating func load(_ item: KubernetesItem) {
        objectCount += 1
        if case .ignored(let name) = item.followedKey { ignored.insert(name) }
        cluster.apply(item)
    }

    /// Works everything out.
    mutating func join() {
        guard let snapshot = try? cluster.snapshot() else { return }
        (mesh, enrolled, notes) = (snapshot.mesh, snapshot.enrolled, snapshot.notes)
    }

    /// Applies a step as a whole, and notes what it does to the mesh.
    mutating func apply(
        setting items: [KubernetesItem], removing keys: [FollowedKey], into delta: inout MeshDelta
    ) {
        if items.isEmpty, keys.isEmpty { return }
        for case .object(let key) in keys {
            cluster.remove(kind: key.kind, namespace: key.name.namespace, name: key.name.name)
        }
        for item in items { cluster.apply(item) }
        let old = mesh
        join()
        for change in old.changes(to: mesh) {
            switch change {
            case .setNode(let node): delta.nodes.note(node.name, from: old.nodes[node.name], to: node)
            case .removeNode(let name): delta.nodes.note(name, from: old.nodes[name], to: nil)
            case .setService(let service):
                delta.services.note(service.name, from: old.services[service.name], to: service)
            case .removeService(let name): delta.services.note(name, from: old.services[name], to: nil)
            case .setWorkload(let workload):
                delta.workloads.note(workload.uid, from: old.workloads[workload.uid], to: workload)
            case .removeWorkload(let uid): delta.workloads.note(uid, from: old.workloads[uid], to: nil)
            case .setPolicy, .removePolicy: break
            }
        }
    }
}
