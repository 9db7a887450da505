/// What the maps hold of one service: its value in km_service and its slots in km_endpoint.
///
/// `ServiceTable+Transition` changes it, and emits the writes that do the same to the maps.
struct ServiceTable: Sendable {
    /// Where an endpoint is. `index` counts from 1, as in the map.
    struct Place: Hashable, Sendable {
        var priority: Int
        var index: Int
    }

    static let priorityCount = 7

    let id: ResourceID
    /// The value in km_service; its counts are those of `slots` after each transition.
    private(set) var header = ServiceValue()
    /// Whether km_service holds the service.
    private(set) var isPublished = false
    /// Backend uids by priority; slot index i of the map is element i − 1.
    private(set) var slots = [[ResourceID]](repeating: [], count: priorityCount)
    private var places: [ResourceID: Place] = [:]

    init(id: ResourceID) { self.id = id }

    /// Endpoints at all priorities.
    var endpointCount: Int { places.count }
    /// All backend uids, in no order.
    var endpoints: some Collection<ResourceID> { places.keys }

    func place(of uid: ResourceID) -> Place? { places[uid] }

    // MARK: Elementary changes, each with its writes

    /// Puts an endpoint behind the last of its priority, where no lookup sees it until the counts are published.
    mutating func append(_ uid: ResourceID, at priority: Int, into writes: inout [MapWrite]) {
        slots[priority].append(uid)
        let place = Place(priority: priority, index: slots[priority].count)
        places[uid] = place
        writes.append(put(uid, at: place))
    }

    /// Takes endpoints out of one priority, filling each hole with the last endpoint that stays.
    /// - Returns: the slots behind the new end: to be deleted when no lookup can know them any more.
    mutating func takeOut(
        _ removed: [ResourceID], from places: [Place], at priority: Int, into writes: inout [MapWrite]
    ) -> [MapWrite] {
        var trailing: [MapWrite] = []
        let isEmptied = removed.count == slots[priority].count
        // From the back, so that the last one always stays or is itself the one to go.
        for (uid, place) in zip(removed, places).sorted(by: { $0.1.index > $1.1.index }) {
            let last = slots[priority].removeLast()
            trailing.append(.delete(.endpoint(key(Place(priority: priority, index: slots[priority].count + 1)))))
            if last != uid {
                slots[priority][place.index - 1] = last
                self.places[last] = place
                if !isEmptied { writes.append(put(last, at: place)) }
            }
            if self.places[uid] == place { self.places[uid] = nil }
        }
        return trailing
    }

    /// Sets the slots of one priority as a whole. Only while no lookup reads them, and until `indexPlaces`.
    mutating func replace(priority: Int, with uids: [ResourceID], into writes: inout [MapWrite]) {
        let old = slots[priority].count
        slots[priority] = uids
        for (offset, uid) in uids.enumerated() {
            writes.append(put(uid, at: Place(priority: priority, index: offset + 1)))
        }
        for index in uids.count..<max(uids.count, old) {
            writes.append(.delete(.endpoint(key(Place(priority: priority, index: index + 1)))))
        }
    }

    /// Rebuilds the places after `replace`.
    mutating func indexPlaces() {
        places = [:]
        for (priority, uids) in slots.enumerated() {
            for (offset, uid) in uids.enumerated() {
                places[uid] = Place(priority: priority, index: offset + 1)
            }
        }
    }

    /// Publishes a value with the counts of the slots.
    mutating func publish(_ value: ServiceValue, into writes: inout [MapWrite]) {
        header = value
        header.endpointCounts = slotCounts
        isPublished = true
        writes.append(.put(.service(ServiceKey(service_id: id), header)))
    }

    /// Forgets the service, which no lookup reads any more.
    mutating func withdraw(into writes: inout [MapWrite]) {
        if isPublished { writes.append(.delete(.service(ServiceKey(service_id: id)))) }
        for (priority, uids) in slots.enumerated() {
            for index in uids.indices {
                writes.append(.delete(.endpoint(key(Place(priority: priority, index: index + 1)))))
            }
        }
        self = ServiceTable(id: id)
    }

    var slotCounts: InlineArray<7, UInt32> {
        InlineArray { UInt32(slots[$0].count) }
    }

    private func key(_ place: Place) -> EndpointKey {
        EndpointKey(service_id: id, prio: UInt32(place.priority), backend_index: UInt32(place.index))
    }

    private func put(_ uid: ResourceID, at place: Place) -> MapWrite {
        .put(.endpoint(key(place), EndpointValue(backend_uid: uid)))
    }
}
