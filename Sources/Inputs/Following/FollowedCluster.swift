import Model

/// The Kubernetes objects of a followed mesh, and what they come to: the same as `KubernetesCluster.snapshot` gives for
/// them, where nothing is invented. A step works out again what its objects have to do with, and no more.
///
/// Here is what is kept; `+Join` says what each thing comes to, `+Step` what has to be worked out again, `+Load` how
/// objects come and go.
struct FollowedCluster: Sendable {
    let settings: KubernetesSettings
    /// All objects but pods, EndpointSlices and Endpoints.
    var objects: KubernetesCluster
    var pods = PodTable()
    var endpoints = ObjectTable<KubernetesEndpoints>()
    /// Objects of kinds that the mesh does not know, by kind.
    var ignored: [String: [KubernetesName: ObjectOrigin]] = [:]

    // What the objects come to.
    /// By the pod's number; nil for a pod that takes no part.
    var workloads: [Workload?] = []
    /// Endpoints that are no pods, by the number of the object that lists them.
    var otherWorkloads: [UInt32: [Workload]] = [:]
    var services: [ServiceName: Service] = [:]
    var nodes: [String: Node] = [:]
    /// By `Policy.resourceName`.
    var policies: [String: Policy] = [:]

    // By which to find what a change touches.
    /// Pods of the mesh by their addresses, but for those in their node's network.
    var podsByAddress = CandidateIndex()
    /// Pods by namespace and label, for the keys of `labelKeys`.
    var podsByLabel = CandidateIndex()
    /// Labels that selectors of services and policies ask for.
    var labelKeys: Set<String> = []
    /// EndpointSlices and Endpoints by the names of the pods that they list.
    var endpointsByPod = CandidateIndex()
    /// Likewise by the addresses that they list without a pod's name.
    var endpointsByAddress = CandidateIndex()
    /// Likewise by service, in order.
    var endpointsByService: [KubernetesName: [UInt32]] = [:]
    var servicesBySelector = SelectorIndex<KubernetesName>()
    var controllersBySelector = SelectorIndex<ObjectKey>()
    /// Pods on each node.
    var hosts: [String: HostPods] = [:]
    /// Nodes that controllers name for their pods.
    var controllerNodes: Set<String> = []
    /// The region of each zone, as nodes tell.
    var regions: [String: String] = [:]
    /// Lets what is worked out share what is equal.
    var pool = WorkloadPool()
    var strings = RecentValues<String>(count: 1 << 12)

    /// A cluster without objects.
    init(nodes: [Node], settings: KubernetesSettings) {
        self.settings = settings
        objects = KubernetesCluster(settings)
        for node in nodes { objects.setNode(node) }
    }
}

extension KubernetesEndpoints: TableEntry {
    var tableName: ObjectKey { key }
}

/// What there is.
extension FollowedCluster {
    /// Whether an object is there.
    func contains(_ key: ObjectKey) -> Bool {
        switch key.kind {
        case .pod: pods.number(of: key.name) != nil
        case .endpointSlice, .endpoints: endpoints.number(of: key) != nil
        default: objects.contains(key)
        }
    }

    /// The same entry, sharing its name with the object that is there.
    func sharingName(_ entry: FollowedEntry) -> FollowedEntry {
        guard case .object(let key) = entry.key, key.kind == .pod,
            let pod = pods.number(of: key.name).flatMap({ pods[$0] })
        else { return entry }
        var entry = entry
        entry.key = .object(ObjectKey(kind: .pod, name: pod.name))
        return entry
    }

    /// Whether an object of an unknown kind is there.
    func containsIgnored(kind: String, _ name: KubernetesName) -> Bool { ignored[kind]?[name] != nil }

    /// Whether there is no object, so that labels say nothing.
    var isEmpty: Bool { pods.isEmpty && endpoints.isEmpty && ignored.isEmpty && objects.isEmpty }

    /// The workload of that name; nil when there is none.
    func workload(_ uid: WorkloadUID) -> Workload? {
        let parts = uid.text.split(separator: "/", omittingEmptySubsequences: false)
        // cluster//Pod/namespace/name, cluster/discovery.k8s.io/EndpointSlice/namespace/name/address; the cluster's
        // name may hold slashes, too.
        guard parts.count >= 5 else { return nil }
        if parts[parts.count - 3] == "Pod" {
            let name = KubernetesName(String(parts[parts.count - 2]), String(parts[parts.count - 1]))
            if let number = pods.number(of: name), let workload = workloads[Int(number)], workload.uid == uid {
                return workload
            }
        }
        let name = KubernetesName(String(parts[parts.count - 3]), String(parts[parts.count - 2]))
        return otherWorkload(uid, listedIn: name)
    }

    /// The workload of an endpoint that is no pod. An EndpointSlice and an Endpoints object of one name may list the
    /// same address for two services; the service that comes later decides.
    func otherWorkload(_ uid: WorkloadUID, listedIn object: KubernetesName) -> Workload? {
        let kinds: [KubernetesKind] = [.endpoints, .endpointSlice]
        let givers = kinds.compactMap { kind -> (service: KubernetesName, workload: Workload)? in
            guard let number = endpoints.number(of: ObjectKey(kind: kind, name: object)),
                let service = endpoints[number]?.service,
                let workload = otherWorkloads[number]?.last(where: { $0.uid == uid })
            else { return nil }
            return (service, workload)
        }
        return givers.max { $0.service < $1.service }?.workload
    }

    /// All there is, as a mesh.
    var mesh: Mesh {
        var mesh = Mesh(nodes: nodes, services: services, policies: policies)
        mesh.workloads.reserveCapacity(workloads.count + otherWorkloads.count)
        for case let workload? in workloads { mesh.workloads[workload.uid] = workload }
        for (number, others) in otherWorkloads {
            guard let name = endpoints[number]?.key.name else { continue }
            for workload in others { mesh.workloads[workload.uid] = otherWorkload(workload.uid, listedIn: name) }
        }
        return mesh
    }
}
