/// Which verdicts change between two meshes, by classes: the work is in proportion to the classes of ends that policies
/// tell apart, not to the pairs of workloads.
///
/// Compared are connections to workloads of both meshes, from workloads of both meshes and from addresses that nobody
/// owns in either. Workloads that share their node's network are not judged.
public struct VerdictDifference {
    private let meshes: VerdictMeshes
    private let traits: PolicyTraits
    private let selectionBefore: PolicySelection
    private let selectionAfter: PolicySelection
    private let sources: [SourceEntry]

    /// A source with what policies can tell of it.
    private struct SourceEntry {
        var point: VerdictPoint
        var before: BitSet
        var after: BitSet
    }

    /// Destinations that no policy tells apart.
    private struct DestinationClass: Hashable {
        var family: AddressFamily
        /// The policies that apply, by their places in the traits, in the order of their names.
        var policiesBefore: [Int]
        var policiesAfter: [Int]
        var traitsBefore: BitSet
        var traitsAfter: BitSet
    }

    /// Of a class.
    private struct Destinations {
        var uids: [WorkloadUID] = []
        /// One of the addresses.
        var before: IPAddress
        var after: IPAddress
    }

    public init(from before: Mesh, to after: Mesh) {
        meshes = VerdictMeshes(before, after)
        let traits = PolicyTraits(before.sortedPolicies + after.sortedPolicies)
        self.traits = traits
        selectionBefore = PolicySelection(before.policies)
        selectionAfter = PolicySelection(after.policies)
        sources =
            traits.policies.isEmpty
            ? []
            : meshes.sources(telling: traits).map { point in
                SourceEntry(
                    point: point, before: traits.traits(ofSource: point.before, point.identityBefore),
                    after: traits.traits(ofSource: point.after, point.identityAfter))
            }
    }

    /// Every change, ordered by destination; equal ones are one.
    public func changes() -> [VerdictChange] {
        guard !traits.policies.isEmpty else { return [] }
        var merger = VerdictMerger()
        var families: [WorkloadUID: Set<AddressFamily>] = [:]
        for (key, destinations) in destinationClasses() {
            for uid in destinations.uids { families[uid, default: []].insert(key.family) }
            compare(key, destinations, into: &merger)
        }
        return merger.changes(families)
    }

    // MARK: Destinations

    private func destinationClasses() -> [(DestinationClass, Destinations)] {
        var classes: [(DestinationClass, Destinations)] = []
        var places: [DestinationClass: Int] = [:]
        for (old, new) in meshes.workloads
        where old.networkMode == .standard || new.networkMode == .standard {
            let (policiesBefore, policiesAfter) = (
                applying(to: old, selectionBefore), applying(to: new, selectionAfter)
            )
            let mask = traits.mask(of: policiesBefore + policiesAfter)
            for pair in VerdictMeshes.addressPairs(old, new) {
                let key = DestinationClass(
                    family: pair.before.family, policiesBefore: policiesBefore, policiesAfter: policiesAfter,
                    traitsBefore: traits.traits(ofDestination: pair.before).intersection(mask),
                    traitsAfter: traits.traits(ofDestination: pair.after).intersection(mask))
                let place = places[key] ?? classes.count
                if place == classes.count {
                    places[key] = place
                    classes.append((key, Destinations(before: pair.before, after: pair.after)))
                }
                if classes[place].1.uids.last != old.uid { classes[place].1.uids.append(old.uid) }
            }
        }
        return classes
    }

    private func applying(to workload: Workload, _ selection: PolicySelection) -> [Int] {
        guard workload.networkMode == .standard else { return [] }
        return selection.policies(for: workload).compactMap(traits.index)
    }

    // MARK: Comparing

    private func compare(_ key: DestinationClass, _ destinations: Destinations, into merger: inout VerdictMerger) {
        let policies = Set(key.policiesBefore + key.policiesAfter).sorted()
        guard !policies.isEmpty else { return }
        let mask = traits.mask(of: policies)
        let isSame = key.policiesBefore == key.policiesAfter && key.traitsBefore == key.traitsAfter
        let named = traits.ports(of: policies)
        let namedSet = Set(named)
        // The first that is not named stands for all others; port 0 is never listened on.
        let other = (1...UInt16.max).first { !namedSet.contains($0) }
        let ports = named.map(Optional.some) + (other == nil ? [] : [nil])
        let all = sources.filter { $0.point.before.family == key.family }
        var rows = VerdictRows(sourceCount: all.count, named: named)
        for group in groups(of: all, mask, onlyChanged: isSame) {
            var found: [(row: VerdictRows.Row, port: UInt16?)] = []
            for port in ports {
                let scene = scene(key, destinations, group[0].point, port ?? other ?? 0)
                let (before, after) = (scene.verdict(.allBefore), scene.verdict(.allAfter))
                guard before.isAllowed != after.isAllowed else { continue }
                found.append((VerdictRows.Row(before: before, after: after, causes: scene.causes()), port))
            }
            rows.add(found, sources: group.map(\.point.source))
        }
        merger.add(rows, destinations: destinations.uids, family: key.family)
    }

    /// Sources that the policies of a mask do not tell apart.
    private func groups(of all: [SourceEntry], _ mask: BitSet, onlyChanged: Bool) -> [[SourceEntry]] {
        /// Who is who: causes name identities and addresses that changed.
        struct Key: Hashable {
            var before: BitSet
            var after: BitSet
            var identities: [PeerIdentity?]
            var hasMoved: Bool
        }
        var groups: [[SourceEntry]] = []
        var places: [Key: Int] = [:]
        for entry in all {
            let (before, after) = (entry.before.intersection(mask), entry.after.intersection(mask))
            if onlyChanged && before == after { continue }
            let point = entry.point
            let isSame = point.identityBefore == point.identityAfter
            let key = Key(
                before: before, after: after, identities: isSame ? [] : [point.identityBefore, point.identityAfter],
                hasMoved: point.before != point.after)
            if let place = places[key] {
                groups[place].append(entry)
            } else {
                places[key] = groups.count
                groups.append([entry])
            }
        }
        return groups
    }

    private func scene(
        _ key: DestinationClass, _ destinations: Destinations, _ source: VerdictPoint, _ port: UInt16
    ) -> VerdictScene {
        VerdictScene(
            source: source, destinationBefore: SocketAddress(destinations.before, port: port),
            destinationAfter: SocketAddress(destinations.after, port: port),
            policiesBefore: key.policiesBefore.map { traits.policies[$0] },
            policiesAfter: key.policiesAfter.map { traits.policies[$0] },
            allBefore: meshes.before.policies, allAfter: meshes.after.policies)
    }
}
