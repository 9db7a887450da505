public import Model

/// What a second mesh does otherwise than a first one: which workloads come and go, which connections go other ways, and
/// which are allowed or denied otherwise.
public struct MeshDifference: Sendable {
    /// In one mesh only, ordered: their connections are not told one by one.
    public let addedWorkloads: [Workload]
    public let removedWorkloads: [Workload]
    /// Nodes in one mesh only, ordered: clients on them cannot be compared. No change by themselves.
    public let addedNodes: [String]
    public let removedNodes: [String]
    public let destinations: [DestinationChange]
    public let verdicts: [VerdictChange]
    /// Names for addresses, before and after.
    public let namesBefore: NameBook
    public let namesAfter: NameBook
    /// Both meshes' workloads.
    public let before: Mesh
    public let after: Mesh

    /// Compares two meshes under the same options.
    /// - Parameter node: Only clients that run there, before or after; nil for all. Verdicts do not depend on it.
    public init(
        from before: DifferenceSide, to after: DifferenceSide, options: DataplaneOptions, onlyNode node: String? = nil
    ) {
        (self.before, self.after) = (before.mesh, after.mesh)
        addedWorkloads = after.mesh.sortedWorkloads.filter { before.mesh.workloads[$0.uid] == nil }
        removedWorkloads = before.mesh.sortedWorkloads.filter { after.mesh.workloads[$0.uid] == nil }
        let nodes = [before, after].map { ClientClasses.nodes(of: $0.mesh) }
        addedNodes = nodes[1].subtracting(nodes[0]).sorted()
        removedNodes = nodes[0].subtracting(nodes[1]).sorted()
        destinations = DestinationDifference(before, after, options: options, only: node).changes()
        verdicts = VerdictDifference(from: before.mesh, to: after.mesh).changes()
        namesBefore = NameBook(before.mesh)
        namesAfter = NameBook(after.mesh)
    }

    /// Whether nothing changes.
    public var isEmpty: Bool {
        addedWorkloads.isEmpty && removedWorkloads.isEmpty && destinations.isEmpty && verdicts.isEmpty
    }
}
