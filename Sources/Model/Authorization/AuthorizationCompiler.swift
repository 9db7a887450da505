import KernelABI

/// Turns the policies and workloads of a mesh into the maps of compiled policies for one node, change by change.
///
/// Changes are taken in (`apply`), then their writes are asked for together (`takeWrites`). While these are applied,
/// every lookup gets the verdict of the policies before or after: what a view leads to is written before a slot names
/// it, and its places are not used again before a barrier.
public struct AuthorizationCompiler: Sendable {
    /// Policies as they apply to several workloads alike.
    private struct Selection: Hashable {
        var namespace: String
        var listed: [String]
    }

    /// What decides a view.
    private struct ViewKey: Hashable, Sendable {
        var versions: [UInt32]
        /// Of the alternatives that name destinations, whether they name this one.
        var destinations: [Bool]
    }

    /// A view in the maps.
    private struct View: Sendable {
        var index: Int
        var uses = 0
        var rows: Range<Int>
        var ranges: Range<Int>
        var ranges6: Range<Int>
        var rules: Range<Int>
    }

    private enum Target: Hashable, Sendable {
        case closed
        case view(ViewKey)
    }

    /// An address that is judged.
    private struct Destination: Sendable {
        var slot: Int
        var uid: WorkloadUID
        var target: Target
    }

    /// The node whose pods are judged; nil: all pods.
    public let node: String?
    public let capacities: AuthorizationCapacities
    /// Ids of policies.
    public private(set) var names = NameTable()
    public private(set) var identities = IdentityTable()
    public private(set) var generation: UInt32 = 0
    private var policies: [String: CompiledPolicy] = [:]
    private var selection = PolicySelection([:])
    private var claims = AddressClaims()
    private var local = LocalWorkloads()
    private var destinations: [IPAddress: Destination] = [:]
    private var views: [ViewKey: View] = [:]
    private var nextVersion: UInt32 = 1
    private var slots: PlaceAllocator
    private var viewPlaces: PlaceAllocator
    private var rowPlaces: PlaceAllocator
    private var rangePlaces: PlaceAllocator
    private var range6Places: PlaceAllocator
    private var rulePlaces: PlaceAllocator
    /// Out of use, but lookups under way may still hold them.
    private var retiredViews: [View] = []
    private var retiredSlots: [Int] = []
    /// Stand-ins of which it cannot be told which policies apply.
    private var closed: Set<WorkloadUID> = []

    // What changed since the writes were taken.
    private var changedPolicies: Set<String> = []
    private var dirty: Set<WorkloadUID> = []
    private var touched: [IPAddress: UInt32] = [:]
    private var knownIdentities = 0
    private var mustRebuildSelection = false
    private var tooLarge: [String: Problem] = [:]
    private var tooFull: [WorkloadUID: Problem] = [:]

    public init(node: String?, capacities: AuthorizationCapacities = .large) {
        self.node = node
        self.capacities = capacities
        slots = PlaceAllocator(0..<capacities.destinations)
        // View 0 is closed.
        viewPlaces = PlaceAllocator(1..<capacities.destinations + 1)
        rowPlaces = PlaceAllocator(0..<capacities.rows)
        rangePlaces = PlaceAllocator(0..<capacities.ranges)
        range6Places = PlaceAllocator(0..<capacities.ranges6)
        rulePlaces = PlaceAllocator(0..<capacities.rules)
    }

    /// What is not in force as it is meant, ordered by name.
    public var problems: [Problem] {
        tooLarge.sorted { $0.key < $1.key }.map(\.value) + tooFull.sorted { $0.key < $1.key }.map(\.value)
    }

    /// How many addresses are judged, and how many views they share.
    public var counts: (destinations: Int, views: Int) { (destinations.count, views.count) }

    /// The name of an identity, nil for nobody.
    public func identity(_ number: UInt32) -> PeerIdentity? { identities.identity(number) }

    // MARK: Changes

