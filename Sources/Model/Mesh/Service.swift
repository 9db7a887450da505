/// The name of a service: `namespace/hostname`, by which ids are hashed.
public struct ServiceName: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var namespace: String
    public var hostname: String

    public init(namespace: String, hostname: String) {
        self.namespace = namespace
        self.hostname = hostname
    }

    /// Reads `namespace/hostname`; nil when one of them is missing.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        self.init(namespace: String(parts[0]), hostname: String(parts[1]))
    }

    public var description: String { "\(namespace)/\(hostname)" }

    public static func < (a: ServiceName, b: ServiceName) -> Bool {
        a.namespace == b.namespace ? a.hostname < b.hostname : a.namespace < b.namespace
    }
}

/// One port of a service, host order.
public struct ServicePort: Hashable, Sendable {
    /// The port that clients call.
    public var servicePort: UInt16
    /// The port of the pods; 0 means the service port, or a port that each endpoint names itself.
    public var targetPort: UInt16
    /// The port's name in its manifest, empty when it has none.
    public var name: String
    /// The name of the pods' port, where the manifest names it instead of giving a number.
    public var targetName: String

    public init(_ servicePort: UInt16, to targetPort: UInt16 = 0, name: String = "", targetName: String = "") {
        self.servicePort = servicePort
        self.targetPort = targetPort
        self.name = name
        self.targetName = targetName
    }
}

/// How a service's endpoints are chosen.
public struct LoadBalancing: Hashable, Sendable {
    /// How the routing preference is used.
    public enum Mode: String, Hashable, Sendable, CaseIterable {
        /// Uniformly among all endpoints.
        case random
        /// Only endpoints that match in every scope.
        case strict
        /// The nearest endpoints first.
        case failover
        /// No load balancing: the destination stays, and nothing is remembered of it.
        case passthrough
    }

    /// Scopes in which an endpoint can be like this node.
    public enum Scope: String, Hashable, Sendable, CaseIterable {
        case region, zone, subzone, node, cluster, network
    }

    /// Which endpoints count.
    public enum HealthPolicy: String, Hashable, Sendable {
        case onlyHealthy
        case allowAll
    }

    public var mode: Mode
    /// From the most to the least important.
    public var routingPreference: [Scope]
    public var healthPolicy: HealthPolicy

    public init(
        _ mode: Mode = .random, preferring routingPreference: [Scope] = [], healthPolicy: HealthPolicy = .onlyHealthy
    ) {
        self.mode = mode
        self.routingPreference = routingPreference
        self.healthPolicy = healthPolicy
    }
}

/// A service as the workload API describes it.
public struct Service: Hashable, Sendable {
    public var name: ServiceName
    /// The short name, `reviews` of `reviews.default.svc.cluster.local`.
    public var shortName: String
    /// Virtual IPs; none for a headless service.
    public var addresses: [NetworkAddress]
    public var ports: [ServicePort]
    public var waypoint: Gateway?
    public var loadBalancing: LoadBalancing

    public init(
        _ name: ServiceName, shortName: String = "", addresses: [NetworkAddress] = [], ports: [ServicePort] = [],
        waypoint: Gateway? = nil, loadBalancing: LoadBalancing = LoadBalancing()
    ) {
        self.name = name
        self.shortName = shortName
        self.addresses = addresses
        self.ports = ports
        self.waypoint = waypoint
        self.loadBalancing = loadBalancing
    }
}
