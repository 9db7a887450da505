public import Model

/// Whose connections change.
public enum DifferenceClients: Hashable, Sendable {
    /// All that are compared.
    case all
    /// Those on these nodes, before and after, and these workloads, which move from one node to another; each in order.
    case some(nodes: [String], moved: [WorkloadUID])
}

/// Clients whose maps are alike before and after.
struct ClientClass {
    /// A node of the class before, and of the class after.
    var before: String
    var after: String
    var nodes: [String] = []
    var moved: [WorkloadUID] = []
}

/// The clients of both meshes, by class.
struct ClientClasses {
    private struct Key: Hashable {
        var before: NodeClass
        var after: NodeClass
    }

    private(set) var classes: [ClientClass] = []

    /// - Parameter node: Only clients that run there, before or after; nil for all.
    init(_ before: DifferenceSide, _ after: DifferenceSide, options: DataplaneOptions, only node: String?) {
        let (old, new) = (
            NodeClassifier(before, options: options), NodeClassifier(after, options: options)
        )
        var places: [Key: Int] = [:]
        func place(_ from: String, _ to: String) -> Int {
            let key = Key(before: old.nodeClass(of: from), after: new.nodeClass(of: to))
            if let place = places[key] { return place }
            places[key] = classes.count
            classes.append(ClientClass(before: from, after: to))
            return classes.count - 1
        }
        let common = Self.nodes(of: before.mesh).intersection(Self.nodes(of: after.mesh))
        for name in common.sorted() where node == nil || node == name {
            classes[place(name, name)].nodes.append(name)
        }
        for workload in before.mesh.sortedWorkloads where workload.networkMode == .standard {
            guard let later = after.mesh.workloads[workload.uid], later.networkMode == .standard else { continue }
            let (from, to) = (workload.node, later.node)
            guard from != to, !from.isEmpty, !to.isEmpty, node == nil || from == node || to == node else { continue }
            classes[place(from, to)].moved.append(workload.uid)
        }
        // A mesh may say nothing of nodes: then any client may do.
        if classes.isEmpty, node == nil { classes = [ClientClass(before: "", after: "")] }
    }

    /// The nodes that a mesh names.
    static func nodes(of mesh: Mesh) -> Set<String> {
        Set(mesh.nodes.keys).union(mesh.workloads.values.map(\.node)).subtracting([""])
    }

    /// What some of the classes are together.
    func clients(_ indexes: [Int]) -> DifferenceClients {
        if indexes.count == classes.count { return .all }
        return .some(
            nodes: indexes.flatMap { classes[$0].nodes }.sorted(), moved: indexes.flatMap { classes[$0].moved }.sorted()
        )
    }
}