    /// Takes a change in.
    /// - Parameter old: the workload of a change of one, as it was before; nil when there was none.
    public mutating func apply(_ change: MeshChange, replacing old: Workload? = nil) {
        switch change {
        case .setPolicy(let policy): set(policy)
        case .removePolicy(let name): removePolicy(name)
        case .setWorkload(let workload): replace(old, with: workload)
        case .removeWorkload: replace(old, with: nil)
        case .setNode, .removeNode, .setService, .removeService: break
        }
    }

    /// Takes in a workload that stands for a pod of the node that the mesh does not tell of, or takes it out.
    ///
    /// As a source it is nobody. The policies of the mesh and of its namespace apply, and those that it lists.
    /// - Parameter isClosed: everything to it is denied, because it cannot be told which policies apply.
    public mutating func setStandIn(_ new: Workload?, replacing old: Workload?, isClosed: Bool) {
        if let old { closed.remove(old.uid) }
        if let new, isClosed { closed.insert(new.uid) }
        replace(old, with: new, isNobody: true)
    }

    private mutating func set(_ policy: Policy) {
        let name = policy.resourceName
        if let old = policies[name]?.policy { dirty.formUnion(local.selected(by: old)) }
        let id = names.id(for: name)
        policies[name] = CompiledPolicy(policy: policy, id: id, version: 0, alternatives: [])
        changedPolicies.insert(name)
        mustRebuildSelection = true
    }

    private mutating func removePolicy(_ name: String) {
        guard let old = policies.removeValue(forKey: name) else { return }
        dirty.formUnion(local.selected(by: old.policy))
        names.release(name)
        changedPolicies.remove(name)
        tooLarge[name] = nil
        mustRebuildSelection = true
    }

    private mutating func replace(_ old: Workload?, with new: Workload?, isNobody: Bool = false) {
        let identity = isNobody ? 0 : new.map { identities.number(of: PeerIdentity(of: $0)) } ?? 0
        let before = old.map(Self.ownAddresses) ?? []
        let after = new.map(Self.ownAddresses) ?? []
        for address in before + after where touched[address] == nil {
            touched[address] = claims[address]?.identity ?? 0
        }
        if let old { for address in before where !after.contains(address) { claims.remove(old.uid, at: address) } }
        if let new { for address in after { claims.set(.init(uid: new.uid, identity: identity), at: address) } }
        if let old {
            local.remove(old.uid)
            tooFull[old.uid] = nil
            dirty.insert(old.uid)
        }
        guard let new, node == nil || new.node == node, !after.isEmpty else { return }
        local.set(new)
        dirty.insert(new.uid)
    }

    /// Addresses that say who somebody is.
    private static func ownAddresses(_ workload: Workload) -> [IPAddress] {
        workload.networkMode == .standard ? workload.addresses : []
    }

    // MARK: Writes

    /// The writes that bring the maps to where all changes so far lead.
    /// - Parameter ids: ids of workloads, for events.
    public mutating func takeWrites(ids: NameTable = NameTable()) -> [AuthorizationWrite] {
        var writes: [AuthorizationWrite] = []
        compilePolicies()
        let hasMoved = switchDestinations(ids, into: &writes)
        let hasNewIdentities = writeIdentities(after: hasMoved, into: &writes)
        guard hasMoved || hasNewIdentities || !writes.isEmpty else { return [] }
        generation &+= 1
        writes.append(.setGeneration(generation))
        return writes
    }

    /// Works out the alternatives of policies that changed, and of those that new identities may change.
    private mutating func compilePolicies() {
        if identities.count != knownIdentities {
            knownIdentities = identities.count
            for (name, policy) in policies where policy.namesIdentities { changedPolicies.insert(name) }
        }
        if mustRebuildSelection { selection = PolicySelection(policies.mapValues(\.policy)) }
        mustRebuildSelection = false
        for name in changedPolicies.sorted() {
            guard var compiled = policies[name] else { continue }
            let alternatives = CompiledPolicy.alternatives(of: compiled.policy, in: identities)
            if compiled.version != 0, compiled.hasSameAlternatives(as: alternatives) { continue }
            compiled.alternatives = alternatives
            compiled.version = nextVersion
            nextVersion += 1
            policies[name] = compiled
            tooLarge[name] =
                alternatives == nil
                ? .policyTooLarge(policy: name, most: CompiledPolicy.mostAlternatives) : nil
            dirty.formUnion(local.selected(by: compiled.policy))
        }
        changedPolicies = []
    }

