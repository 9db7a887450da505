/// The writes that turn the maps that are there into the maps that should be, whatever is there: after a crash in the
/// middle of a change, after an upgrade, or where upstream filled them.
///
/// The guarantee is the compiler's: while the writes are applied, every lookup, also one under way, gets an answer that
/// the actual or the desired maps can give. It holds for all resources but those in `exposed`: those for which a map has
/// no room for a stand-in, and those whose waypoints would have to change both before and after them.
///
/// The recipe, whose number of barriers depends only on how deep waypoints lead to waypoints (most often three):
/// 1. *Prepare.* Write what no lookup reaches yet: new backends, new services, a stand-in for each service that cannot
///    change in one write, and a double for each backend that has to change with such services.
/// 2. *Switch.* One atomic write for each address (or service, or workload) takes it from its old answer to its new one.
///    What uses a waypoint anew switches after the waypoint, and what uses it no more before it, with a barrier between.
/// 3. *Settle.* After a barrier nobody reads what is left of the old state: rewrite and delete it, lead the addresses
///    back from the stand-ins, and delete those after another barrier.
///
/// Freed elements: the kernel may give the element of a replaced or deleted entry to the next insert into the same map,
/// while a lookup still holds it. No map gets a new key after it lost an element that lookups can hold until a barrier
/// came between. Replacements behind one another cannot be avoided without a barrier for each: frontends and values in
/// a switch, and slots that only change places. A lookup that stops between finding an entry and reading its few bytes
/// for as long as two system calls take may there read the next entry's.
///
/// km_manage and km_nodeinfo are not looked at.
public struct Reconciliation: Sendable {
    /// Ends with a barrier unless empty, so that whatever comes next meets no lookup that began before.
    public let writes: [MapWrite]
    /// Ids, ascending, of services, workloads and addresses' upstreams for which lookups may meet a mixture.
    public let exposed: [ResourceID]
    /// Maps without room for what the guarantee needs, in order.
    public let shortMaps: [KernelMapName]

    /// Whether the guarantee holds for everything.
    public var isHitless: Bool { exposed.isEmpty }
    /// Whether the maps are as they should be.
    public var isEmpty: Bool { writes.isEmpty }

    /// Compares and plans; linear in the maps' sizes.
    /// - Parameters:
    ///   - actual: What is there, with the capacities of the maps that are there.
    ///   - names: Ids that the plan must not use for stand-ins, beyond those in the maps.
    /// - Throws: when the desired entries do not fit into the maps that are there.
    public init(
        from actual: MapStore, to desired: MapStore, names: NameTable = NameTable()
    ) throws(ReconciliationError) {
        let survey = MapSurvey(from: actual, to: desired)
        guard !survey.isEmpty else {
            (writes, exposed, shortMaps) = ([], [], [])
            return
        }
        var room = MapRoom(survey, from: actual, to: desired)
        if let error = room.misfit { throw error }
        var reconciler = Reconciler(survey, from: actual, to: desired)
        reconciler.classify()
        room.free(reconciler.litter)
        guard room.shortMaps.isEmpty else {
            let plan = DisruptivePlan(survey, from: actual, to: desired)
            (writes, exposed, shortMaps) = (plan.writes, plan.exposed, room.shortMaps)
            return
        }
        reconciler.assignStandIns(room: room, names: names)
        writes = reconciler.writes()
        exposed = reconciler.exposed.sorted()
        shortMaps = reconciler.shortMaps
    }
}

/// Why maps cannot become what they should be.
public enum ReconciliationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The map that is there takes fewer entries than are desired.
    case mapTooSmall(map: KernelMapName, capacity: Int, needed: Int)

    /// For people, with both numbers.
    public var description: String {
        switch self {
        case .mapTooSmall(let map, let capacity, let needed):
            "\(map.rawValue) takes \(capacity) entries, \(needed) are needed"
        }
    }
}
