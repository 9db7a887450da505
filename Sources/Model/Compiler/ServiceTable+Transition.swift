/// Which endpoints of a service come and go in one change. A move to another priority is both.
struct EndpointChanges {
    var additions: [(uid: ResourceID, priority: Int)] = []
    var removals: [ResourceID] = []

    var isEmpty: Bool { additions.isEmpty && removals.isEmpty }
}

/// What a lookup under a service value can see of the endpoints.
enum EndpointSight {
    /// A waypoint or no load balancing: none.
    case none
    /// Random and strict: priority 0.
    case nearest
    /// Failover: the first priority that has a usable endpoint.
    case all
}

/// What the transitions have to know about the data plane.
struct TransitionRules {
    var waypointTest: DataplaneOptions.WaypointTest
    /// The address family of a backend, by uid. Endpoints of the other family may be skipped, so that each family can
    /// see another priority.
    var family: (ResourceID) -> AddressFamily?

    func sight(of value: ServiceValue) -> EndpointSight {
        if value.hasWaypoint(waypointTest) { return .none }
        switch value.lb_policy {
        case 0, 1: return .nearest
        case 2: return .all
        default: return .none
        }
    }
}

extension ServiceValue {
    /// Whether the values are the same but for the endpoint counts.
    func isSameHeader(as other: ServiceValue) -> Bool {
        var other = other
        other.endpointCounts = endpointCounts
        return sameBytes(self, other)
    }
}

extension ServiceTable {
    /// Changes value and endpoints so that every lookup, also one under way, gets an answer of the old or the new state.
    ///
    /// The order follows from three facts: a service value is replaced as a whole; a slot behind the published count is
    /// read by nobody; a slot may be reused only when no lookup can hold an older value (a barrier). So endpoints are
    /// added before any is removed, and removed from the farthest priority to the nearest, lest a lookup falls through
    /// to one that is about to go. When the value changes too, mixtures of old endpoints and the new value are avoided
    /// by changing endpoints only where the value in force does not look; if both look at what changes, the new state
    /// is staged beside the old one and taken over with one write.
    mutating func transition(
        to value: ServiceValue, _ changes: EndpointChanges, rules: TransitionRules, into writes: inout [MapWrite]
    ) {
        let isSame = isPublished && header.isSameHeader(as: value)
        if isSame && changes.isEmpty { return }
        if changes.removals.isEmpty || !isPublished {
            add(changes.additions, into: &writes)
            publish(value, into: &writes)
            return
        }
        if isSame {
            addThenRemove(changes, into: &writes)
            return
        }
        let (before, after) = (rules.sight(of: header), rules.sight(of: value))
        let addsNearest = changes.additions.contains { $0.priority == 0 }
        let removesNearest = changes.removals.contains { place(of: $0)?.priority == 0 }
        if after == .none {
            publish(value, counts: header.endpointCounts, into: &writes)
            writes.append(.barrier)
            addThenRemove(changes, into: &writes)
        } else if before == .none {
            addThenRemove(changes, into: &writes)
            publish(value, into: &writes)
        } else if before == .nearest && !addsNearest {
            removeNearestLast(changes, value, into: &writes)
        } else if after == .nearest && !removesNearest {
            addNearestFirst(changes, value, into: &writes)
        } else {
            stage(changes, value, rules: rules, into: &writes)
        }
    }

    private mutating func add(_ additions: [(uid: ResourceID, priority: Int)], into writes: inout [MapWrite]) {
        for (uid, priority) in additions { append(uid, at: priority, into: &writes) }
    }

    /// The value stays: the union of old and new is published first, then what goes is taken out.
    private mutating func addThenRemove(_ changes: EndpointChanges, into writes: inout [MapWrite]) {
        let removals = placed(changes.removals)
        if !changes.additions.isEmpty {
            add(changes.additions, into: &writes)
            publish(header, into: &writes)
            if !removals.isEmpty { writes.append(.barrier) }
        }
        for priority in stride(from: Self.priorityCount - 1, through: 0, by: -1) {
            remove(removals.filter { $0.place.priority == priority }, at: priority, publishing: header, into: &writes)
        }
    }

    /// Takes endpoints of one priority out, publishes, and deletes what is behind the end after a barrier.
    private mutating func remove(
        _ removals: [(uid: ResourceID, place: Place)], at priority: Int, publishing value: ServiceValue,
        into writes: inout [MapWrite]
    ) {
        guard !removals.isEmpty else { return }
        let trailing = takeOut(removals.map(\.uid), from: removals.map(\.place), at: priority, into: &writes)
        publish(value, into: &writes)
        writes.append(.barrier)
        writes += trailing
    }

