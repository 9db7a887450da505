import Model

/// The nodes of a cluster and where they take pods.
struct ClusterNodes {
    /// The node that a cluster without nodes has.
    static let defaultName = "node-0"
    /// Pod prefixes of nodes that name none: /24 each, from 10.244.0.0 to 10.255.255.0.
    private static let firstDefaultPrefix: UInt32 = 0x0af4_0000
    private static let defaultPrefixCount: UInt32 = 12 * 256

    /// By name.
    private(set) var nodes: [Node] = []
    private var names: [String] = []
    private var labels: [String: [String: String]] = [:]
    private var indexes: [String: Int] = [:]
    private var labelKeys: Set<String> = []

    /// - Parameters:
    ///   - given: Nodes that a caller describes; what they say wins over the objects.
    ///   - named: Names of nodes that pods are on, with the addresses the pods tell; these exist, too.
    init(
        objects: [String: KubernetesNode], infos: [String: KubernetesNodeInfo], given: [String: Node],
        named: [String: [IPAddress]],
        settings: KubernetesSettings
    ) {
        names = Set(objects.keys).union(infos.keys).union(given.keys).union(named.keys).sorted()
        let needsDefault = names.isEmpty && settings.unknownAddresses == .invented
        if needsDefault { names = [Self.defaultName] }
        for name in names {
            let node = Self.node(
                name, given: given[name], object: objects[name], info: infos[name], addresses: named[name] ?? [],
                settings: settings)
            var nodeLabels = objects[name]?.labels ?? [:]
            nodeLabels[KubernetesLabel.hostname] = nodeLabels[KubernetesLabel.hostname] ?? name
            nodeLabels[KubernetesLabel.region] = node.locality.region
            nodeLabels[KubernetesLabel.zone] = node.locality.zone
            nodeLabels[KubernetesLabel.subzone] = node.locality.subzone
            indexes[name] = nodes.count
            labels[name] = nodeLabels
            labelKeys.formUnion(nodeLabels.keys)
            nodes.append(node)
        }
        if needsDefault { setDefaultPrefix(0, ofNodeAt: 0) }
    }

    /// One node, from its description, its object, what it publishes and the addresses that pods tell of it, in this order.
    static func node(
        _ name: String, given: Node?, object: KubernetesNode?, info: KubernetesNodeInfo?, addresses: [IPAddress],
        settings: KubernetesSettings
    ) -> Node {
        var node = given ?? Node(name, network: settings.network)
        if node.cluster == Workload.defaultCluster { node.cluster = settings.cluster }
        if let object {
            if node.addresses.isEmpty { node.addresses = object.addresses }
            if node.podPrefixes.isEmpty { node.podPrefixes = object.podPrefixes }
            if node.locality.isEmpty { node.locality = object.locality }
        }
        if let info {
            if node.encryption == nil { node.encryption = info.encryption }
            if node.addresses.isEmpty { node.addresses = info.encryption.addresses }
            if node.podPrefixes.isEmpty { node.podPrefixes = info.encryption.podPrefixes }
        }
        if node.addresses.isEmpty { node.addresses = addresses }
        return node
    }

    /// The node of that name, nil when there is none.
    subscript(name: String) -> Node? { indexes[name].map { nodes[$0] } }

    /// Families that pods of these nodes can have; IPv4 where no node says.
    var podFamilies: Set<AddressFamily> {
        let families = Set(nodes.flatMap { node in node.podPrefixes.map(\.address.family) })
        return families.isEmpty ? [.v4] : families
    }

    /// Names of nodes on which a pod of this spec can be, in order. Label keys that no node has are not asked for.
    func names(allowing spec: KubernetesPodSpec) -> [String] {
        if !spec.nodeName.isEmpty { return [spec.nodeName] }
        let selector = spec.nodeSelector.filter { labelKeys.contains($0.key) }
        guard !selector.isEmpty else { return names }
        return names.filter { name in
            selector.allSatisfy { labels[name]?[$0.key] == $0.value }
        }
    }

    /// Keys of the node selector that no node has.
    func unknownKeys(of spec: KubernetesPodSpec) -> [String] {
        spec.nodeSelector.keys.filter { !labelKeys.contains($0) }.sorted()
    }

    /// The locality of a zone: with its region, where a node tells.
    func locality(ofZone zone: String) -> Locality {
        let region = nodes.first { $0.locality.zone == zone }?.locality.region
        return Locality(region: region ?? "", zone: zone)
    }

    /// Gives a node that has no pod prefixes the default one of that number again.
    mutating func assignPrefix(_ number: UInt32, to name: String) {
        guard let index = indexes[name], nodes[index].podPrefixes.isEmpty else { return }
        setDefaultPrefix(number, ofNodeAt: index)
    }

    /// Gives a node that has no pod prefixes a default one that is apart from all others.
    /// - Parameter first: Where to begin the search.
    /// - Returns: The prefix's number; nil when the node needs none or none is left.
    mutating func assignFreePrefix(to name: String, from first: UInt32) -> UInt32? {
        guard let index = indexes[name], nodes[index].podPrefixes.isEmpty, first < Self.defaultPrefixCount else {
            return nil
        }
        let used = nodes.flatMap(\.podPrefixes)
        let free = (first..<Self.defaultPrefixCount).first { number in
            guard let prefix = Self.defaultPrefix(number) else { return false }
            return !used.contains { $0.contains(prefix.address) || prefix.contains($0.address) }
        }
        if let free { setDefaultPrefix(free, ofNodeAt: index) }
        return free
    }

    private static func defaultPrefix(_ number: UInt32) -> Prefix? {
        Prefix(.v4(firstDefaultPrefix + number << 8), length: 24)
    }

    private mutating func setDefaultPrefix(_ number: UInt32, ofNodeAt index: Int) {
        nodes[index].podPrefixes = Self.defaultPrefix(number).map { [$0] } ?? []
    }
}
