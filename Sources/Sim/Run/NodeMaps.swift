public import Inputs
public import Model

/// The maps of one node, to be shown or to be written as a dump.
public struct NodeMaps: Sendable {
    /// One map in words.
    public struct Section: Hashable, Sendable {
        /// One entry; names instead of ids.
        public struct Row: Hashable, Sendable {
            /// What is looked up.
            public var key: String
            /// What is found there.
            public var value: String
        }

        /// The map's name in the kernel.
        public var map: String
        /// Most entries it takes.
        public var capacity: Int
        /// Ordered by the bytes of the keys.
        public var rows: [Row]
    }

    /// Names of all maps, in the order of `sections`.
    public static let mapNames = [
        "km_manage", "km_frontend", "km_service", "km_service_port", "km_endpoint", "km_backend", "km_backend_alt",
        "km_nodeinfo",
    ]

    /// The node's name.
    public var node: String
    /// Every map, in the order in which a connect may look them up.
    public var sections: [Section]
    /// The bytes, with the names of ids.
    public var dump: MapDump
}

extension ScenarioRunner {
    /// What was left out of the sources.
    public var notes: [InputNote] { snapshot.notes }
    /// Nodes of the mesh, sorted, whether or not they have maps.
    public var meshNodes: [String] { snapshot.mesh.sortedNodes.map(\.name) }

    /// What the mesh came to.
    public var mesh: Mesh { snapshot.mesh }

    /// Gives a node maps, as the first step that needs them would.
    /// - Returns: what they cannot hold.
    public mutating func addNode(_ name: String) -> [Problem] {
        world.addNode(name)
        return world.nodes[name]?.problems ?? []
    }

    /// The maps of a node; nil when it has none.
    public func maps(of name: String) -> NodeMaps? {
        guard let node = world.nodes[name] else { return nil }
        let text = MapText(node: node, book: book, world: world)
        return NodeMaps(
            node: name, sections: text.sections, dump: MapDump(of: node.maps, names: node.names))
    }
}

extension MapText {
    fileprivate var sections: [NodeMaps.Section] {
        let maps = node.maps
        let pods = namespaceNames
        return [
            NodeMaps.Section(
                map: "km_manage", capacity: maps.manage.capacity,
                rows: maps.manage.sortedEntries.map { key, value in
                    .init(key: manageText(key, pods), value: "\(value.state)")
                }),
            section(
                "km_frontend", maps.frontend.capacity, maps.frontend.sortedEntries.map { .frontend($0.key, $0.value) }),
            section("km_service", maps.service.capacity, maps.service.sortedEntries.map { .service($0.key, $0.value) }),
            section(
                "km_service_port", maps.servicePort.capacity,
                maps.servicePort.sortedEntries.map { .servicePort($0.key, $0.value) }),
            section(
                "km_endpoint", maps.endpoint.capacity, maps.endpoint.sortedEntries.map { .endpoint($0.key, $0.value) }),
            section("km_backend", maps.backend.capacity, maps.backend.sortedEntries.map { .backend($0.key, $0.value) }),
            section(
                "km_backend_alt", maps.backendAlternative.capacity,
                maps.backendAlternative.sortedEntries.map { .backendAlternative($0.key, $0.value) }),
            section(
                "km_nodeinfo", maps.nodeInfo.capacity, maps.nodeInfo.sortedEntries.map { .nodeInfo($0.key, $0.value) }),
        ]
    }

    private func section(_ map: String, _ capacity: Int, _ entries: [MapEntry]) -> NodeMaps.Section {
        NodeMaps.Section(
            map: map, capacity: capacity, rows: entries.map { .init(key: keyText($0.key), value: text($0)) })
    }

    /// A key in words, names instead of ids.
    private func keyText(_ key: MapEntryKey) -> String {
        func name(_ id: ResourceID) -> String { node.name(of: id) ?? "id \(id)" }
        switch key {
        case .frontend(let key): return addressText(key.addr.address)
        case .service(let key): return name(key.service_id)
        case .servicePort(let key): return "\(name(key.service_id)) port \(hostPort(key.service_port))"
        case .endpoint(let key):
            return "\(name(key.service_id)) priority \(key.prio) index \(key.backend_index)"
        case .backend(let key), .backendAlternative(let key):
            return key.backend_uid == 0 ? "DNS proxy" : name(key.backend_uid)
        case .manage(let key): return manageText(key, [:])
        case .nodeInfo(let key):
            // A prefix longer than an IPv4 address is of IPv6, also with nothing after its first word.
            return "\(key.prefix_length > 32 ? key.addr.asV6 : key.addr.address)/\(key.prefix_length)"
        }
    }

    private func addressText(_ address: IPAddress) -> String {
        book.name(of: address).map { "\(address) (\($0))" } ?? "\(address)"
    }

    /// Namespaces of the node by the bytes of their keys. A recording has cookies of another boot, and no names of them.
    private var namespaceNames: [[UInt8]: String] {
        var names = [layoutBytes(of: ManageKey(cookie: node.hostCookie)): "namespace of the node"]
        guard node.followsMesh else { return names }
        for (uid, namespace) in world.namespaces where namespace.node == node.name {
            names[layoutBytes(of: ManageKey(cookie: namespace.cookie))] = "namespace \(namespace.cookie) (\(uid))"
        }
        return names
    }

    /// The key is a namespace where one is known, else an address.
    private func manageText(_ key: ManageKey, _ namespaces: [[UInt8]: String]) -> String {
        let bytes = layoutBytes(of: key)
        // Same size: both are 16 bytes.
        return namespaces[bytes] ?? layout(MapAddress.self, from: bytes).map { addressText($0.address) } ?? "?"
    }
}
