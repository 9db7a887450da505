/// Which endpoints of a service come and go in one change. A move to another priority is both.
struct EndpointChanges {
    var additions: [(uid: ResourceID, priority: Int)] = []
    var removals: [ResourceID] = []

    var isEmpty: Bool { additions.isEmpty && removals.isEmpty }
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
    /// Whether `transition` can do this so that every lookup, also one under way, gets an answer of the old or the new
    /// state: the value stays, or nothing is taken out. Anything else needs a stand-in (`Compiler+StandIn`).
    func canTransition(to value: ServiceValue, _ changes: EndpointChanges) -> Bool {
        !isPublished || changes.removals.isEmpty || header.isSameHeader(as: value)
    }

    /// Changes value and endpoints.
    ///
    /// The order follows from three facts: a service value is replaced as a whole; a slot behind the published count is
    /// read by nobody; a slot may be reused only when no lookup can hold an older value (a barrier). So endpoints are
    /// added before any is removed, and removed from the farthest priority to the nearest, lest a lookup falls through
    /// to one that is about to go.
    mutating func transition(to value: ServiceValue, _ changes: EndpointChanges, into writes: inout [MapWrite]) {
        let isSame = isPublished && header.isSameHeader(as: value)
        if isSame && changes.isEmpty { return }
        if changes.removals.isEmpty || !isPublished {
            add(changes.additions, into: &writes)
            publish(value, into: &writes)
            return
        }
        addThenRemove(changes, into: &writes)
        if !isSame { publish(value, into: &writes) }
    }

    /// The slots as they are after a change.
    func slots(after changes: EndpointChanges) -> [[ResourceID]] {
        let removed = Set(changes.removals)
        var target = slots.map { $0.filter { !removed.contains($0) } }
        for (uid, priority) in changes.additions { target[priority].append(uid) }
        return target
    }

    /// Sets value and slots as a whole, in any order. Only for a service that no lookup reads.
    mutating func rewrite(to value: ServiceValue, _ target: [[ResourceID]], into writes: inout [MapWrite]) {
        for priority in target.indices { replace(priority: priority, with: target[priority], into: &writes) }
        indexPlaces()
        publish(value, into: &writes)
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
            remove(removals.filter { $0.place.priority == priority }, at: priority, into: &writes)
        }
    }

    /// Takes endpoints of one priority out, publishes, and deletes what is behind the end after a barrier.
    private mutating func remove(
        _ removals: [(uid: ResourceID, place: Place)], at priority: Int, into writes: inout [MapWrite]
    ) {
        guard !removals.isEmpty else { return }
        let trailing = takeOut(removals.map(\.uid), from: removals.map(\.place), at: priority, into: &writes)
        publish(header, into: &writes)
        writes.append(.barrier)
        writes += trailing
    }

    private func placed(_ uids: [ResourceID]) -> [(uid: ResourceID, place: Place)] {
        uids.compactMap { uid in place(of: uid).map { (uid, $0) } }
    }
}
