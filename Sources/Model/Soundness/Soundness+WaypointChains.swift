extension SoundnessCheck {
    /// Tail calls that the kernel makes for one connect, one for each waypoint on the way.
    private static let hopLimit = 33

    /// Waypoints that lead to waypoints: each is looked up like any destination.
    mutating func checkWaypointChains() {
        for preset in Preset.allCases { checkChains(options(of: preset), preset) }
    }

    /// What comes after a service's waypoint: the service that has the waypoint's address and a waypoint itself.
    private func next(_ number: Int, _ options: DataplaneOptions) -> Int? {
        guard index.takesWaypoint(service: number, options), let hop = index.hop(ofService: number, options) else {
            return nil
        }
        guard let claims = index.claims[hop.address], !claims.services.isEmpty else { return nil }
        // The owner of a shared address: the first by name, or the one that was written last.
        return options.sharedAddress == .firstName ? claims.services.first : claims.services.last
    }

    /// Follows each service's chain once; what is known of a service is not walked again.
    private mutating func checkChains(_ options: DataplaneOptions, _ preset: Preset) {
        var hops = [Int?](repeating: nil, count: index.services.count)
        var reported: Set<Int> = []
        for start in index.services.indices where hops[start] == nil {
            var path: [Int] = []
            var positions: [Int: Int] = [:]
            var current: Int? = start
            while let number = current, hops[number] == nil, positions[number] == nil {
                positions[number] = path.count
                path.append(number)
                current = next(number, options)
            }
            if let number = current, let entry = positions[number] {
                let cycle = Array(path[entry...])
                for member in cycle { hops[member] = .max }
                if let first = cycle.min(), reported.insert(first).inserted { reportCycle(cycle, first, preset) }
            }
            for number in path.reversed() where hops[number] == nil {
                let after = next(number, options).flatMap { hops[$0] } ?? 0
                let isWaypoint = index.takesWaypoint(service: number, options)
                hops[number] = after == .max ? .max : after + (isWaypoint ? 1 : 0)
                if let count = hops[number], count != .max, count == Self.hopLimit + 1 {
                    reportLong(number, count, preset)
                }
            }
        }
    }

    private mutating func reportCycle(_ cycle: [Int], _ first: Int, _ preset: Preset) {
        guard preset == .upstream || !hasReported(.waypointCycle, index.subject(service: first)) else { return }
        let start = cycle.firstIndex(of: first) ?? 0
        let names = (cycle[start...] + cycle[..<start]).map { "\(index.services[$0].name)" }
        report(
            .waypointCycle, .error, index.subject(service: first),
            "its waypoint leads back to it: \((names + [names[0]]).joined(separator: " → "))"
        ) { _ in
            .contained("After \(Self.hopLimit) waypoints the kernel stops: connects go to the last one's address.")
        }
    }

    private mutating func reportLong(_ number: Int, _ count: Int, _ preset: Preset) {
        guard preset == .upstream || !hasReported(.longWaypointChain, index.subject(service: number)) else { return }
        report(
            .longWaypointChain, .error, index.subject(service: number),
            "its waypoint has a waypoint, and so on: \(count) in a row"
        ) { _ in
            .contained("After \(Self.hopLimit) waypoints the kernel stops: connects go to the last one's address.")
        }
    }

    private func hasReported(_ rule: SoundnessRule, _ subject: String) -> Bool {
        findings.contains { $0.rule == rule && $0.subject == subject }
    }
}
