import KernelABI
import Model

/// What a class of clients has in one mesh: the maps of its nodes, and the ways through them.
struct ClientView {
    /// What the maps hold of a service that a frontend leads to.
    struct ServiceFacts {
        var name: String
        var waypoint: SocketAddress?
        var policy: UInt32
        /// Ports that clients call, in order, with those of the pods.
        var ports: [(port: UInt16, target: UInt16)]
        /// Names of the endpoints by priority.
        var endpoints: [String: Int]
    }

    /// What the maps hold of a workload.
    struct WorkloadFacts: Equatable {
        var name: String
        var addresses: [IPAddress]
        var waypoint: SocketAddress?
    }

    let mesh: Mesh
    let nodeName: String
    /// Whether port 53 leads to a DNS proxy.
    let hasProxy: Bool
    private let options: DataplaneOptions
    private let node: NodeDataplane
    private var finder: WayFinder
    /// Ports beyond ten by their service.
    private let extraPorts: [ResourceID: [(port: UInt16, target: UInt16)]]

    init(
        _ side: DifferenceSide, node name: String, options: DataplaneOptions, changes: [MeshChange],
        owners: SourceOwners
    ) {
        mesh = side.mesh
        nodeName = name
        self.options = options
        if let recorded = side.recorded[name] {
            node = NodeDataplane(name: name, hostCookie: 0, maps: recorded.maps, recordedNames: recorded.names)
        } else {
            var compiled = NodeDataplane(
                name: name, hostCookie: 0, maps: MapStore(capacities: options.capacities),
                compiler: Compiler(node: name, options: options))
            _ = compiled.apply(changes)
            node = compiled
        }
        hasProxy = node.maps.backend(ResourceID(KM_DNS_PROXY_UID)) != nil
        var extra: [ResourceID: [(port: UInt16, target: UInt16)]] = [:]
        for (key, value) in node.maps.servicePort.sortedEntries where options.extras == .keep {
            extra[key.service_id, default: []].append((hostPort(key.service_port), hostPort(value.target_port)))
        }
        extraPorts = extra
        finder = WayFinder(node.maps, owners: owners, options: options)
    }

    /// The ways of connections to an address, which may be IPv4-mapped.
    mutating func ways(to asked: SocketAddress) -> Ways { finder.ways(to: asked) }

    // MARK: What the maps hold

    private func name(_ id: ResourceID) -> String { node.name(of: id) ?? "id \(id)" }

    /// Every address that lookups find.
    var frontends: [IPAddress] { node.maps.frontend.sortedEntries.map(\.key.addr.address) }

    /// The service or workload that an address leads to.
    func owner(of address: IPAddress) -> String? { node.maps.frontend(address).map { name($0.upstream_id) } }

    /// The service that an address leads to.
    func service(at address: IPAddress) -> ServiceFacts? {
        guard let id = node.maps.frontend(address)?.upstream_id, let value = node.maps.service(id) else { return nil }
        var ports: [(port: UInt16, target: UInt16)] = []
        let (listed, targets) = (value.servicePorts, value.targetPorts)
        for index in 0..<Int(KM_SERVICE_PORT_COUNT) where listed[index] != 0 {
            let port = hostPort(listed[index])
            if !ports.contains(where: { $0.port == port }) { ports.append((port, hostPort(targets[index]))) }
        }
        ports += (extraPorts[id] ?? []).filter { new in !ports.contains { $0.port == new.port } }
        let counts = value.endpointCounts
        var endpoints: [String: Int] = [:]
        for priority in 0..<7 {
            for index in 0..<counts[priority] {
                let key = EndpointKey(service_id: id, prio: UInt32(priority), backend_index: index + 1)
                guard let endpoint = node.maps.endpoint(key) else { continue }
                endpoints[name(endpoint.backend_uid)] = priority
            }
        }
        return ServiceFacts(
            name: name(id),
            waypoint: value.hasWaypoint(options.waypointTest)
                ? SocketAddress(value.wp_addr.address, port: hostPort(value.waypoint_port)) : nil,
            policy: value.lb_policy, ports: ports.sorted { $0.port < $1.port }, endpoints: endpoints)
    }

    /// What the maps hold of a workload, nil when nothing.
    func workload(_ name: String) -> WorkloadFacts? {
        guard let id = node.id(of: name), let value = node.maps.backend(id) else { return nil }
        var addresses = [value.addr.address]
        if let alternative = node.maps.backendAlternative(id) { addresses.append(alternative.addr.address) }
        return WorkloadFacts(
            name: name, addresses: addresses,
            waypoint: value.hasWaypoint(options.waypointTest)
                ? SocketAddress(value.wp_addr.address, port: hostPort(value.waypoint_port)) : nil)
    }
}
