import Model

/// Policies of the workload API (`istio.security.Authorization`) in protobuf's JSON form: documents of one each, or
/// lists of them. Keys may be in either of that form's cases, zero values may be missing.
public enum WorkloadAPIResource {
    static let authorizationType = "type.googleapis.com/istio.security.Authorization"

    /// Whether a document looks like a resource of the workload API, also like one that is not read.
    static func isRecognized(_ node: DocumentNode) -> Bool {
        guard node["apiVersion"] == nil, node["kind"] == nil else { return false }
        return node["@type"]?.text?.hasPrefix("type.googleapis.com/istio.") == true || isAuthorization(node)
            || isAddress(node)
    }

    private static func isAuthorization(_ node: DocumentNode) -> Bool {
        node["name"]?.text != nil && ["scope", "action", "rules", "groups"].contains { node[$0] != nil }
    }

    private static func isAddress(_ node: DocumentNode) -> Bool {
        ["workload", "service"].contains { if case .mapping? = node[$0]?.value { true } else { false } }
    }

    /// Reads a resource.
    /// - Throws: also for workloads and services, which are not read in this form.
    public static func change(_ node: DocumentNode, file: String) throws(InputError) -> MeshChange {
        .setPolicy(try policy(node, file: file))
    }

    /// Reads a policy; `name` must be there.
    public static func policy(_ node: DocumentNode, file: String) throws(InputError) -> Policy {
        var fields = try Fields(node.camelCased(file: file), file: file, what: "a resource of the workload API")
        let type = try fields.string("@type")
        guard type ?? authorizationType == authorizationType, !isAddress(node) else {
            throw InputError(
                file, node.position,
                "\(type ?? "an Address") is not read in this form; give workloads and services as Kubernetes "
                    + "manifests or as a ztunnel configuration")
        }
        return try fields.policy(rules: .messages)
    }
}
