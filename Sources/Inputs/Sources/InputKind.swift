/// What a mesh can be read from.
public enum InputKind: String, Hashable, Sendable, CaseIterable {
    case kubernetes, ztunnel, kmesh, workloadAPI, mapDump

    /// A name for messages, as in "this is a …".
    public var title: String {
        switch self {
        case .kubernetes: "Kubernetes manifest"
        case .ztunnel: "ztunnel configuration"
        case .kmesh: "Kmesh configuration dump"
        case .workloadAPI: "list of workload-API resources"
        case .mapDump: "bpftool map dump"
        }
    }

    /// What is understood, for the message about a file that is none of it.
    static let understood = """
        understood are Kubernetes manifests (apiVersion and kind), ztunnel configurations (workloads with workloadIps, \
        services with ports {80: 8080}), configuration dumps of a Kmesh daemon (workloads with addresses, services \
        with ports [{service_port: 80}]), policies of the workload API (name, scope, rules with clauses) and \
        directories of map dumps (bpftool -j map dump)
        """
}

/// Recognition by content. File names say nothing: users call their files what they like.
extension InputKind {
    /// Keys of lists that may be large, so their elements are read one by one.
    static let streamedKeys: Set<String> = ["items", "workloads", "services", "policies"]

    /// The kind of a document from one element of its list under `key` (empty: the document is the list).
    static func recognize(element: DocumentNode, of key: String) -> InputKind? {
        switch key {
        case "workloads":
            if element["workloadIps"] != nil { return .ztunnel }
            return element["addresses"] != nil ? .kmesh : nil
        case "services":
            guard element["hostname"] != nil else { return nil }
            // ztunnel requires the mapping; Kmesh writes null where there are no ports.
            if case .mapping? = element["ports"]?.value { return .ztunnel }
            return .kmesh
        case "policies":
            return recognize(policy: element)
        case "":
            if element["key"] != nil, element["value"] != nil || element["values"] != nil { return .mapDump }
            if isObject(element) { return .kubernetes }
            return WorkloadAPIResource.isRecognized(element) ? .workloadAPI : nil
        default:
            return isObject(element) ? .kubernetes : nil
        }
    }

    /// The kind of a document that has no streamed elements.
    static func recognize(document: DocumentNode) -> InputKind? {
        if isObject(document) { return .kubernetes }
        let lists = ResourceList.allCases.map(\.rawValue)
        for key in lists {
            if let first = document[key]?.elements?.first { return recognize(element: first, of: key) }
        }
        if WorkloadAPIResource.isRecognized(document) { return .workloadAPI }
        // Nothing but empty lists: an empty mesh in either format.
        return document.entries?.contains { lists.contains($0.key) } == true ? .ztunnel : nil
    }

    private static func isObject(_ node: DocumentNode) -> Bool {
        node["apiVersion"] != nil && node["kind"] != nil
    }

    private static func recognize(policy: DocumentNode) -> InputKind? {
        guard let scope = policy["scope"]?.text else { return nil }
        if policy["dryRun"] != nil { return .ztunnel }
        switch policy["rules"]?.elements?.first?.value {
        case .mapping?: return .kmesh
        case .sequence?: return .ztunnel
        default: return scope == scope.uppercased() ? .kmesh : .ztunnel
        }
    }
}