    /// Gives every dirty workload's addresses the views of the policies that apply now.
    /// - Returns: whether a slot names another view than before.
    private mutating func switchDestinations(_ ids: NameTable, into writes: inout [AuthorizationWrite]) -> Bool {
        var affected = Set(touched.keys)
        for uid in dirty { affected.formUnion(local.byUID[uid].map(Self.ownAddresses) ?? []) }
        dirty = []
        var selected: [Selection: [CompiledPolicy]] = [:]
        var hasMoved = false
        var additions: [AuthorizationWrite] = []
        var unused: [ViewKey] = []
        for address in affected.sorted() {
            let workload = claims[address].flatMap { local.byUID[$0.uid] }
            guard let workload else {
                guard let old = destinations.removeValue(forKey: address) else { continue }
                if case .view(let key) = old.target { unused.append(key) }
                writes.append(.deleteDestination(MapAddress(address)))
                retiredSlots.append(old.slot)
                continue
            }
            let choice = Selection(namespace: workload.namespace, listed: workload.policies)
            let applying =
                selected[choice] ?? selection.policies(for: workload).compactMap { policies[$0.resourceName] }
            selected[choice] = applying
            let old = destinations[address]
            let isClosed = closed.contains(workload.uid)
            let target = isClosed ? .closed : target(applying, address, workload.uid, into: &writes)
            guard let slot = old?.slot ?? allocateSlot(into: &writes) else {
                release(target, into: &unused)
                tooFull[workload.uid] = .mapFull(
                    map: "km_authz_dst", capacity: capacities.destinations, resource: workload.uid.text)
                continue
            }
            if old?.target == target, old?.uid == workload.uid { continue }
            destinations[address] = Destination(slot: slot, uid: workload.uid, target: target)
            if old?.target != target {
                retain(target)
                if let old { release(old.target, into: &unused) }
            }
            let value = AuthorizationSlot(
                view: UInt32(index(of: target)), backend_uid: ids.existingID(of: workload.uid.text) ?? 0)
            writes.append(.setSlot(slot, value))
            hasMoved = hasMoved || old != nil
            if old == nil {
                let place = AuthorizationDestination(slot: UInt32(slot), check: MapAddress(address).check)
                additions.append(.putDestination(MapAddress(address), place))
            }
        }
        writes += additions
        for key in unused { retireIfUnused(key) }
        return hasMoved
    }

    /// Writes who the addresses are that changed.
    /// - Parameter afterMove: a lookup that holds a view from before must not meet an identity that the view does not
    ///   know.
    private mutating func writeIdentities(after hasMoved: Bool, into writes: inout [AuthorizationWrite]) -> Bool {
        var changes: [AuthorizationWrite] = []
        for (address, old) in touched.sorted(by: { $0.key < $1.key }) {
            let new = claims[address]?.identity ?? 0
            guard new != old else { continue }
            let key = MapAddress(address)
            changes.append(
                new == 0
                    ? .deleteIdentity(key) : .putIdentity(key, IdentityValue(identity: new, check: key.check)))
        }
        touched = [:]
        if hasMoved, !changes.isEmpty { writes.append(.barrier) }
        writes += changes
        return !changes.isEmpty
    }

    // MARK: Views

