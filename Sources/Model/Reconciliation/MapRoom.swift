/// How many entries the maps hold at the fullest moment of a plan, and what is left beside that.
struct MapRoom {
    /// Of one map.
    private struct Count {
        var map: KernelMapName
        var capacity: Int
        var desired: Int
        /// With old and new entries side by side.
        var peak: Int
    }

    private var counts: [Count] = []

    init(_ survey: MapSurvey, from actual: MapStore, to desired: MapStore) {
        add(.frontend, actual.frontend, desired.frontend)
        add(.service, actual.service, desired.service)
        add(.endpoint, actual.endpoint, desired.endpoint)
        add(.backend, actual.backend, desired.backend)
        add(.backendAlternative, actual.backendAlternative, desired.backendAlternative)
        add(.servicePort, actual.servicePort, desired.servicePort)
        grow(.frontend, by: survey.frontends.count { actual.frontend.position(of: $0) == nil })
        grow(.service, by: survey.services.count { actual.value(ofService: $0) == nil })
        grow(.endpoint, by: survey.endpoints.count { actual.endpoint.position(of: $0) == nil })
        grow(.servicePort, by: survey.ports.count { actual.servicePort.position(of: $0) == nil })
        for uid in survey.backends {
            if desired.value(ofBackend: uid) != nil, actual.value(ofBackend: uid) == nil { grow(.backend, by: 1) }
            if desired.alternative(ofBackend: uid) != nil, actual.alternative(ofBackend: uid) == nil {
                grow(.backendAlternative, by: 1)
            }
        }
    }

    private mutating func add<Key, Value>(
        _ map: KernelMapName, _ actual: HashMap<Key, Value>, _ desired: HashMap<Key, Value>
    ) {
        counts.append(Count(map: map, capacity: actual.capacity, desired: desired.count, peak: actual.count))
    }

    private mutating func grow(_ map: KernelMapName, by count: Int) {
        for index in counts.indices where counts[index].map == map { counts[index].peak += count }
    }

    /// Gives back the room of entries that go first of all.
    mutating func free(_ litter: [MapWrite]) {
        for case .delete(let key) in litter { grow(key.map, by: -1) }
    }

    /// The first map that cannot hold what is desired.
    var misfit: ReconciliationError? {
        counts.first { $0.desired > $0.capacity }
            .map { .mapTooSmall(map: $0.map, capacity: $0.capacity, needed: $0.desired) }
    }

    /// Maps that cannot hold old and new entries side by side.
    var shortMaps: [KernelMapName] { counts.filter { $0.peak > $0.capacity }.map(\.map) }

    /// Takes room for further entries, all or nothing.
    /// - Returns: the first map without room, nil when the room is taken.
    mutating func take(_ wanted: [(map: KernelMapName, count: Int)]) -> KernelMapName? {
        var taken = self
        for (map, count) in wanted { taken.grow(map, by: count) }
        if let short = taken.shortMaps.first { return short }
        self = taken
        return nil
    }
}
