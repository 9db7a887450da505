import Model

/// What the mesh uses of a Node.
struct KubernetesNode: Hashable, Sendable {
    var name: String
    var labels: [String: String]
    /// Internal addresses.
    var addresses: [IPAddress] = []
    /// `podCIDRs`, or `podCIDR` where there is no list.
    var podPrefixes: [Prefix] = []

    /// Where the node stands, by its labels.
    var locality: Locality {
        Locality(
            region: labels[KubernetesLabel.region] ?? "", zone: labels[KubernetesLabel.zone] ?? "",
            subzone: labels[KubernetesLabel.subzone] ?? "")
    }

    /// Reads a Node.
    init(_ object: KubernetesObject) throws(InputError) {
        var fields = try Fields(object.document, file: object.file, what: "a Node")
        name = object.name
        labels = try KubernetesMetadata(of: &fields).labels
        if var spec = try fields.mapping("spec") {
            let many = spec.list("podCIDRs")
            for node in many.isEmpty ? spec.list("podCIDR") : many {
                guard let prefix = node.text.flatMap({ Prefix($0) }) else {
                    throw InputError(
                        object.file, node.position,
                        "\"podCIDR\" must be an address prefix such as 10.244.0.0/24, not \(node.kindName)")
                }
                podPrefixes.append(prefix)
            }
        }
        if var status = try fields.mapping("status") {
            for var element in try status.mappings("addresses") where try element.string("type") == "InternalIP" {
                if let address = try element.optionalAddress("address") { addresses.append(address) }
            }
        }
    }
}

/// What the mesh uses of a Namespace.
public struct KubernetesNamespace: Hashable, Sendable {
    public var name: String
    public var metadata: KubernetesMetadata

    /// Reads a Namespace.
    public init(_ object: KubernetesObject) throws(InputError) {
        var fields = try Fields(object.document, file: object.file, what: "a Namespace")
        name = object.name
        metadata = try KubernetesMetadata(of: &fields)
    }
}
