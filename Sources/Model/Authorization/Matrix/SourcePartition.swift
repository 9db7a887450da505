/// Sources by what policies ask of them: two are in one class when every condition holds for both or for neither.
struct SourcePartition {
    private(set) var classes: [SourceClass] = []
    /// Of each class the conditions that hold, by their numbers.
    private(set) var signatures: [ClassSet] = []

    /// Sources of which only one needs to be looked at: of one identity, inside the same blocks.
    private struct Unit {
        /// nil of addresses that nobody owns.
        let identity: PeerIdentity?
        let node: Int
        /// In order; of addresses that nobody owns one that stands for all.
        var addresses: [IPAddress] = []
        /// With their addresses.
        var members: [(workload: Workload, address: IPAddress)] = []
    }

    private struct Key: Hashable {
        let isKnown: Bool
        let signature: ClassSet
    }

    init(
        _ mesh: Mesh, _ owners: SourceOwners, _ selection: AuthorizationMatrix.Selection,
        by conditions: ConditionTable
    ) {
        let tree = BlockTree(conditions.sources.lazy.flatMap { $0.blocks.any + $0.blocks.none })
        let units = Self.units(mesh, owners, selection.sources, tree)
        let signatures = Self.signatures(of: units, conditions, tree)
        var grouped: [Key: [Int]] = [:]
        for (number, unit) in units.enumerated() {
            grouped[Key(isKnown: unit.identity != nil, signature: signatures[number]), default: []].append(number)
        }
        // Units are in order, so that the first of each class orders the classes.
        for (key, members) in grouped.sorted(by: { $0.value[0] < $1.value[0] }) {
            classes.append(
                Self.sourceClass(of: members.map { units[$0] }, isKnown: key.isKnown, tree, selection.sources == nil))
            self.signatures.append(key.signature)
        }
    }

    // MARK: Units

    private static func units(
        _ mesh: Mesh, _ owners: SourceOwners, _ chosen: [IPAddress]?, _ tree: BlockTree
    ) -> [Unit] {
        var known: [Unit] = []
        var places: [PeerIdentity: [Int: Int]] = [:]
        var nobodys: [Int: Unit] = [:]
        let addresses = chosen.map { Set($0).sorted() } ?? owners.addresses
        let owned = addresses.compactMap { address in owners.workload(of: address).map { ($0, address) } }
            .sorted { ($0.0.uid, $0.1) < ($1.0.uid, $1.1) }
        var taken: [Int: [IPAddress]] = [:]
        for (workload, address) in owned {
            let (identity, node) = (PeerIdentity(of: workload), tree.node(of: address))
            let place = places[identity]?[node] ?? known.count
            if place == known.count {
                known.append(Unit(identity: identity, node: node))
                places[identity, default: [:]][node] = place
            }
            known[place].addresses.append(address)
            known[place].members.append((workload, address))
            taken[node, default: []].append(address)
        }
        if chosen == nil {
            for (number, node) in tree.nodes.enumerated() where !node.isMapped {
                let free = tree.freeAddress(in: number, except: (taken[number] ?? []).sorted())
                nobodys[number] = free.map { Unit(identity: nil, node: number, addresses: [$0]) }
            }
        } else {
            for address in addresses where owners.workload(of: address) == nil {
                let node = tree.node(of: address)
                nobodys[node, default: Unit(identity: nil, node: node)].addresses.append(address)
            }
        }
        for workload in mesh.sortedWorkloads where workload.networkMode == .hostNetwork {
            for address in workload.addresses where owners.workload(of: address) == nil {
                guard chosen?.contains(address) ?? true else { continue }
                nobodys[tree.node(of: address)]?.members.append((workload, address))
            }
        }
        return known + nobodys.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Of each unit the conditions that hold.
    private static func signatures(of units: [Unit], _ conditions: ConditionTable, _ tree: BlockTree) -> [ClassSet] {
        var identityNumbers: [PeerIdentity: Int] = [:]
        var identities: [(identity: PeerIdentity, principal: String)] = []
        let numbers = units.map { unit -> Int? in
            guard let identity = unit.identity else { return nil }
            if let number = identityNumbers[identity] { return number }
            identityNumbers[identity] = identities.count
            identities.append((identity, identity.principal))
            return identities.count - 1
        }
        var result = [ClassSet](repeating: ClassSet(limit: conditions.sources.count), count: units.count)
        for (number, condition) in conditions.sources.enumerated() {
            let ofIdentity = identities.map { condition.holds(for: $0.identity, principal: $0.principal) }
            let ofNode = condition.blocks.isEmpty ? nil : tree.holds(condition.blocks)
            for (unit, identity) in numbers.enumerated() {
                guard identity.map({ ofIdentity[$0] }) ?? condition.holdsForNobody else { continue }
                if ofNode?[units[unit].node] ?? true { result[unit].insert(number) }
            }
        }
        return result
    }

    // MARK: Classes

    private static func sourceClass(
        of units: [Unit], isKnown: Bool, _ tree: BlockTree, _ hasRanges: Bool
    ) -> SourceClass {
        let addresses = units.flatMap(\.addresses).sorted()
        return SourceClass(
            isKnown: isKnown, members: ClassMember.members(units.flatMap(\.members)),
            identities: Set(units.compactMap(\.identity)).sorted(),
            ranges: isKnown || !hasRanges ? [] : ranges(of: Set(units.map(\.node)), in: tree),
            representatives: AddressFamily.allCases.compactMap { family in
                addresses.first { $0.family == family }
            })
    }

    /// Blocks without some blocks in them that are together the given nodes.
    private static func ranges(of nodes: Set<Int>, in tree: BlockTree) -> [SourceClass.Range] {
        func outside(_ number: Int) -> [Prefix] {
            tree.nodes[number].children.flatMap { child in
                if nodes.contains(child) { return outside(child) }
                return tree.nodes[child].isMapped ? [] : [tree.nodes[child].block]
            }
        }
        return nodes.sorted().filter { number in tree.nodes[number].parent.map { !nodes.contains($0) } ?? true }
            .map { SourceClass.Range(block: tree.nodes[$0].block, outside: outside($0)) }
    }
}

extension ClassMember {
    /// Workloads with all of their addresses that are given, ordered by uid.
    static func members(_ pairs: [(workload: Workload, address: IPAddress)]) -> [ClassMember] {
        var members: [ClassMember] = []
        for (workload, address) in pairs.sorted(by: { ($0.workload.uid, $0.address) < ($1.workload.uid, $1.address) }) {
            if let last = members.last, last.workload.uid == workload.uid {
                members[members.count - 1] = ClassMember(workload: workload, addresses: last.addresses + [address])
            } else {
                members.append(ClassMember(workload: workload, addresses: [address]))
            }
        }
        return members
    }
}
