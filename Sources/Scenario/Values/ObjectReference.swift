/// The name of an object that an earlier source declared.
public enum ObjectReference: Hashable, Sendable {
    /// `Deployment/default/reviews-v1`, or `Node/node-a`: kinds without namespace have none.
    case object(kind: String, namespace: String?, name: String)
    /// `Workload/<uid>`, for meshes that are not described by Kubernetes objects; a uid may hold slashes.
    case workload(uid: String)

    /// Kinds that live outside namespaces.
    public static let clusterKinds = ["GatewayClass", "Namespace", "Node"]
}

extension ObjectReference: CustomStringConvertible {
    /// As it is written in a scenario.
    public var description: String {
        switch self {
        case .object(let kind, let namespace?, let name): "\(kind)/\(namespace)/\(name)"
        case .object(let kind, nil, let name): "\(kind)/\(name)"
        case .workload(let uid): "Workload/\(uid)"
        }
    }

    /// Reads a reference; nil when a part is missing, empty or too many.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let kind = parts.first, let first = kind.utf8.first, (0x41...0x5a).contains(first) else { return nil }
        if kind == "Workload" {
            guard parts.count > 1, parts[1...].contains(where: { !$0.isEmpty }) else { return nil }
            self = .workload(uid: String(text.dropFirst("Workload/".count)))
            return
        }
        guard parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        if Self.clusterKinds.contains(kind) {
            guard parts.count == 2 else { return nil }
            self = .object(kind: kind, namespace: nil, name: parts[1])
        } else {
            guard parts.count == 3 else { return nil }
            self = .object(kind: kind, namespace: parts[1], name: parts[2])
        }
    }
}
