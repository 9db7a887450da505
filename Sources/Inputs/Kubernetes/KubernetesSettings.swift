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
    /// The namespace whose policies are for the whole mesh.
    public var rootNamespace: String
    /// What becomes of pods and services whose addresses no object says.
    public var unknownAddresses: UnknownAddresses

    /// What becomes of pods and services whose addresses no object says: pods of controllers, pods without a status,
    /// services without a `clusterIP`.
    public enum UnknownAddresses: Hashable, Sendable {
        /// They get addresses, as a cluster would give them. For a simulation, where nobody else has these addresses.
        case invented
        /// They are left out with a note. For a real node, where an invented address may be somebody else's.
        case leftOut
    }

    public init(
        cluster: String = Workload.defaultCluster, network: String = "", clusterDomain: String = "cluster.local",
        trustDomain: String = "cluster.local", rootNamespace: String = "istio-system",
        unknownAddresses: UnknownAddresses = .invented
    ) {
        self.cluster = cluster
        self.network = network
        self.clusterDomain = clusterDomain
        self.trustDomain = trustDomain
        self.rootNamespace = rootNamespace
        self.unknownAddresses = unknownAddresses
    }

    /// The name in the mesh of the Service of that name.
    public func serviceName(of service: KubernetesName) -> ServiceName {
        ServiceName(
            namespace: service.namespace, hostname: "\(service.name).\(service.namespace).svc.\(clusterDomain)")
    }
}
