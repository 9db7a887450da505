import Model

/// A file format that lists workloads, services and policies under these three keys: ztunnel's and Kmesh's.
public protocol ResourceFormat {
    /// Which of the input kinds this is.
    static var kind: InputKind { get }
    /// Keys beside the three lists that such files hold and that say nothing about the mesh.
    static var unusedKeys: [String] { get }
    /// Reads an element of `workloads`.
    static func workload(_ node: DocumentNode, file: String) throws(InputError) -> Workload
    /// Reads an element of `services`.
    static func service(_ node: DocumentNode, file: String) throws(InputError) -> Service
    /// Reads an element of `policies`.
    static func policy(_ node: DocumentNode, file: String) throws(InputError) -> Policy
}

/// The lists of a `ResourceFormat`.
public enum ResourceList: String, CaseIterable, Sendable {
    case workloads, services, policies
}

extension ResourceFormat {
    /// Reads an element of one of the lists.
    public static func change(
        _ element: DocumentNode, of list: ResourceList, file: String
    ) throws(InputError) -> MeshChange {
        switch list {
        case .workloads: .setWorkload(try workload(element, file: file))
        case .services: .setService(try service(element, file: file))
        case .policies: .setPolicy(try policy(element, file: file))
        }
    }

    /// Checks a document of which the lists' elements were read one by one: its keys, and that the lists are lists.
    /// - Returns: The elements that the document still holds (a list with an anchor is not streamed).
    public static func remainder(
        of document: DocumentNode, file: String
    ) throws(InputError) -> [(element: DocumentNode, list: ResourceList)] {
        var fields = try Fields(document, file: file, what: "a \(kind.title)")
        var remaining: [(element: DocumentNode, list: ResourceList)] = []
        for list in ResourceList.allCases {
            guard let node = fields.node(list.rawValue) else { continue }
            guard let elements = node.elements else {
                throw InputError(file, node.position, "\"\(list.rawValue)\" must be a list, not \(node.kindName)")
            }
            remaining += elements.map { ($0, list) }
        }
        fields.skip(unusedKeys)
        try fields.finish()
        return remaining
    }
}
