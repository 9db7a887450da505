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

    /// The API group the kind belongs to; the core group is empty.
    public var group: String {
        switch self {
        case .namespace, .node, .serviceAccount, .service, .pod, .endpoints: ""
        case .deployment, .statefulSet, .daemonSet, .replicaSet: "apps"
        case .job, .cronJob: "batch"
        case .endpointSlice: "discovery.k8s.io"
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

/// The name of an object within its kind. Cluster-wide objects have an empty namespace.
public struct KubernetesName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Empty for cluster-wide objects.
    public var namespace: String
    public var name: String

    /// A name as it is; nothing is checked.
    public init(_ namespace: String, _ name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// `namespace/name`, or the name of a cluster-wide object.
    public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    /// By namespace, then by name.
    public static func < (a: KubernetesName, b: KubernetesName) -> Bool {
        a.namespace == b.namespace ? a.name < b.name : a.namespace < b.namespace
    }
}

/// An object's kind and name: by this a cluster knows it.
struct ObjectKey: Hashable, Sendable, Comparable {
    var kind: KubernetesKind
    var name: KubernetesName

    /// By name, then by kind.
    static func < (a: ObjectKey, b: ObjectKey) -> Bool {
        a.name == b.name ? a.kind.rawValue < b.kind.rawValue : a.name < b.name
    }
}

/// Where an object was read, for notes and errors that come up later.
struct ObjectOrigin: Hashable, Sendable {
    var file: String
    var position: Position

    /// A note about the object.
    func note(_ text: String) -> InputNote { InputNote(file, position, text) }

    /// An error about the object.
    func error(_ message: String) -> InputError { InputError(file, position, message) }
}
