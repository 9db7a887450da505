import Model

extension PolicyFeed {
    /// How often the room may double.
    private static let mostDoublings = 5

    /// Compiles a mesh from nothing, with twice the room as often as it takes. The writes are not taken yet.
    /// - Parameter doublings: How often the room doubles in any case.
    static func fitting(
        _ mesh: Mesh, pods: [ManagedPod], node: String, rootNamespace: String, doublings least: Int
    ) -> PolicyFeed {
        var capacities = AuthorizationCapacities.large
        let addressCount = mesh.workloads.values.reduce(0) { $0 + $1.addresses.count }
        capacities.identities = max(capacities.identities, addressCount + addressCount / 4)
        var doublings = 0
        while doublings < least {
            capacities = capacities.doubled
            doublings += 1
        }
        while true {
            let feed = PolicyFeed(
                of: mesh, pods: pods, node: node, rootNamespace: rootNamespace, capacities: capacities)
            var filled = feed
            _ = filled.takeWrites(ids: NameTable())
            guard filled.lacksRoom, doublings < mostDoublings else { return feed }
            capacities = capacities.doubled
            doublings += 1
        }
    }

    /// Whether something is closed because a map is full.
    var lacksRoom: Bool { problems.contains(where: \.isFullMap) }

    /// Whether there is more room than this to be had.
    var canGrow: Bool { compiler.capacities.rows < AuthorizationCapacities.large.rows << Self.mostDoublings }
}

extension AuthorizationCapacities {
    fileprivate var doubled: AuthorizationCapacities {
        AuthorizationCapacities(
            identities: 2 * identities, destinations: 2 * destinations, rows: 2 * rows, ranges: 2 * ranges,
            ranges6: 2 * ranges6, rules: 2 * rules)
    }
}
