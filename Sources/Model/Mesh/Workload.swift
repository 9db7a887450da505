/// The unique name of a workload: `cluster/group/kind/namespace/name`.
public struct WorkloadUID: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var text: String

    public init(_ text: String) { self.text = text }

    /// The uid of a pod.
    public init(cluster: String, podNamespace: String, pod: String) {
        text = "\(cluster)//Pod/\(podNamespace)/\(pod)"
    }

    public var description: String { text }

    public static func < (a: WorkloadUID, b: WorkloadUID) -> Bool { a.text < b.text }
}

/// What runs the workload.
public enum WorkloadKind: String, Hashable, Sendable, CaseIterable {
    case deployment, cronjob, pod, job
}

/// Whether endpoints of the workload take traffic.
public enum Health: String, Hashable, Sendable, CaseIterable {
    case healthy, unhealthy
}

/// How the workload is attached to the network.
public enum NetworkMode: String, Hashable, Sendable, CaseIterable {
    case standard
    /// The workload shares its node's address, so the address says nothing about it.
    case hostNetwork
}

/// A workload (a pod, a VM) as the workload API describes it.
///
/// Its fields are read and written as if they were its own. They are shared among copies, so that a mesh and what is
/// compiled from it hold a hundred thousand of them once, in 8 bytes each.
@dynamicMemberLookup
public struct Workload: Hashable, Sendable {
    /// What a workload consists of.
    public struct Fields: Hashable, Sendable {
        public var uid: WorkloadUID
        public var name: String
        public var namespace: String
        public var addresses: [IPAddress]
        public var network: String
        public var cluster: String
        /// The node's name, empty when not scheduled.
        public var node: String
        public var locality: Locality
        public var serviceAccount: String
        public var trustDomain: String
        public var kind: WorkloadKind
        /// The name of the owner (deployment and so on), the pod's name where there is none.
        public var ownerName: String
        public var canonicalName: String
        public var canonicalRevision: String
        public var networkMode: NetworkMode
        public var health: Health
        public var waypoint: Gateway?
        /// The services the workload is an endpoint of, with its own ports for them (targetPort 0: the service's).
        public var services: [ServiceName: [ServicePort]]
        /// Names of policies (`namespace/name`) that select the workload.
        public var policies: [String]
    }

    /// Fields that several copies may share: never changed, only replaced.
    private final class Shared: Sendable {
        let fields: Fields
        init(_ fields: Fields) { self.fields = fields }
    }

    private var shared: Shared

    public init(
        _ uid: WorkloadUID, name: String, namespace: String, addresses: [IPAddress] = [], network: String = "",
        cluster: String = Workload.defaultCluster, node: String = "", locality: Locality = Locality(),
        serviceAccount: String = "default", trustDomain: String = "cluster.local", kind: WorkloadKind = .pod,
        ownerName: String? = nil, canonicalName: String? = nil, canonicalRevision: String = "latest",
        networkMode: NetworkMode = .standard, health: Health = .healthy, waypoint: Gateway? = nil,
        services: [ServiceName: [ServicePort]] = [:], policies: [String] = []
    ) {
        shared = Shared(
            Fields(
                uid: uid, name: name, namespace: namespace, addresses: addresses, network: network, cluster: cluster,
                node: node, locality: locality, serviceAccount: serviceAccount, trustDomain: trustDomain, kind: kind,
                ownerName: ownerName ?? name, canonicalName: canonicalName ?? ownerName ?? name,
                canonicalRevision: canonicalRevision, networkMode: networkMode, health: health, waypoint: waypoint,
                services: services, policies: policies))
    }

    /// One of the fields. Setting one copies them.
    public subscript<Value>(dynamicMember field: WritableKeyPath<Fields, Value>) -> Value {
        get { shared.fields[keyPath: field] }
        set {
            var fields = shared.fields
            fields[keyPath: field] = newValue
            shared = Shared(fields)
        }
    }

    public static func == (a: Workload, b: Workload) -> Bool {
        a.shared === b.shared || a.shared.fields == b.shared.fields
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(shared.fields) }

    /// The cluster's name where an input gives none, as in istiod.
    public static let defaultCluster = "Kubernetes"
}
