import Model

/// A PeerAuthentication: where connections of nobody known are denied.
///
/// Istio asks for mutual TLS there. The mesh knows who connects by the source address; a source that belongs to no
/// workload has no principal.
struct KubernetesPeerAuthentication: Hashable, Sendable {
    /// What is asked of connections.
    enum Mode: String, Hashable, Sendable, CaseIterable {
        case unset = "UNSET"
        case disable = "DISABLE"
        case permissive = "PERMISSIVE"
        case strict = "STRICT"

        /// Whether it asks for nothing, rather than leaving it to who is above.
        var isLenient: Bool { self == .disable || self == .permissive }
    }

    var name: KubernetesName
    /// As the cluster wrote it, which orders by time; empty where it is not known, which counts as oldest.
    var creation: String
    /// nil for all pods of the namespace, or of the mesh.
    var selector: LabelSelector?
    var mode: Mode
    /// Ports of the pod that have modes of their own, ordered.
    var ports: [Port]
    var origin: ObjectOrigin

    /// A port with a mode of its own.
    struct Port: Hashable, Sendable {
        var number: UInt16
        var mode: Mode
    }

    /// Reads a PeerAuthentication.
    init(_ object: KubernetesObject) throws(InputError) {
        var fields = try Fields(object.document, file: object.file, what: "a PeerAuthentication")
        name = object.objectName
        origin = object.origin
        creation = fields.node("metadata")?["creationTimestamp"]?.text ?? ""
        (mode, ports) = (.unset, [])
        guard var spec = try fields.mapping("spec") else { return }
        let selector = try spec.policySelector()
        self.selector = selector.map(\.isEmpty) == true ? nil : selector
        mode = try spec.mode("mtls")
        if var list = try spec.mapping("portLevelMtls") {
            for key in list.keys {
                guard let number = Digits.decimal(key, as: UInt16.self), number > 0 else {
                    throw InputError(
                        list.file, list.node(key)?.position ?? list.position,
                        "a port must be a number from 1 to 65535, not \"\(key)\"")
                }
                ports.append(Port(number: number, mode: try list.mode(key)))
            }
            ports.sort { $0.number < $1.number }
        }
        try spec.finish()
    }

    /// The older one; of two of one time that which comes first by name.
    static func isOlder(_ a: Self, _ b: Self) -> Bool { (a.creation, a.name) < (b.creation, b.name) }

    /// What istiod calls the policy that it makes of the object.
    var policyName: String { Self.policyNamePrefix + name.name }
    /// What comes before the object's name; no object has such a name, since `_` is not allowed there.
    static let policyNamePrefix = "converted_peer_authentication_"

    /// The policy that istiod makes of an object with a selector and ports, nil where the ports ask for nothing else
    /// than the pods' mode does. Where that mode is inherited, istiod's conditions are not quite those of its own
    /// comments; this is what the comments say.
    /// Source: Istio pilot/pkg/serviceregistry/kube/controller/ambient/authorization.go, convertPeerAuthentication.
    /// - Parameter inherited: Whether the namespace or the mesh asks for known sources.
    func policy(inherited: Bool, _ settings: KubernetesSettings) -> Policy? {
        guard selector != nil, name.namespace != settings.rootNamespace else { return nil }
        let isStrict = mode == .strict || mode == .unset && inherited
        let anybody = PolicyMatch(principals: .init(not: [.presence]))
        var rules: [Policy.Rule] = []
        if isStrict {
            let exempt = ports.filter(\.mode.isLenient).map { port in
                Policy.Clause([PolicyMatch(destinationPorts: .init(not: [port.number]))])
            }
            guard !exempt.isEmpty else { return nil }
            let clause = Policy.Clause([anybody])
            rules = [Policy.Rule(mode == .strict ? [clause] + exempt : exempt + [clause])]
        } else {
            rules = ports.filter { $0.mode == .strict }.map { port in
                var match = anybody
                match.destinationPorts.any = [port.number]
                return Policy.Rule([Policy.Clause([match])])
            }
        }
        guard !rules.isEmpty else { return nil }
        return Policy(name: policyName, namespace: name.namespace, scope: .workload, action: .deny, rules: rules)
    }

    /// What of the object counts for nothing.
    func notes(_ settings: KubernetesSettings) -> [InputNote] {
        if selector != nil, name.namespace == settings.rootNamespace {
            return [
                origin.note(
                    "PeerAuthentication \(name) is ignored: in \(settings.rootNamespace) it may have no selector")
            ]
        }
        guard selector == nil, !ports.isEmpty else { return [] }
        return [origin.note("portLevelMtls of PeerAuthentication \(name) is ignored: it needs a selector with labels")]
    }
}

extension Fields {
    /// `{mode: …}`, unset where it is missing.
    fileprivate mutating func mode(_ key: String) throws(InputError) -> KubernetesPeerAuthentication.Mode {
        guard var fields = try mapping(key) else { return .unset }
        let mode = try fields.choice("mode", of: KubernetesPeerAuthentication.Mode.self) ?? .unset
        try fields.finish()
        return mode
    }
}
