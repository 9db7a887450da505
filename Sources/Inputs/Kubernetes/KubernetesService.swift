import Model

/// What the mesh uses of a Service.
struct KubernetesService: Hashable, Sendable {
    /// `spec.type`
    enum Exposure: String, Hashable, Sendable, CaseIterable {
        case clusterIP = "ClusterIP"
        case nodePort = "NodePort"
        case loadBalancer = "LoadBalancer"
        case externalName = "ExternalName"
    }

    /// `spec.ipFamilyPolicy`
    enum FamilyPolicy: String, Hashable, Sendable, CaseIterable {
        case single = "SingleStack"
        case preferDual = "PreferDualStack"
        case requireDual = "RequireDualStack"
    }

    /// Where the virtual addresses come from.
    enum Addressing: Hashable, Sendable {
        /// The manifest gives them.
        case given([IPAddress])
        /// The cluster picks them.
        case virtual
        /// Headless: there are none.
        case none
    }

    /// `spec.ipFamilies` and `spec.internalTrafficPolicy`.
    private enum Family: String, CaseIterable {
        case v4 = "IPv4"
        case v6 = "IPv6"
    }
    private enum TrafficPolicy: String, CaseIterable {
        case cluster = "Cluster"
        case local = "Local"
    }

    var name: KubernetesName
    var metadata: KubernetesMetadata
    var exposure = Exposure.clusterIP
    /// Empty for a service whose endpoints somebody lists.
    var selector: LabelSelector
    /// TCP ports only.
    var ports: [ServicePort] = []
    var addressing = Addressing.virtual
    /// As written; empty when the cluster chooses.
    var families: [AddressFamily] = []
    var familyPolicy: FamilyPolicy?
    /// Whether only endpoints on the client's node count.
    var isNodeLocal = false
    /// `spec.trafficDistribution`, empty when it is not given.
    var trafficDistribution = ""
    /// Whether endpoints that are not ready count, too.
    var publishesNotReadyAddresses = false
    /// What was left out while reading.
    var notes: [InputNote] = []
    var origin: ObjectOrigin

    /// Reads a Service.
    init(_ object: KubernetesObject) throws(InputError) {
        var fields = try Fields(object.document, file: object.file, what: "a Service")
        name = object.objectName
        origin = object.origin
        metadata = try KubernetesMetadata(of: &fields)
        selector = LabelSelector(labels: [:])
        guard var spec = try fields.mapping("spec") else {
            throw InputError(object.file, object.document.position, "\"spec\" is missing here")
        }
        exposure = try spec.choice("type") ?? .clusterIP
        selector = LabelSelector(labels: try spec.texts("selector"))
        isNodeLocal = try spec.choice("internalTrafficPolicy", of: TrafficPolicy.self) == .local
        trafficDistribution = try spec.string("trafficDistribution") ?? ""
        publishesNotReadyAddresses = try spec.boolean("publishNotReadyAddresses") ?? false
        try readAddresses(&spec)
        for port in try spec.mappings("ports") { try readPort(port) }
    }

    private mutating func readAddresses(_ spec: inout Fields) throws(InputError) {
        familyPolicy = try spec.choice("ipFamilyPolicy")
        for node in spec.list("ipFamilies") {
            guard let family = node.text.flatMap(Family.init(rawValue:)) else {
                throw InputError(
                    origin.file, node.position, "\"ipFamilies\" must hold IPv4 or IPv6, not \(node.kindName)")
            }
            families.append(family == .v4 ? .v4 : .v6)
        }
        var given: [IPAddress] = []
        for key in ["clusterIPs", "clusterIP"] where given.isEmpty {
            if spec.list(key).contains(where: { $0.text == "None" }) {
                addressing = .none
                return
            }
            given = try spec.addresses(key)
        }
        addressing = given.isEmpty ? .virtual : .given(given)
    }

    private mutating func readPort(_ fields: Fields) throws(InputError) {
        var fields = fields
        guard let number = try fields.port("port") else {
            throw InputError(origin.file, fields.position, "\"port\" is missing here")
        }
        let transport = try fields.choice("protocol", of: KubernetesProtocol.self) ?? .tcp
        guard transport == .tcp else {
            notes.append(
                InputNote(
                    origin.file, fields.position,
                    "port \(number) of service \(name) is left out: the mesh balances TCP, not \(transport.rawValue)"))
            return
        }
        var port = ServicePort(number, to: number, name: try fields.string("name") ?? "")
        if let target = fields.node("targetPort") {
            if target.integer != nil {
                port.targetPort = try fields.port("targetPort") ?? number
            } else {
                port.targetPort = 0
                port.targetName = try fields.requiredString("targetPort")
            }
        }
        ports.append(port)
    }

    /// Families of the virtual addresses, the first one first.
    /// - Parameter available: Families of the cluster's pods.
    func virtualFamilies(available: Set<AddressFamily>) -> [AddressFamily] {
        let first = families.first ?? (available == [.v6] ? .v6 : .v4)
        let both: [AddressFamily] = [first, first == .v4 ? .v6 : .v4]
        switch familyPolicy {
        case .requireDual: return both
        case .preferDual where available.count == 2: return both
        default: return families.isEmpty ? [first] : families
        }
    }
}
