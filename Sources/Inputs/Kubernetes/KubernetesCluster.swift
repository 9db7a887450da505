import Model

/// The objects of a cluster, and what was decided for them: where pods run and which addresses they and the services
/// have. Objects come and go; what is decided stays as long as its object does.
public struct KubernetesCluster: Sendable {
    /// A change counts from the next mesh on.
    public var settings: KubernetesSettings
    /// Objects by name, as are those below.
    var namespaces: [String: KubernetesNamespace] = [:]
    var nodes: [String: KubernetesNode] = [:]
    /// What nodes publish for encryption, by node.
    var nodeInfos: [String: KubernetesNodeInfo] = [:]
    /// Nodes that a caller describes.
    var givenNodes: [String: Node] = [:]
    /// Objects by name, as are those below.
    var pods: [KubernetesName: KubernetesPod] = [:]
    var services: [KubernetesName: KubernetesService] = [:]
    var controllers: [ObjectKey: KubernetesController] = [:]
    var endpoints: [ObjectKey: KubernetesEndpoints] = [:]
    var policies = KubernetesPolicies()
    /// Objects of which only the name counts.
    private var others: Set<ObjectKey> = []
    /// Objects of kinds that the mesh does not know.
    private var ignored: [String: (names: Set<KubernetesName>, first: ObjectOrigin)] = [:]
    /// Where implied pods are.
    var placement = PodPlacement()
    /// The addresses that services were given.
    var virtualAddresses = VirtualAddresses()

    /// A cluster without objects.
    public init(_ settings: KubernetesSettings = KubernetesSettings()) {
        self.settings = settings
    }

    /// Adds an object, or replaces the one of its kind and name. Objects of unknown kinds are counted.
    /// - Throws: when the object is not of its kind's form; then nothing changes.
    public mutating func apply(_ object: KubernetesObject) throws(InputError) {
        apply(try KubernetesItem(object))
    }

    /// Adds an object that is read already, or replaces the one of its kind and name.
    mutating func apply(_ item: KubernetesItem) {
        switch item {
        case .namespace(let namespace): namespaces[namespace.name] = namespace
        case .node(let node): nodes[node.name] = node
        case .nodeInfo(let info): nodeInfos[info.name.name] = info
        case .pod(let pod): pods[pod.name] = pod
        case .service(let service): services[service.name] = service
        case .controller(let controller): controllers[controller.key] = controller
        case .endpoints(let object): endpoints[object.key] = object
        case .authorizationPolicy(let policy): policies.set(policy)
        case .peerAuthentication(let policy): policies.set(policy)
        case .named(let key): others.insert(key)
        case .ignored(let kind, let name, let origin): ignored[kind, default: ([], origin)].names.insert(name)
        }
    }

    /// Removes an object.
    /// - Returns: Whether it was there.
    @discardableResult
    public mutating func remove(kind: KubernetesKind, namespace: String, name: String) -> Bool {
        let objectName = KubernetesName(kind.isNamespaced ? namespace : "", name)
        let key = ObjectKey(kind: kind, name: objectName)
        switch kind {
        case .namespace: return namespaces.removeValue(forKey: name) != nil
        case .node: return nodes.removeValue(forKey: name) != nil
        case .nodeInfo: return nodeInfos.removeValue(forKey: name) != nil
        case .pod: return pods.removeValue(forKey: objectName) != nil
        case .service: return services.removeValue(forKey: objectName) != nil
        case .deployment, .statefulSet, .daemonSet, .replicaSet, .job:
            return controllers.removeValue(forKey: key) != nil
        case .endpointSlice, .endpoints: return endpoints.removeValue(forKey: key) != nil
        case .authorizationPolicy: return policies.removeAuthorization(objectName)
        case .peerAuthentication: return policies.removePeerAuthentication(objectName)
        case .serviceAccount, .cronJob: return others.remove(key) != nil
        }
    }

    /// Whether an object is there.
    func contains(_ key: ObjectKey) -> Bool {
        switch key.kind {
        case .namespace: namespaces[key.name.name] != nil
        case .node: nodes[key.name.name] != nil
        case .nodeInfo: nodeInfos[key.name.name] != nil
        case .pod: pods[key.name] != nil
        case .service: services[key.name] != nil
        case .deployment, .statefulSet, .daemonSet, .replicaSet, .job: controllers[key] != nil
        case .endpointSlice, .endpoints: endpoints[key] != nil
        case .authorizationPolicy: policies.authorization[key.name] != nil
        case .peerAuthentication: policies.peerAuthentication[key.name] != nil
        case .serviceAccount, .cronJob: others.contains(key)
        }
    }

    /// Gives what comes later the places and addresses that it has in another cluster.
    mutating func keepPlaces(of other: KubernetesCluster) {
        placement = other.placement
        virtualAddresses = other.virtualAddresses
    }

    /// Describes a node, or replaces its description. What it says wins over the Node object of that name, which fills
    /// in what it leaves empty.
    public mutating func setNode(_ node: Node) {
        givenNodes[node.name] = node
    }
}

extension KubernetesCluster {
    /// The names of all objects of a kind, in order.
    public func names(of kind: KubernetesKind) -> [KubernetesName] {
        let names: [KubernetesName]
        switch kind {
        case .namespace: names = namespaces.keys.map { KubernetesName("", $0) }
        case .node: names = nodes.keys.map { KubernetesName("", $0) }
        case .nodeInfo: names = nodeInfos.values.map(\.name)
        case .pod: names = Array(pods.keys)
        case .service: names = Array(services.keys)
        case .deployment, .statefulSet, .daemonSet, .replicaSet, .job:
            names = controllers.keys.filter { $0.kind == kind }.map(\.name)
        case .endpointSlice, .endpoints: names = endpoints.keys.filter { $0.kind == kind }.map(\.name)
        case .authorizationPolicy: names = Array(policies.authorization.keys)
        case .peerAuthentication: names = Array(policies.peerAuthentication.keys)
        case .serviceAccount, .cronJob: names = others.filter { $0.kind == kind }.map(\.name)
        }
        return names.sorted()
    }

    /// The policies that the objects come to, one for each AuthorizationPolicy and PeerAuthentication that comes to any,
    /// ordered by name.
    public var convertedPolicies: [Policy] {
        policies.converted(settings).sorted { $0.resourceName < $1.resourceName }
    }

    /// A note for each ignored kind, at its first object.
    var ignoredNotes: [InputNote] {
        ignored.map { kind, value in Self.note(onIgnored: kind, value.names.count, at: value.first) }
    }

    /// Says that objects of a kind are ignored.
    static func note(onIgnored kind: String, _ count: Int, at origin: ObjectOrigin) -> InputNote {
        let objects = count == 1 ? "1 \(kind) object is" : "\(count) \(kind) objects are"
        return origin.note("\(objects) ignored: the mesh does not use this kind")
    }

    /// Whether there is no object of a kind that the mesh knows.
    var isEmpty: Bool {
        namespaces.isEmpty && nodes.isEmpty && nodeInfos.isEmpty && pods.isEmpty && services.isEmpty
            && controllers.isEmpty
            && endpoints.isEmpty && policies.isEmpty && others.isEmpty
    }
}
