extension SoundnessCheck {
    /// Tail calls that the kernel makes for one connect, one for each waypoint on the way.
    private static let hopLimit = 33

    /// Waypoints that lead to waypoints: each is looked up like any destination.
    mutating func checkWaypointChains() {
        for preset in Preset.allCases {
            var walk = WaypointWalk(index: index, options: options(of: preset))
            walk.run(limit: Self.hopLimit)
            for cycle in walk.cycles { reportCycle(cycle, preset) }
            for place in walk.tooLong { reportLong(place, preset) }
        }
    }

    private mutating func reportCycle(_ cycle: [WaypointWalk.Place], _ preset: Preset) {
        guard let first = cycle.first else { return }
        let subject = subject(first)
        guard preset == .upstream || !hasReported(.waypointCycle, subject) else { return }
        let names = (cycle + [first]).map(name)
        report(
            .waypointCycle, .error, subject, "its waypoint leads back to it: \(names.joined(separator: " → "))",
            consequence: Self.ending)
    }

    private mutating func reportLong(_ place: WaypointWalk.Place, _ preset: Preset) {
        guard preset == .upstream || !hasReported(.longWaypointChain, subject(place)) else { return }
        report(
            .longWaypointChain, .error, subject(place),
            "its waypoint has a waypoint, and so on: \(Self.hopLimit + 1) in a row", consequence: Self.ending)
    }

    private static func ending(_: DataplaneOptions) -> Consequence {
        .contained("The kernel follows \(hopLimit) waypoints: connects go to the address of the next one as it is.")
    }

    private func subject(_ place: WaypointWalk.Place) -> String {
        switch place {
        case .service(let number): index.subject(service: number)
        case .workload(let number): index.subject(workload: number)
        }
    }

    private func name(_ place: WaypointWalk.Place) -> String {
        switch place {
        case .service(let number): index.services[number].name.description
        case .workload(let number): index.workloads[number].uid.text
        }
    }

    private func hasReported(_ rule: SoundnessRule, _ subject: String) -> Bool {
        findings.contains { $0.rule == rule && $0.subject == subject }
    }
}

/// Follows connects from waypoint to waypoint, under one set of options. Each place is visited once.
private struct WaypointWalk {
    /// What an address can lead to. Services come before workloads.
    enum Place: Hashable {
        case service(Int)
        case workload(Int)
    }

    /// A place on the way from the start, and where else connects go from there.
    private struct Step {
        var place: Place
        var next: [Place]
        /// How many of `next` are done.
        var doneCount = 0
        /// Most waypoints in a row after this place.
        var after = 0
        var isEndless = false
    }

    private let index: MeshIndex
    private let options: DataplaneOptions
    /// Most waypoints in a row from a place that is done, nil where they do not end.
    private var hops: [Place: Int?] = [:]
    private var positions: [Place: Int] = [:]
    private var path: [Step] = []
    /// Each begins with its first place.
    private(set) var cycles: [[Place]] = []
    private var starts: Set<Place> = []
    /// Where one waypoint more than the limit begins.
    private(set) var tooLong: [Place] = []

    init(index: MeshIndex, options: DataplaneOptions) {
        self.index = index
        self.options = options
    }

    mutating func run(limit: Int) {
        for number in index.services.indices { visit(.service(number), limit) }
        for number in index.workloads.indices where index.workloads[number].waypoint != nil {
            visit(.workload(number), limit)
        }
    }

    private mutating func visit(_ start: Place, _ limit: Int) {
        guard hops[start] == nil else { return }
        enter(start)
        while var step = path.popLast() {
            if step.doneCount < step.next.count {
                let next = step.next[step.doneCount]
                guard positions[next] != nil || hops[next] != nil else {
                    // Looked at again when the next place is done, to see what it found.
                    path.append(step)
                    enter(next)
                    continue
                }
                step.doneCount += 1
                step.isEndless = step.isEndless || hops[next] ?? nil == nil
                step.after = max(step.after, hops[next].flatMap(\.self) ?? 0)
                path.append(step)
                if let entry = positions[next] { add(cycle: path[entry...].map(\.place)) }
                continue
            }
            positions[step.place] = nil
            let takesWaypoint = takesWaypoint(step.place)
            let count = step.after + (takesWaypoint ? 1 : 0)
            hops[step.place] = .some(step.isEndless ? nil : count)
            if !step.isEndless, takesWaypoint, count == limit + 1 { tooLong.append(step.place) }
        }
    }

    private mutating func enter(_ place: Place) {
        positions[place] = path.count
        path.append(Step(place: place, next: next(place)))
    }

    private mutating func add(cycle: [Place]) {
        guard let first = cycle.indices.min(by: { Self.rank(cycle[$0]) < Self.rank(cycle[$1]) }),
            starts.insert(cycle[first]).inserted
        else { return }
        cycles.append(Array(cycle[first...] + cycle[..<first]))
    }

    private static func rank(_ place: Place) -> (Int, Int) {
        switch place {
        case .service(let number): (0, number)
        case .workload(let number): (1, number)
        }
    }

    private func takesWaypoint(_ place: Place) -> Bool {
        switch place {
        case .service(let number): index.isPublished(service: number) && index.takesWaypoint(service: number, options)
        case .workload(let number):
            index.isPublished(workload: number, options) && index.takesWaypoint(workload: number, options)
        }
    }

    /// Where connects to a place go on: to the owner of its waypoint's address, or from a service that is balanced to
    /// the endpoints with waypoints.
    private func next(_ place: Place) -> [Place] {
        let hop: MeshIndex.Hop?
        switch place {
        case .service(let number):
            if index.isBalanced(number, options) {
                return index.members[number].filter {
                    index.workloads[$0].waypoint != nil && index.isEndpoint($0, of: number, options)
                        && index.takesWaypoint(workload: $0, options)
                }.map(Place.workload)
            }
            hop = index.hop(ofService: number, options)
        case .workload(let number): hop = index.hop(ofWorkload: number, options)
        }
        guard let hop, takesWaypoint(place) else { return [] }
        return owner(of: hop.address).map { [$0] } ?? []
    }

    /// Who has an address's frontend, as the compiler decides by the text of the whole name.
    private func owner(of address: IPAddress) -> Place? {
        guard let claims = index.claims[address] else { return nil }
        let isFirst = options.sharedAddress == .firstName
        if !claims.services.isEmpty {
            let first = claims.services.min {
                index.services[$0].name.description < index.services[$1].name.description
            }
            return (isFirst ? first : claims.services.last).map(Place.service)
        }
        let workloads = claims.workloads.filter { index.isPublished(workload: $0, options) }
        return (isFirst ? workloads.first : workloads.last).map(Place.workload)
    }
}
