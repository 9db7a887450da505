import Model
import Testing

/// How much room the maps have.
enum Room: Sendable {
    /// As in the presets.
    case preset
    /// One entry in one map.
    case one(WritableKeyPath<MapCapacities, Int> & Sendable)
}

// Small meshes in few words.
extension SoundnessRow {
    /// `default/<hostname>`.
    static func name(_ hostname: String) -> ServiceName { ServiceName(namespace: "default", hostname: hostname) }

    /// Addresses from their texts; one that cannot be read is left out and fails the test.
    static func addresses(_ texts: [String]) -> [IPAddress] {
        let read = texts.compactMap { IPAddress($0) }
        #expect(read.count == texts.count, "\(texts)")
        return read
    }

    /// A waypoint at an address and port.
    static func to(_ text: String) -> Gateway? {
        let socket = SocketAddress(text)
        #expect(socket != nil, "\(text)")
        return socket.map { Gateway(.address(NetworkAddress($0.address)), port: $0.port) }
    }

    /// A service with port 80 at 10.0.0.1.
    static func service(
        _ hostname: String, _ virtualIPs: [String] = ["10.0.0.1"], ports: [ServicePort] = [ServicePort(80, to: 8080)],
        waypoint: Gateway? = nil, balancing: LoadBalancing = LoadBalancing()
    ) -> Service {
        Service(
            name(hostname), addresses: addresses(virtualIPs).map { NetworkAddress($0) }, ports: ports,
            waypoint: waypoint,
            loadBalancing: balancing)
    }

    /// A pod at 10.1.0.1; policies are those of its namespace.
    static func pod(
        _ name: String, _ texts: [String] = ["10.1.0.1"], of services: [String] = [], ports: [ServicePort] = [],
        node: String = "", zone: String = "", waypoint: Gateway? = nil, health: Health = .healthy,
        policies: [String] = []
    ) -> Workload {
        Workload(
            WorkloadUID(cluster: "c", podNamespace: "default", pod: name), name: name, namespace: "default",
            addresses: addresses(texts), node: node, locality: locality(zone), health: health, waypoint: waypoint,
            services: Dictionary(
                uniqueKeysWithValues: services.map { (ServiceName(namespace: "default", hostname: $0), ports) }),
            policies: policies.map { "default/\($0)" })
    }

    static func node(_ name: String, _ texts: [String] = [], prefixes: [String] = [], zone: String = "") -> Node {
        let read = prefixes.compactMap { Prefix($0) }
        #expect(read.count == prefixes.count, "\(prefixes)")
        return Node(name, addresses: addresses(texts), podPrefixes: read, locality: locality(zone))
    }

    /// A policy of the namespace `default`, with one rule.
    static func policy(_ name: String, _ action: Policy.Action = .allow, rules: Int = 1, isDryRun: Bool = false)
        -> Policy
    {
        Policy(
            name: name, namespace: "default", scope: .workload, action: action,
            rules: Array(repeating: Policy.Rule(), count: rules), isDryRun: isDryRun)
    }

    /// A zone of region r, nothing for an empty name.
    private static func locality(_ zone: String) -> Locality {
        zone.isEmpty ? Locality() : Locality(region: "r", zone: zone)
    }

    static func mesh(
        nodes: [Node] = [], services: [Service] = [], workloads: [Workload] = [], policies: [Policy] = []
    ) -> Mesh {
        var mesh = Mesh()
        for node in nodes { mesh.apply(.setNode(node)) }
        for service in services { mesh.apply(.setService(service)) }
        for workload in workloads { mesh.apply(.setWorkload(workload)) }
        for policy in policies { mesh.apply(.setPolicy(policy)) }
        return mesh
    }

    /// The check with room for one entry in one map, or as the presets have it.
    static func check(room: Room) -> Soundness {
        var (upstream, hardened) = (DataplaneOptions.upstream, DataplaneOptions.hardened)
        guard case .one(let capacity) = room else { return Soundness() }
        upstream.capacities[keyPath: capacity] = 1
        hardened.capacities[keyPath: capacity] = 1
        return Soundness(upstream: upstream, hardened: hardened)
    }
}
