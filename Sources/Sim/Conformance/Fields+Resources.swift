import Inputs
import Model

/// Services and workloads as vectors write them. Keys that say nothing about the maps are passed over.
extension Fields {
    /// A service.
    mutating func service() throws(InputError) -> Service {
        let hostname = try requiredString("hostname")
        let name = ServiceName(namespace: try string("namespace") ?? "default", hostname: hostname)
        var balancing = try loadBalancing()
        if let node = node("load_balancer") {
            var fields = try Fields(node, file: file, what: "\"load_balancer\"")
            balancing = try fields.loadBalancing()
        }
        return Service(
            name, shortName: try string("name") ?? String(hostname.prefix { $0 != "." }),
            addresses: try networkAddresses("vip") + networkAddresses("vips") + networkAddresses("addresses"),
            ports: try ports("ports"), waypoint: try waypoint("waypoint"), loadBalancing: balancing)
    }

    /// A workload. Vectors may leave out everything but the uid, or the uid but not the name.
    mutating func workload() throws(InputError) -> Workload {
        let namespace = try string("namespace") ?? "default"
        let name = try string("name")
        guard let uid = try string("uid") ?? name.map({ "Kubernetes//Pod/\(namespace)/\($0)" }) else {
            throw InputError(file, position, "a workload needs \"uid\" or \"name\"")
        }
        var services: [ServiceName: [ServicePort]] = [:]
        for (service, ports) in try memberships("services") { services[service] = ports }
        return Workload(
            WorkloadUID(uid), name: name ?? uid, namespace: namespace,
            addresses: try networkAddresses("address").map(\.address) + networkAddresses("addresses").map(\.address),
            network: try string("network") ?? "",
            cluster: try string("cluster_id") ?? Workload.defaultCluster, node: try string("node") ?? "",
            locality: try locality("locality"),
            networkMode: try word(
                "network_mode", in: ["STANDARD": .standard, "HOST_NETWORK": .hostNetwork], default: .standard),
            health: try health("status"), waypoint: try waypoint("waypoint"), services: services)
    }

    /// `HEALTHY` or `UNHEALTHY`, healthy when missing.
    mutating func health(_ key: String) throws(InputError) -> Health {
        try word(key, in: ["HEALTHY": .healthy, "UNHEALTHY": .unhealthy], default: .healthy)
    }

    /// `mode`, `routing_preferences` and `health_policy`.
    mutating func loadBalancing() throws(InputError) -> LoadBalancing {
        let mode: LoadBalancing.Mode = try word(
            "mode",
            in: [
                "UNSPECIFIED_MODE": .random, "STRICT": .strict, "FAILOVER": .failover, "PASSTHROUGH": .passthrough,
            ], default: .random)
        return LoadBalancing(
            mode, preferring: try scopes("routing_preferences"),
            healthPolicy: try word(
                "health_policy", in: ["ONLY_HEALTHY": .onlyHealthy, "ALLOW_ALL": .allowAll], default: .onlyHealthy))
    }

    /// A list of scopes, the most important first.
    mutating func scopes(_ key: String) throws(InputError) -> [LoadBalancing.Scope] {
        var scopes: [LoadBalancing.Scope] = []
        for node in list(key) {
            scopes.append(
                try word(
                    node, key: key,
                    in: [
                        "REGION": .region, "ZONE": .zone, "SUBZONE": .subzone, "NODE": .node, "CLUSTER": .cluster,
                        "NETWORK": .network,
                    ]))
        }
        return scopes
    }

    /// `{region, zone, subzone}`; what is missing is unknown.
    mutating func locality(_ key: String) throws(InputError) -> Locality {
        guard let node = node(key) else { return Locality() }
        var fields = try Fields(node, file: file, what: "\"\(key)\"")
        return try fields.locality()
    }

    /// The same, with the three in this mapping.
    mutating func locality() throws(InputError) -> Locality {
        Locality(
            region: try string("region") ?? "", zone: try string("zone") ?? "", subzone: try string("subzone") ?? "")
    }

    /// The name of a service that must be there.
    mutating func requiredServiceName(_ key: String) throws(InputError) -> ServiceName {
        let node = try required(key)
        return try serviceName(node.text ?? "", at: node.position)
    }

    private func serviceName(_ text: String, at position: Position) throws(InputError) -> ServiceName {
        guard let name = ServiceName(text) else {
            throw InputError(file, position, "\"\(text)\" must be namespace/hostname")
        }
        return name
    }

    /// Services with a workload's own ports for them: a mapping, or a list of names.
    private mutating func memberships(_ key: String) throws(InputError) -> [(ServiceName, [ServicePort])] {
        guard let node = node(key) else { return [] }
        var memberships: [(ServiceName, [ServicePort])] = []
        if case .mapping(let entries) = node.value {
            for entry in entries {
                memberships.append(
                    (try serviceName(entry.key, at: entry.keyPosition), try ports(of: entry.value, key: entry.key)))
            }
        } else {
            for name in try strings(key) { memberships.append((try serviceName(name, at: node.position), [])) }
        }
        return memberships
    }

    /// Addresses, alone or as `network/address`; a single one counts as a list of one.
    private mutating func networkAddresses(_ key: String) throws(InputError) -> [NetworkAddress] {
        var addresses: [NetworkAddress] = []
        for text in try strings(key) {
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let address = parts.last.flatMap({ IPAddress($0) }) else {
                throw InputError(file, position, "\"\(key)\" must hold addresses, not \"\(text)\"")
            }
            addresses.append(NetworkAddress(network: parts.count == 2 ? String(parts[0]) : "", address))
        }
        return addresses
    }

    /// `address`, `address:port` or `namespace/hostname`; nil when the key is missing or empty.
    private mutating func waypoint(_ key: String) throws(InputError) -> Gateway? {
        guard let text = try string(key), !text.isEmpty else { return nil }
        if let address = IPAddress(text) { return Gateway(.address(NetworkAddress(address))) }
        if let socket = SocketAddress(text) {
            return Gateway(.address(NetworkAddress(socket.address)), port: socket.port)
        }
        return Gateway(.service(try serviceName(text, at: position)))
    }
}
