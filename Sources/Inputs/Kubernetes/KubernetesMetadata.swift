import Model

/// The names of the labels and annotations that shape the mesh.
enum KubernetesLabel {
    static let canonicalName = ["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"]
    static let canonicalRevision = ["service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"]
    static let locality = "istio-locality"
    static let hostname = "kubernetes.io/hostname"
    static let region = "topology.kubernetes.io/region"
    static let zone = "topology.kubernetes.io/zone"
    static let subzone = "topology.istio.io/subzone"
    static let useWaypoint = "istio.io/use-waypoint"
    static let useWaypointNamespace = "istio.io/use-waypoint-namespace"
    static let managedGateway = Enrolment.managedLabel
    static let gatewayName = "gateway.networking.k8s.io/gateway-name"
    static let podTemplateHash = "pod-template-hash"
    static let serviceName = "kubernetes.io/service-name"
}

/// The names of the annotations that shape the mesh; all others are dropped, since some hold whole manifests.
enum KubernetesAnnotation {
    static let trafficDistribution = "networking.istio.io/traffic-distribution"
    static let restartedAt = "kubectl.kubernetes.io/restartedAt"
    /// Of AuthorizationPolicies, which read it themselves.
    static let dryRun = "istio.io/dry-run"

    /// Whether an annotation is kept.
    static func isKnown(_ name: String) -> Bool {
        name == trafficDistribution || name == restartedAt || name == Enrolment.sidecarAnnotation
    }
}

/// What the mesh uses of an object's `metadata`.
public struct KubernetesMetadata: Hashable, Sendable {
    /// An entry of `ownerReferences`.
    public struct Owner: Hashable, Sendable {
        public var kind: String
        public var name: String
    }

    /// All labels.
    public var labels: [String: String] = [:]
    /// Only those that shape the mesh.
    public var annotations: [String: String] = [:]
    /// The controller that made the object.
    public var owner: Owner?
    /// Whether `deletionTimestamp` is set.
    public var isBeingDeleted = false

    /// Metadata of an object that has none.
    init() {}

    /// Reads the `metadata` below `fields`; without it everything is empty.
    init(of fields: inout Fields) throws(InputError) {
        guard var fields = try fields.mapping("metadata") else { return }
        labels = try fields.texts("labels")
        annotations = try fields.texts("annotations", keeping: KubernetesAnnotation.isKnown)
        isBeingDeleted = fields.node("deletionTimestamp") != nil
        var owners: [(owner: Owner, isController: Bool)] = []
        for var reference in try fields.mappings("ownerReferences") {
            let owner = Owner(kind: try reference.requiredString("kind"), name: try reference.requiredString("name"))
            owners.append((owner, try reference.boolean("controller") ?? false))
        }
        owner = (owners.first { $0.isController } ?? owners.first)?.owner
    }

    /// The first of these labels that is there.
    func label(_ names: [String]) -> String? {
        for name in names {
            if let value = labels[name] { return value }
        }
        return nil
    }
}
