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
/// Its fields and those of its profile are read and written as if they were its own. They are shared among copies, so
/// that a mesh and what is compiled from it hold a hundred thousand of them once, in 8 bytes each; profiles may be
/// shared among workloads, too (`WorkloadPool`).
@dynamicMemberLookup
public struct Workload: Hashable, Sendable {
    /// What each workload has of its own.
    public struct Fields: Hashable, Sendable {
        public var uid: WorkloadUID
        public var name: String
        public var addresses: [IPAddress]
        /// The node's name, empty when not scheduled.
        public var node: String
        public var health: Health
    }

    /// What the pods of one deployment have in common, where they run in one place.
    public struct Profile: Hashable, Sendable {
        public var namespace: String
        public var network: String
        public var cluster: String
        public var locality: Locality
        public var serviceAccount: String
        public var trustDomain: String
        public var kind: WorkloadKind
        /// The name of the owner (deployment and so on), the pod's name where there is none.
        public var ownerName: String
        public var canonicalName: String
        public var canonicalRevision: String
        public var networkMode: NetworkMode
        public var waypoint: Gateway?
        /// The services the workload is an endpoint of, with its own ports for them (targetPort 0: the service's).
        public var services: [ServiceName: [ServicePort]]
        /// Names of policies (`namespace/name`) that select the workload.
        public var policies: [String]
    }

    /// A value that several owners may share: never changed, only replaced.
    final class Shared<Value: Hashable & Sendable>: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    /// Fields and profile, that copies of a workload share.
    private final class Content: Sendable {
        let fields: Fields
        let profile: Shared<Profile>
        init(_ fields: Fields, _ profile: Shared<Profile>) {
            self.fields = fields
            self.profile = profile
        }
    }

    private var content: Content

    public init(
        _ uid: WorkloadUID, name: String, namespace: String, addresses: [IPAddress] = [], network: String = "",
        cluster: String = Workload.defaultCluster, node: String = "", locality: Locality = Locality(),
        serviceAccount: String = "default", trustDomain: String = "cluster.local", kind: WorkloadKind = .pod,
        ownerName: String? = nil, canonicalName: String? = nil, canonicalRevision: String = "latest",
        networkMode: NetworkMode = .standard, health: Health = .healthy, waypoint: Gateway? = nil,
        services: [ServiceName: [ServicePort]] = [:], policies: [String] = []
    ) {
        let profile = Profile(
            namespace: namespace, network: network, cluster: cluster, locality: locality,
            serviceAccount: serviceAccount, trustDomain: trustDomain, kind: kind, ownerName: ownerName ?? name,
            canonicalName: canonicalName ?? ownerName ?? name, canonicalRevision: canonicalRevision,
            networkMode: networkMode, waypoint: waypoint, services: services, policies: policies)
        content = Content(
            Fields(uid: uid, name: name, addresses: addresses, node: node, health: health), Shared(profile))
    }

    /// One of the fields. Setting one copies them.
    public subscript<Value>(dynamicMember field: WritableKeyPath<Fields, Value>) -> Value {
        get { content.fields[keyPath: field] }
        set {
            var fields = content.fields
            fields[keyPath: field] = newValue
            content = Content(fields, content.profile)
        }
    }

    /// One of the profile's fields. Setting one copies them.
    public subscript<Value>(dynamicMember field: WritableKeyPath<Profile, Value>) -> Value {
        get { content.profile.value[keyPath: field] }
        set {
            var profile = content.profile.value
            profile[keyPath: field] = newValue
            content = Content(content.fields, Shared(profile))
        }
    }

    /// The profile, as a thing that others may share.
    var profile: Shared<Profile> { content.profile }

    /// The same workload, with an equal profile and an equal name of its node that others have already.
    func sharing(_ profile: Shared<Profile>, node: String) -> Workload {
        var copy = self
        var fields = content.fields
        fields.node = node
        copy.content = Content(fields, profile)
        return copy
    }

    public static func == (a: Workload, b: Workload) -> Bool {
        if a.content === b.content { return true }
        let isSameProfile = a.content.profile === b.content.profile
        return a.content.fields == b.content.fields
            && (isSameProfile || a.content.profile.value == b.content.profile.value)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(content.fields)
        hasher.combine(content.profile.value)
    }

    /// The cluster's name where an input gives none, as in istiod.
    public static let defaultCluster = "Kubernetes"
}