    /// The view for the policies that apply to a destination; made, if there is none, and its writes added. Where it
    /// does not fit the address is closed: an older view would not know the identities that came since.
    private mutating func target(
        _ applying: [CompiledPolicy], _ address: IPAddress, _ uid: WorkloadUID, into writes: inout [AuthorizationWrite]
    ) -> Target {
        var key = ViewKey(versions: applying.map(\.version), destinations: [])
        for policy in applying {
            for (_, alternative) in policy.alternatives ?? [] where alternative.destinations != .full {
                key.destinations.append(alternative.destinations.contains(address))
            }
        }
        if views[key] != nil {
            tooFull[uid] = nil
            return .view(key)
        }
        let form = applying.isEmpty ? ViewForm.open : ViewForm(applying, destination: address)
        guard let form else {
            if applying.allSatisfy({ $0.alternatives != nil }) {
                let most = AuthorizationCapacities.mostAlternatives
                tooFull[uid] = .tooManyAlternatives(workload: uid.text, most: most)
            }
            return .closed
        }
        guard let view = place(form, into: &writes) else {
            tooFull[uid] = .mapFull(map: "km_authz_row", capacity: capacities.rows, resource: uid.text)
            return .closed
        }
        tooFull[uid] = nil
        views[key] = view
        return .view(key)
    }

    private func index(of target: Target) -> Int {
        guard case .view(let key) = target, let view = views[key] else { return 0 }
        return view.index
    }

    private mutating func retain(_ target: Target) {
        if case .view(let key) = target { views[key]?.uses += 1 }
    }

    private mutating func release(_ target: Target, into unused: inout [ViewKey]) {
        guard case .view(let key) = target else { return }
        unused.append(key)
    }

    private mutating func retireIfUnused(_ key: ViewKey) {
        views[key]?.uses -= 1
        guard let view = views[key], view.uses <= 0 else { return }
        views[key] = nil
        retiredViews.append(view)
    }

    /// Writes a view and what it leads to into free places.
    private mutating func place(_ form: ViewForm, into writes: inout [AuthorizationWrite]) -> View? {
        if let view = allocate(form) ?? (recycle(into: &writes) ? allocate(form) : nil) {
            writes += form.writes(at: view.index, view.rows, view.ranges, view.ranges6, view.rules)
            return view
        }
        return nil
    }

    private mutating func allocate(_ form: ViewForm) -> View? {
        let counts = (
            form.rows.count * form.rowsEach, form.identities.count + form.sources4.count + form.ports.count,
            form.sources6.count, form.rules.count
        )
        let view = viewPlaces.allocate(1)
        let rows = rowPlaces.allocate(counts.0)
        let ranges = rangePlaces.allocate(counts.1)
        let ranges6 = range6Places.allocate(counts.2)
        let rules = rulePlaces.allocate(counts.3)
        if let view, let rows, let ranges, let ranges6, let rules {
            return View(index: view.lowerBound, rows: rows, ranges: ranges, ranges6: ranges6, rules: rules)
        }
        if let view { viewPlaces.release(view) }
        if let rows { rowPlaces.release(rows) }
        if let ranges { rangePlaces.release(ranges) }
        if let ranges6 { range6Places.release(ranges6) }
        if let rules { rulePlaces.release(rules) }
        return nil
    }

    private mutating func allocateSlot(into writes: inout [AuthorizationWrite]) -> Int? {
        // An entry that was deleted may be made again; lookups that met the old one have to be through.
        if !retiredSlots.isEmpty { _ = recycle(into: &writes) }
        return slots.allocate(1)?.lowerBound
    }

    /// Makes what is out of use free again, behind a barrier.
    /// - Returns: whether there was any.
    private mutating func recycle(into writes: inout [AuthorizationWrite]) -> Bool {
        guard !retiredViews.isEmpty || !retiredSlots.isEmpty else { return false }
        writes.append(.barrier)
        for view in retiredViews {
            viewPlaces.release(view.index..<view.index + 1)
            rowPlaces.release(view.rows)
            rangePlaces.release(view.ranges)
            range6Places.release(view.ranges6)
            rulePlaces.release(view.rules)
        }
        for slot in retiredSlots { slots.release(slot..<slot + 1) }
        retiredViews = []
        retiredSlots = []
        return true
    }
}
