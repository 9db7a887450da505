/// What this node compares endpoints with.
public struct LocalIdentity: Hashable, Sendable {
    public var locality: Locality
    public var node: String
    public var cluster: String
    public var network: String

    public init(locality: Locality, node: String, cluster: String, network: String) {
        self.locality = locality
        self.node = node
        self.cluster = cluster
        self.network = network
    }

    /// The identity that a workload shows.
    public init(of workload: Workload) {
        self.init(
            locality: workload.locality, node: workload.node, cluster: workload.cluster, network: workload.network)
    }

    /// The value compared in one scope.
    public subscript(scope: LoadBalancing.Scope) -> String {
        switch scope {
        case .region: locality.region
        case .zone: locality.zone
        case .subzone: locality.subzone
        case .node: node
        case .cluster: cluster
        case .network: network
        }
    }
}

extension LoadBalancing {
    /// The lowest priority that the maps have.
    public static let lowestPriority = 6

    /// The priority of an endpoint, 0 the nearest: the number of scopes without the matching ones at the front of the
    /// routing preference. Under random every endpoint has 0.
    public func priority(of endpoint: LocalIdentity, from local: LocalIdentity) -> Int {
        guard isRanked else { return 0 }
        let matching = routingPreference.prefix { endpoint[$0] == local[$0] }.count
        return min(routingPreference.count - matching, Self.lowestPriority)
    }

    /// Whether endpoints have priorities by their locality.
    public var isRanked: Bool { mode == .strict || mode == .failover }
}
