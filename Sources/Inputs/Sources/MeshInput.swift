public import Model

/// Everything that was read of a mesh so far, from sources of any kind: Kubernetes objects, resources of ztunnel and
/// Kmesh, map dumps. Sources come one after the other, objects come and go; `snapshot` gives the mesh as it is.
public struct MeshInput: Sendable {
    /// What the sources come to.
    public struct Snapshot: Sendable {
        public var mesh: Mesh
        /// Workloads whose labels ask for Kmesh; nil where no source has labels.
        public var enrolled: Set<WorkloadUID>?
        public var notes: [InputNote]
    }

    /// Which objects keep their documents, so that they can be patched later.
    public enum KeptDocuments: Sendable {
        case none
        case all
    }

    private var cluster = KubernetesCluster()
    private var hasObjects = false
    /// What came from ztunnel configurations and Kmesh dumps.
    private var resources = Mesh()
    private var nodes: [Node]
    private let kept: KeptDocuments
    /// By `kind/namespace/name`.
    private var documents: [String: KubernetesObject] = [:]
    /// Maps of nodes that were dumped, by node.
    public private(set) var dumps: [(node: String, dump: MapDump)] = []
    private var notes: [InputNote] = []

    /// - Parameter nodes: Nodes that the sources need not describe; what they say wins.
    public init(nodes: [Node] = [], keeping kept: KeptDocuments = .none) {
        self.nodes = nodes
        self.kept = kept
        for node in nodes { cluster.setNode(node) }
    }

    /// An input without sources, to be compared with another one: pods that no source places, and services without
    /// addresses, get the places and addresses that those of the same names have there, so that they do not differ by
    /// chance.
    public init(placedLike other: MeshInput, nodes: [Node] = []) {
        self.init(nodes: nodes)
        cluster.keepPlaces(of: other.cluster)
    }

    // MARK: Adding

    /// Reads a file or a directory.
    /// - Parameter node: The node whose maps a directory of dumps holds.
    public mutating func add(
        path: String, node: String? = nil, progress: (_ file: String, _ fraction: Double?) -> Void = { _, _ in }
    ) throws(InputError) {
        let source = try MeshSource(path: path)
        // Read as a whole before anything is kept.
        var next = self
        try source.read(progress: progress) { (piece) throws(InputError) in
            switch piece {
            case .object(let document, let file): try next.add(document, file: file)
            case .change(let change, _, _): next.resources.apply(change)
            case .maps(let dump):
                let name = node ?? "node-0"
                guard !next.dumps.contains(where: { $0.node == name }) else {
                    throw InputError(path, nil, "a second dump of the maps of node \(name); give each dump its node")
                }
                next.dumps.append((name, dump))
                next.notes += dump.notes.map { InputNote(path, nil, $0) }
            }
        }
        self = next
    }

    /// Takes Kubernetes objects that are in memory.
    public mutating func add(objects: [DocumentNode], file: String) throws(InputError) {
        for object in objects { try add(object, file: file) }
    }

    /// Takes YAML documents that are in memory.
    public mutating func add(text: String, file: String) throws(InputError) {
        var reader = KubernetesObjectReader(text: text, file: file)
        while let object = try reader.next() { try apply(object) }
    }

    private mutating func add(_ document: DocumentNode, file: String) throws(InputError) {
        for object in try KubernetesObject.objects(in: document, file: file) { try apply(object) }
    }

    private mutating func apply(_ object: KubernetesObject) throws(InputError) {
        try cluster.apply(object)
        hasObjects = true
        if kept == .all { documents[Self.key(object.kind, object.namespace, object.name)] = object }
    }

    // MARK: Changing

    /// Removes a Kubernetes object.
    /// - Returns: whether it was there.
    public mutating func remove(kind: String, namespace: String, name: String) -> Bool {
        documents[Self.key(kind, namespace, name)] = nil
        guard let known = KubernetesKind(rawValue: kind) else { return false }
        return cluster.remove(kind: known, namespace: namespace, name: name)
    }

    /// Removes a workload of a ztunnel configuration or a Kmesh dump.
    /// - Returns: whether it was there.
    public mutating func remove(workload uid: WorkloadUID) -> Bool {
        resources.workloads.removeValue(forKey: uid) != nil
    }

    /// Applies a merge patch to an object whose document was kept.
    /// - Returns: false when there is no such object.
    public mutating func patch(
        kind: String, namespace: String, name: String, with patch: DocumentNode
    ) throws(InputError) -> Bool {
        guard let object = documents[Self.key(kind, namespace, name)] else { return false }
        let patched = try KubernetesObject(object.document.merged(with: patch), file: object.file)
        guard patched.kind == kind, patched.namespace == namespace, patched.name == name else {
            throw InputError(object.file, patch.position, "a patch cannot change kind, namespace or name of an object")
        }
        try apply(patched)
        return true
    }

    /// The kinds of controllers with this name, with their namespaces.
    public func controllers(named name: String) -> [(kind: String, name: KubernetesName)] {
        let kinds: [KubernetesKind] = [.deployment, .statefulSet, .daemonSet, .replicaSet, .job]
        return kinds.flatMap { kind in
            cluster.names(of: kind).filter { $0.name == name || $0.description == name }
                .map { (kind.rawValue, $0) }
        }
    }

    /// Describes a node anew.
    public mutating func set(_ node: Node) {
        nodes.removeAll { $0.name == node.name }
        nodes.append(node)
        cluster.setNode(node)
        for (uid, workload) in resources.workloads where workload.node == node.name {
            resources.workloads[uid]?.locality = node.locality
        }
    }

    private static func key(_ kind: String, _ namespace: String, _ name: String) -> String {
        "\(kind)/\(namespace)/\(name)"
    }

    // MARK: Reading

    /// The mesh as it is now.
    public mutating func snapshot() throws(InputError) -> Snapshot {
        var result = Snapshot(mesh: resources, enrolled: nil, notes: notes)
        if hasObjects || resources.workloads.isEmpty && dumps.isEmpty {
            let snapshot = try cluster.snapshot()
            result.enrolled = snapshot.enrolled
            result.notes += snapshot.notes
            result.mesh.nodes.merge(snapshot.mesh.nodes) { $1 }
            result.mesh.services.merge(snapshot.mesh.services) { $1 }
            result.mesh.policies.merge(snapshot.mesh.policies) { $1 }
            result.mesh.workloads.merge(snapshot.mesh.workloads) { $1 }
        }
        for node in nodes where result.mesh.nodes[node.name] == nil { result.mesh.nodes[node.name] = node }
        for name in Set(result.mesh.workloads.values.map(\.node)) where result.mesh.nodes[name] == nil && !name.isEmpty
        {
            result.mesh.nodes[name] = Node(name)
        }
        for (node, dump) in dumps { try addRecorded(dump, on: node, to: &result.mesh) }
        Self.placeOnDefaultNode(&result.mesh)
        return result
    }

    /// Gives workloads without a node the default one where the mesh has no other, so that somebody can call from them.
    /// Where it has others nobody knows on which of them they run; they are destinations only.
    private static func placeOnDefaultNode(_ mesh: inout Mesh) {
        let name = ClusterNodes.defaultName
        guard mesh.nodes.keys.allSatisfy({ $0 == name }) else { return }
        for (uid, workload) in mesh.workloads where workload.node.isEmpty && !workload.addresses.isEmpty {
            mesh.workloads[uid]?.node = name
            if mesh.nodes[name] == nil { mesh.nodes[name] = Node(name) }
        }
    }
}
