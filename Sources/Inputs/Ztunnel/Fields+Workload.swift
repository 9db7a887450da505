import Model

/// Resources as far as ztunnel's and Kmesh's files write them alike.
extension Fields {
    /// A workload, with the parts that the formats write differently already read.
    ///
    /// Empty names mean their defaults, as in the workload API: trust domain `cluster.local`, service account
    /// `default`, cluster `Kubernetes`. A missing type is a pod.
    mutating func workload(
        addresses: [IPAddress], services: [ServiceName: [ServicePort]], networkMode: NetworkMode
    ) throws(InputError) -> Workload {
        let kinds: KeyValuePairs<String, WorkloadKind> = [
            "deployment": .deployment, "cronjob": .cronjob, "pod": .pod, "job": .job,
        ]
        let workload = Workload(
            WorkloadUID(try requiredFilled("uid")),
            name: try string("name") ?? "",
            namespace: try requiredFilled("namespace"),
            addresses: addresses,
            network: try string("network") ?? "",
            cluster: try filled("clusterId") ?? Workload.defaultCluster,
            node: try string("node") ?? "",
            locality: try locality("locality"),
            serviceAccount: try filled("serviceAccount") ?? "default",
            trustDomain: try filled("trustDomain") ?? "cluster.local",
            kind: try word("workloadType", in: kinds) ?? .pod,
            ownerName: try filled("workloadName"),
            canonicalName: try filled("canonicalName"),
            canonicalRevision: try filled("canonicalRevision") ?? "latest",
            networkMode: networkMode,
            health: try word("status", in: ["Healthy": Health.healthy, "Unhealthy": .unhealthy]) ?? .healthy,
            waypoint: try gateway("waypoint"),
            services: services,
            policies: try strings("authorizationPolicies"))
        try finish()
        return workload
    }

    /// A service, with its ports already read.
    mutating func service(ports: [ServicePort]) throws(InputError) -> Service {
        let service = Service(
            ServiceName(namespace: try requiredFilled("namespace"), hostname: try requiredFilled("hostname")),
            shortName: try string("name") ?? "",
            addresses: try networkAddresses("vips"),
            ports: ports,
            waypoint: try gateway("waypoint"),
            loadBalancing: try loadBalancing("loadBalancer"))
        try finish()
        return service
    }

    /// `{mode, routingPreferences, healthPolicy}`; without it every endpoint is as good as another.
    private mutating func loadBalancing(_ key: String) throws(InputError) -> LoadBalancing {
        guard let node = node(key) else { return LoadBalancing() }
        let modes: KeyValuePairs<String, LoadBalancing.Mode> = [
            "Standard": .random, "Strict": .strict, "Failover": .failover, "Passthrough": .passthrough,
            "UNSPECIFIED_MODE": .random,
        ]
        let scopes: KeyValuePairs<String, LoadBalancing.Scope> = [
            "Region": .region, "Zone": .zone, "Subzone": .subzone, "Node": .node, "Cluster": .cluster,
            "Network": .network,
        ]
        let policies: KeyValuePairs<String, LoadBalancing.HealthPolicy> = [
            "OnlyHealthy": .onlyHealthy, "AllowAll": .allowAll,
        ]
        var fields = try Fields(node, file: file, what: "\"\(key)\"")
        let loadBalancing = LoadBalancing(
            try fields.word("mode", in: modes) ?? .random,
            preferring: try fields.words("routingPreferences", in: scopes),
            healthPolicy: try fields.word("healthPolicy", in: policies) ?? .onlyHealthy)
        try fields.finish()
        return loadBalancing
    }
}