    /// The old value sees priority 0 only, and nothing comes there: all else changes unseen, then priority 0 with the
    /// new value in one write.
    private mutating func removeNearestLast(
        _ changes: EndpointChanges, _ value: ServiceValue, into writes: inout [MapWrite]
    ) {
        let removals = placed(changes.removals)
        add(changes.additions, into: &writes)
        for priority in 1..<Self.priorityCount {
            let here = removals.filter { $0.place.priority == priority }
            writes += takeOut(here.map(\.uid), from: here.map(\.place), at: priority, into: &writes)
        }
        let nearest = removals.filter { $0.place.priority == 0 }
        if nearest.isEmpty {
            publish(value, into: &writes)
        } else {
            remove(nearest, at: 0, publishing: value, into: &writes)
        }
    }

    /// The new value sees priority 0 only, and nothing goes there: priority 0 grows with the new value in one write,
    /// then all else changes unseen.
    private mutating func addNearestFirst(
        _ changes: EndpointChanges, _ value: ServiceValue, into writes: inout [MapWrite]
    ) {
        let removals = placed(changes.removals)
        add(changes.additions, into: &writes)
        publish(value, into: &writes)
        writes.append(.barrier)
        for priority in 1..<Self.priorityCount {
            let here = removals.filter { $0.place.priority == priority }
            writes += takeOut(here.map(\.uid), from: here.map(\.place), at: priority, into: &writes)
        }
        publish(value, into: &writes)
    }

    /// The general case: what the new value will see is written to priorities that neither state looks at, published as
    /// failover over these, and moved to its place after a barrier.
    private mutating func stage(
        _ changes: EndpointChanges, _ value: ServiceValue, rules: TransitionRules, into writes: inout [MapWrite]
    ) {
        var target = slots.map { uids in uids.filter { !changes.removals.contains($0) } }
        for (uid, priority) in changes.additions { target[priority].append(uid) }
        let seen = Self.visiblePriorities(of: target, under: rules.sight(of: value), family: rules.family)
        let kept = Self.visiblePriorities(of: slots, under: rules.sight(of: header), family: rules.family)
        // At most two of each are visible, so three of the seven priorities are always left.
        let unseen = (0..<Self.priorityCount).filter { !seen.contains($0) && !kept.contains($0) }
        let staging = Array(unseen.prefix(seen.count))

        if staging.contains(where: { !slots[$0].isEmpty }) {
            var trimmed = slotCounts
            for priority in staging { trimmed[priority] = 0 }
            publish(header, counts: trimmed, into: &writes)
            writes.append(.barrier)
        }
        var staged = InlineArray<7, UInt32>(repeating: 0)
        for priority in staging { replace(priority: priority, with: [], into: &writes) }
        for (priority, source) in zip(staging, seen) {
            replace(priority: priority, with: target[source], into: &writes)
            staged[priority] = UInt32(target[source].count)
        }
        var stagedValue = value
        if !seen.isEmpty { stagedValue.lb_policy = LoadBalancing(.failover).mapValue }
        publish(stagedValue, counts: staged, into: &writes)
        writes.append(.barrier)

        for priority in 0..<Self.priorityCount where !staging.contains(priority) {
            replace(priority: priority, with: target[priority], into: &writes)
        }
        var final = InlineArray<7, UInt32> { UInt32(target[$0].count) }
        for priority in staging { final[priority] = 0 }
        publish(value, counts: final, into: &writes)
        writes.append(.barrier)
        for priority in staging { replace(priority: priority, with: target[priority], into: &writes) }
        indexPlaces()
        if staging.contains(where: { !target[$0].isEmpty }) { publish(value, into: &writes) }
    }

    /// The priorities that a lookup of either family can end at, in order.
    private static func visiblePriorities(
        of slots: [[ResourceID]], under sight: EndpointSight, family: (ResourceID) -> AddressFamily?
    ) -> [Int] {
        switch sight {
        case .none: return []
        case .nearest: return slots[0].isEmpty ? [] : [0]
        case .all:
            let first = slots.firstIndex { !$0.isEmpty }
            let byFamily = AddressFamily.allCases.map { wanted in
                slots.firstIndex { uids in uids.contains { family($0) == wanted } }
            }
            return Set(([first] + byFamily).compactMap(\.self)).sorted()
        }
    }

    private func placed(_ uids: [ResourceID]) -> [(uid: ResourceID, place: Place)] {
        uids.compactMap { uid in place(of: uid).map { (uid, $0) } }
    }
}
