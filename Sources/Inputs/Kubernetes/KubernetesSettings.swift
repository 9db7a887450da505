import Model

/// What a cluster's objects do not say about the cluster.
public struct KubernetesSettings: Hashable, Sendable {
    /// The cluster's name, the first part of each workload's uid.
    public var cluster: String
    /// The network of all addresses; the default network has an empty name.
    public var network: String
    /// The suffix of services' hostnames after `svc.`.
    public var clusterDomain: String
    /// The trust domain of all workloads.
    public var trustDomain: String

    public init(
        cluster: String = Workload.defaultCluster, network: String = "", clusterDomain: String = "cluster.local",
        trustDomain: String = "cluster.local"
    ) {
        self.cluster = cluster
        self.network = network
        self.clusterDomain = clusterDomain
        self.trustDomain = trustDomain
    }

    /// The name in the mesh of the Service of that name.
    public func serviceName(of service: KubernetesName) -> ServiceName {
        ServiceName(
            namespace: service.namespace, hostname: "\(service.name).\(service.namespace).svc.\(clusterDomain)")
    }
}
