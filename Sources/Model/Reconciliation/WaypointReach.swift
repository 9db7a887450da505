import KernelABI

/// Where a waypoint is asked for.
struct Waypoint: Hashable, Comparable {
    let address: IPAddress
    /// In map form.
    let port: UInt32

    static func < (a: Self, b: Self) -> Bool { (a.address, a.port) < (b.address, b.port) }
}

/// Follows waypoints through the maps at rest.
struct WaypointReach {
    /// The waypoints that a lookup may pass.
    struct Waypoints: Equatable {
        var possible: Set<Waypoint> = []
        /// Those that do not depend on whether nearer endpoints are usable.
        var certain: Set<Waypoint> = []
    }

    private let store: MapStore

    init(_ store: MapStore) { self.store = store }

    /// The waypoints behind a service or a workload, also those behind other waypoints.
    func waypoints(from id: ResourceID?) -> Waypoints {
        guard let id else { return Waypoints() }
        let next = step(from: id)
        return next.possible.isEmpty
            ? next : Waypoints(possible: closure(of: next.possible), certain: closure(of: next.certain))
    }

    private func closure(of waypoints: Set<Waypoint>) -> Set<Waypoint> {
        var found = waypoints
        var open = Array(waypoints)
        while let waypoint = open.popLast() {
            guard let id = store.upstream(of: FrontendKey(waypoint.address)) else { continue }
            for next in step(from: id).possible where found.insert(next).inserted { open.append(next) }
        }
        return found
    }

    /// The waypoints that one lookup of a resource may lead to.
    private func step(from id: ResourceID) -> Waypoints {
        var reach = Waypoints()
        guard let service = store.value(ofService: id) else {
            guard let backend = store.value(ofBackend: id), backend.hasWaypoint(.firstWord) else { return reach }
            reach.possible = Self.waypoints(backend.wp_addr, backend.waypoint_port)
            reach.certain = reach.possible
            return reach
        }
        if service.waypoint_port != 0 && !service.wp_addr.isZero {
            reach.possible = Self.waypoints(service.wp_addr, service.waypoint_port)
            reach.certain = reach.possible
            // Seen by one preset and not by the other.
            if service.hasWaypoint(.firstWord) { return reach }
        }
        let isFailover = service.lb_policy == BalancingPolicy.failover.rawValue
        let isFirstOnly = [BalancingPolicy.random, .strict].contains { $0.rawValue == service.lb_policy }
        guard isFailover || isFirstOnly else { return reach }
        let slots = ServiceSlots(of: id, service, in: store)
        var isFirst = true
        for priority in isFirstOnly ? slots.priorities.prefix(1) : slots.priorities[...] where !priority.isEmpty {
            for case let uid? in priority {
                guard let backend = store.value(ofBackend: uid), backend.waypoint_port != 0 else { continue }
                let waypoints = Self.waypoints(backend.wp_addr, backend.waypoint_port)
                reach.possible.formUnion(waypoints)
                if isFirst { reach.certain.formUnion(waypoints) }
            }
            isFirst = false
        }
        return reach
    }

    /// The address as programs of both families read it.
    private static func waypoints(_ address: MapAddress, _ port: UInt32) -> Set<Waypoint> {
        var waypoints: Set<Waypoint> = [Waypoint(address: address.address.unmapped, port: port)]
        if address.family == .v6 { waypoints.insert(Waypoint(address: address.asV4, port: port)) }
        return waypoints
    }
}
