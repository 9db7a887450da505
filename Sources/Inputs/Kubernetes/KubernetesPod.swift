import Model

/// What the mesh uses of a pod's `spec`, its own or the one of a template.
public struct KubernetesPodSpec: Hashable, Sendable {
    /// The numbers of the containers' named TCP ports; the first container that uses a name wins.
    public var namedPorts: [String: UInt16] = [:]
    /// Empty when the pod is not scheduled.
    public var nodeName = ""
    /// Labels that the pod's node has to have.
    public var nodeSelector: [String: String] = [:]
    /// Whether the pod shares its node's address.
    public var usesHostNetwork = false
    /// The name of the service account, in the pod's namespace.
    public var serviceAccount = "default"

    /// The spec of a pod of which nothing is said.
    init() {}

    /// Reads the `spec` below `fields`; without it everything is as Kubernetes' defaults.
    init(of fields: inout Fields) throws(InputError) {
        guard var fields = try fields.mapping("spec") else { return }
        for var container in try fields.mappings("containers") {
            for var port in try container.mappings("ports") {
                guard let name = try port.string("name"), let number = try port.port("containerPort"),
                    try port.choice("protocol", of: KubernetesProtocol.self) ?? .tcp == .tcp, namedPorts[name] == nil
                else { continue }
                namedPorts[name] = number
            }
        }
        nodeName = try fields.string("nodeName") ?? ""
        nodeSelector = try fields.texts("nodeSelector")
        usesHostNetwork = try fields.boolean("hostNetwork") ?? false
        for key in ["serviceAccountName", "serviceAccount"] {
            guard let name = try fields.string(key), !name.isEmpty else { continue }
            serviceAccount = name
            break
        }
    }
}

/// Transport protocols as Kubernetes writes them; the mesh balances TCP only.
enum KubernetesProtocol: String, Hashable, Sendable, CaseIterable {
    case tcp = "TCP"
    case udp = "UDP"
    case sctp = "SCTP"
}

/// A pod.
public struct KubernetesPod: Hashable, Sendable {
    /// What a cluster reported about the pod.
    public struct Status: Hashable, Sendable {
        /// The first one is the primary; none while the pod has no network yet.
        public var addresses: [IPAddress] = []
        /// The addresses of the pod's node.
        public var hostAddresses: [IPAddress] = []
        /// `Running`, `Pending` and so on; empty when it is not given.
        public var phase = ""
        /// The condition `Ready`, nil when it is not given.
        public var isReady: Bool?
    }

    public var name: KubernetesName
    public var metadata: KubernetesMetadata
    public var spec: KubernetesPodSpec
    /// nil for a pod that a user describes; pods read from a cluster have one.
    public var status: Status?
    var origin: ObjectOrigin

    /// Reads a pod.
    public init(_ object: KubernetesObject) throws(InputError) {
        var fields = try Fields(object.document, file: object.file, what: "a Pod")
        name = object.objectName
        metadata = try KubernetesMetadata(of: &fields)
        spec = try KubernetesPodSpec(of: &fields)
        status = try fields.mapping("status").map(Status.init)
        origin = object.origin
    }

    /// Whether the pod has run to its end, or is on its way out and takes no traffic any more.
    var isOver: Bool {
        guard let status else { return metadata.isBeingDeleted }
        if status.phase == "Succeeded" || status.phase == "Failed" { return true }
        return metadata.isBeingDeleted && status.isReady != true
    }

    /// Says that a pod without an address is not in the mesh.
    var leftOutNote: InputNote { origin.note("pod \(name) is left out: it has no address yet") }

    /// Whether the pod takes traffic. A pod with a phase but no condition `Ready` does not, as in istiod; a status
    /// that has neither was written by hand.
    var health: Health {
        if metadata.isBeingDeleted { return .unhealthy }
        guard let status else { return .healthy }
        return status.isReady ?? status.phase.isEmpty ? .healthy : .unhealthy
    }
}

extension KubernetesPod.Status {
    /// Reads a pod's `status`.
    init(_ fields: Fields) throws(InputError) {
        var fields = fields
        phase = try fields.string("phase") ?? ""
        addresses = try Self.addresses(in: &fields, list: "podIPs", single: "podIP")
        hostAddresses = try Self.addresses(in: &fields, list: "hostIPs", single: "hostIP")
        for var condition in try fields.mappings("conditions") where try condition.string("type") == "Ready" {
            isReady = try condition.string("status") == "True"
        }
    }

    /// The addresses of a list of `ip`s; without it the single one.
    private static func addresses(
        in fields: inout Fields, list: String, single: String
    ) throws(InputError) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for var element in try fields.mappings(list) {
            if let address = try element.optionalAddress("ip") { addresses.append(address) }
        }
        if addresses.isEmpty, let address = try fields.optionalAddress(single) { addresses = [address] }
        return addresses
    }
}
