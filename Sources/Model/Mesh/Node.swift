/// A machine of the cluster.
public struct Node: Hashable, Sendable {
    public var name: String
    /// The node's own addresses; probes of its pods come from them.
    public var addresses: [IPAddress]
    /// From where its pods get their addresses.
    public var podPrefixes: [Prefix]
    public var locality: Locality
    public var network: String
    public var cluster: String
    /// The address from which the node's probes reach its pods, where it is not a node address.
    public var podGateway: IPAddress?
    /// What it publishes for encryption; nil where it does not encrypt.
    public var encryption: NodeEncryption?

    public init(
        _ name: String, addresses: [IPAddress] = [], podPrefixes: [Prefix] = [], locality: Locality = Locality(),
        network: String = "", cluster: String = Workload.defaultCluster, podGateway: IPAddress? = nil,
        encryption: NodeEncryption? = nil
    ) {
        self.name = name
        self.addresses = addresses
        self.podPrefixes = podPrefixes
        self.locality = locality
        self.network = network
        self.cluster = cluster
        self.podGateway = podGateway
        self.encryption = encryption
    }
}
