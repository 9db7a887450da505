/// One end of a connection, before and after a change.
struct VerdictPoint {
    /// A workload of both meshes, or addresses that nobody owns in either.
    var source: VerdictSource
    var before: IPAddress
    var after: IPAddress
    /// Nil where the address tells nothing.
    var identityBefore: PeerIdentity?
    var identityAfter: PeerIdentity?
}

/// Two meshes, as far as verdicts are concerned.
struct VerdictMeshes {
    let before: Mesh
    let after: Mesh
    let ownersBefore: SourceOwners
    let ownersAfter: SourceOwners

    init(_ before: Mesh, _ after: Mesh) {
        self.before = before
        self.after = after
        ownersBefore = SourceOwners(before.workloads.values)
        ownersAfter = SourceOwners(after.workloads.values)
    }

    /// The workloads of both meshes, by uid.
    var workloads: [(before: Workload, after: Workload)] {
        before.sortedWorkloads.compactMap { old in after.workloads[old.uid].map { (old, $0) } }
    }

    /// The addresses of a workload that stand for each other: each that stays for itself, the others of a family in
    /// their order. What one mesh has more of has no counterpart.
    static func addressPairs(_ before: Workload, _ after: Workload) -> [(before: IPAddress, after: IPAddress)] {
        let (old, new) = (before.addresses.map(\.unmapped), after.addresses.map(\.unmapped))
        var pairs = old.filter { new.contains($0) }.map { (before: $0, after: $0) }
        for family in AddressFamily.allCases {
            let gone = old.filter { $0.family == family && !new.contains($0) }
            let come = new.filter { $0.family == family && !old.contains($0) }
            pairs += zip(gone, come).map { (before: $0, after: $1) }
        }
        return pairs
    }

    /// Everybody who connects: workloads of both meshes, and an address of each region that nobody owns.
    func sources(telling traits: PolicyTraits) -> [VerdictPoint] {
        var points: [VerdictPoint] = []
        for (old, new) in workloads {
            for pair in Self.addressPairs(old, new) {
                let identity = ownersAfter.identity(of: pair.after)
                points.append(
                    VerdictPoint(
                        source: .workload(old.uid, identity), before: pair.before, after: pair.after,
                        identityBefore: ownersBefore.identity(of: pair.before), identityAfter: identity))
            }
        }
        let owned = Set(ownersBefore.addresses).union(ownersAfter.addresses)
        for family in AddressFamily.allCases {
            let regions = AddressRegion.regions(of: family, by: traits.sourceBlocks, unowned: owned)
            points += regions.map {
                VerdictPoint(
                    source: .nobody(family, in: $0.block), before: $0.example, after: $0.example, identityBefore: nil,
                    identityAfter: nil)
            }
        }
        return points
    }
}
