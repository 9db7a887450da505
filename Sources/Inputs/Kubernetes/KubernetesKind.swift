/// The kinds of objects that shape the mesh, by the `kind` of their manifests.
public enum KubernetesKind: String, Hashable, Sendable, CaseIterable {
    case namespace = "Namespace"
    case node = "Node"
    case serviceAccount = "ServiceAccount"
    case service = "Service"
    case deployment = "Deployment"
    case statefulSet = "StatefulSet"
    case daemonSet = "DaemonSet"
    case replicaSet = "ReplicaSet"
    case job = "Job"
    case cronJob = "CronJob"
    case pod = "Pod"
    case endpoints = "Endpoints"
    case endpointSlice = "EndpointSlice"
    case authorizationPolicy = "AuthorizationPolicy"
    case peerAuthentication = "PeerAuthentication"
    case nodeInfo = "KmeshNodeInfo"

    /// The API group the kind belongs to; the core group is empty.
    public var group: String {
        switch self {
        case .namespace, .node, .serviceAccount, .service, .pod, .endpoints: ""
        case .deployment, .statefulSet, .daemonSet, .replicaSet: "apps"
        case .job, .cronJob: "batch"
        case .endpointSlice: "discovery.k8s.io"
        case .authorizationPolicy, .peerAuthentication: "security.istio.io"
        case .nodeInfo: "kmesh.net"
        }
    }

    /// Whether objects of this kind live in a namespace.
    public var isNamespaced: Bool { self != .namespace && self != .node }

    /// The kind of an object, nil when the mesh does not know it or another API group has a kind of the same name.
    /// An empty `apiVersion` fits every group, as do the `extensions` group's early forms of `apps`.
    public init?(_ kind: String, apiVersion: String) {
        guard let known = KubernetesKind(rawValue: kind) else { return nil }
        let group = apiVersion.contains("/") ? apiVersion.prefix { $0 != "/" } : ""
        let isLegacy = group == "extensions" && known.group == "apps"
        guard apiVersion.isEmpty || group == known.group || isLegacy else { return nil }
        self = known
    }
}
