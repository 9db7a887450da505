import Model

/// Nodes of one mesh whose maps lead clients the same ways.
enum NodeClass: Hashable {
    /// The ranking of endpoints does not depend on the node.
    case any
    /// It depends on these: the node's values in the scopes that a routing preference names.
    case ranked([String], seenBefore: Int)
    /// The node does not know where it is, so that all endpoints are near.
    case lost
    /// The node has maps of its own: recorded ones, or such as may overflow.
    case own(String)
}

/// Tells nodes of one mesh apart.
struct NodeClassifier {
    private let side: DifferenceSide
    private let options: DataplaneOptions
    private let scopes: [LoadBalancing.Scope]
    private let hasRoom: Bool
    /// The first workload of each node, and how many endpoints of ranked services come before it.
    private var first: [String: (identity: LocalIdentity, before: Int)] = [:]

    init(_ side: DifferenceSide, options: DataplaneOptions) {
        self.side = side
        self.options = options
        let ranked = side.mesh.services.values.filter { $0.loadBalancing.isRanked }
        let used = Set(ranked.flatMap(\.loadBalancing.routingPreference))
        scopes = LoadBalancing.Scope.allCases.filter { used.contains($0) }
        var needed = MapCapacities.needed(by: side.mesh)
        // Old and new slots side by side.
        needed.endpoint *= 2
        hasRoom = options.capacities.hold(needed)
        let names = Set(ranked.map(\.name))
        var endpoints = 0
        for workload in side.mesh.sortedWorkloads {
            if !workload.node.isEmpty, first[workload.node] == nil {
                first[workload.node] = (LocalIdentity(of: workload), endpoints)
            }
            if workload.services.keys.contains(where: { names.contains($0) }) { endpoints += 1 }
        }
    }

    /// The class of a node, which need not be in the mesh.
    func nodeClass(of name: String) -> NodeClass {
        guard side.recorded[name] == nil, hasRoom else { return .own(name) }
        guard !scopes.isEmpty else { return .any }
        if options.ranking == .always, let node = side.mesh.nodes[name], !node.locality.isEmpty {
            let identity = LocalIdentity(
                locality: node.locality, node: node.name, cluster: node.cluster, network: node.network)
            return .ranked(scopes.map { identity[$0] }, seenBefore: 0)
        }
        guard let found = first[name] else { return .lost }
        return .ranked(
            scopes.map { found.identity[$0] }, seenBefore: options.ranking == .always ? 0 : found.before)
    }
}
