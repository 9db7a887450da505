/// What the DNS proxy answers: the addresses of each hostname that a service has.
public struct DNSNameTable: Hashable, Sendable {
    /// Where a service comes from, judged by its hostname.
    public enum Registry: String, Hashable, Sendable, CaseIterable {
        /// `name.namespace.svc.<cluster domain>`; the short forms of the name are answered too.
        case kubernetes = "Kubernetes"
        case external = "External"
    }

    /// The answer for one hostname.
    public struct Entry: Hashable, Sendable {
        /// Virtual IPs, or the endpoints' addresses of a headless service.
        public var addresses: [IPAddress]
        public var registry: Registry
        /// Empty for external services.
        public var namespace: String
        /// The name without namespace and domain; empty for external services.
        public var shortName: String
    }

    /// By hostname.
    public private(set) var entries: [String: Entry] = [:]

    /// Builds the table. The order of services and workloads is that of merged addresses.
    ///
    /// Services with one hostname: a Kubernetes one wins over external ones, whose addresses are joined.
    /// Source: Kmesh, pkg/dns/nametable.go `BuildNameTable`.
    public init(services: [Service], workloads: [Workload], clusterDomain: String = "cluster.local") {
        for service in services {
            let entry = Self.entry(of: service, workloads, clusterDomain)
            let hostname = service.name.hostname
            guard let known = entries[hostname] else {
                entries[hostname] = entry
                continue
            }
            if known.registry == .kubernetes { continue }
            if entry.registry == .kubernetes {
                entries[hostname] = entry
            } else {
                entries[hostname]?.addresses += entry.addresses
            }
        }
    }

    /// Builds the table of a mesh, in the order of names.
    public init(_ mesh: Mesh, clusterDomain: String = "cluster.local") {
        self.init(services: mesh.sortedServices, workloads: mesh.sortedWorkloads, clusterDomain: clusterDomain)
    }

    private static func entry(of service: Service, _ workloads: [Workload], _ clusterDomain: String) -> Entry {
        let virtual = service.addresses.map(\.address)
        var addresses = Array(virtual.prefix { !$0.isUnspecified })
        let isHeadless = virtual.isEmpty || addresses.count < virtual.count
        if isHeadless {
            addresses += workloads.filter { $0.services[service.name] != nil }.flatMap(\.addresses)
        }
        let kubernetesName = "\(service.shortName).\(service.name.namespace).svc.\(clusterDomain)"
        if service.name.hostname == kubernetesName {
            return Entry(
                addresses: addresses, registry: .kubernetes, namespace: service.name.namespace,
                shortName: service.shortName)
        }
        return Entry(addresses: addresses, registry: .external, namespace: "", shortName: "")
    }
}
