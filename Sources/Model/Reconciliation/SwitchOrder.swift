/// One write that takes lookups from an old answer to a new one.
struct Switch {
    /// What lookups read there.
    enum Place {
        case address(FrontendKey)
        /// A service or a workload that stays where it is and changes in place.
        case resource(ResourceID)
    }

    let place: Place
    let write: MapWrite
    /// Whether the map gets a key that it had not.
    let isInsertion: Bool
    /// What answers before and after it.
    let old: ResourceID?
    let new: ResourceID?

    init(_ place: Place, _ write: MapWrite, isInsertion: Bool, old: ResourceID?, new: ResourceID?) {
        self.place = place
        self.write = write
        self.isInsertion = isInsertion
        (self.old, self.new) = (old, new)
    }
}

/// The order of the switches.
///
/// Each switch is right by itself. A lookup that is sent on to a waypoint meets a second one, and must not meet a mixture
/// of the two: where only the new state leads to the waypoint, the waypoint switches first; where only the old state
/// does, it switches last, after a barrier. Between layers there is a barrier.
struct SwitchOrder {
    /// Writes of one layer, in order.
    private(set) var layers: [[MapWrite]] = []
    /// Resources whose waypoints would have to switch both before and after them.
    private(set) var unordered: Set<ResourceID> = []

    private struct Predecessor {
        var index: Int
        var needsBarrier: Bool
    }

    private enum Progress { case unseen, open, done }

    private let switches: [Switch]
    private var predecessors: [Int: [Predecessor]] = [:]
    private var progress: [Progress]
    private var layerOf: [Int]
    private var visited: [Int] = []

    init(_ switches: [Switch], from actual: MapStore, to desired: MapStore) {
        self.switches = switches
        progress = Array(repeating: .unseen, count: switches.count)
        layerOf = Array(repeating: 0, count: switches.count)
        visited.reserveCapacity(switches.count)
        connect(actual, desired)
        for index in switches.indices { visit(index) }
        layers = Array(repeating: [], count: (layerOf.max() ?? -1) + 1)
        // New keys first: the map has lost no element then that a lookup can hold.
        for isInsertion in [true, false] {
            for index in visited where switches[index].isInsertion == isInsertion {
                layers[layerOf[index]].append(switches[index].write)
            }
        }
    }

    /// Finds out which switches must come before which.
    private mutating func connect(_ actual: MapStore, _ desired: MapStore) {
        var byAddress: [IPAddress: Int] = [:]
        var byResource: [ResourceID: Int] = [:]
        for (index, change) in switches.enumerated() {
            switch change.place {
            case .address(let key): byAddress[key.addr.address] = index
            case .resource(let id): byResource[id] = index
            }
        }
        /// The switches that decide what a lookup meets at a waypoint.
        func affecting(_ waypoints: Set<Waypoint>) -> [Int] {
            waypoints.sorted().flatMap { waypoint in
                let key = FrontendKey(waypoint.address)
                let resources = Set([actual.upstream(of: key), desired.upstream(of: key)])
                let places = resources.compactMap { $0.flatMap { byResource[$0] } }
                return (places + [byAddress[waypoint.address]].compactMap(\.self)).sorted()
            }
        }
        let (before, after) = (WaypointReach(actual), WaypointReach(desired))
        for (index, change) in switches.enumerated() {
            let (old, new) = (before.waypoints(from: change.old), after.waypoints(from: change.new))
            if old.possible.isEmpty && new.possible.isEmpty { continue }
            if affecting(old.possible.union(new.possible)).contains(index), let id = change.new ?? change.old {
                // A waypoint that leads to itself: a lookup passes here twice.
                unordered.insert(id)
            }
            if old == new { continue }
            for first in affecting(new.possible.subtracting(old.certain)) where first != index {
                // An insertion after a replacement in the same map waits for a barrier.
                let needsBarrier = change.isInsertion && !switches[first].isInsertion
                predecessors[index, default: []].append(Predecessor(index: first, needsBarrier: needsBarrier))
            }
            for last in affecting(old.possible.subtracting(new.certain)) where last != index {
                predecessors[last, default: []].append(Predecessor(index: index, needsBarrier: true))
            }
        }
    }

    /// Visits what must come before a switch, then the switch. The depth is that of waypoints behind waypoints.
    private mutating func visit(_ index: Int) {
        guard progress[index] == .unseen else { return }
        progress[index] = .open
        for predecessor in predecessors[index] ?? [] {
            visit(predecessor.index)
            guard progress[predecessor.index] == .done else {
                // A circle: no order suits all of it.
                for change in [switches[index], switches[predecessor.index]] {
                    if let id = change.new ?? change.old { unordered.insert(id) }
                }
                continue
            }
            layerOf[index] = max(layerOf[index], layerOf[predecessor.index] + (predecessor.needsBarrier ? 1 : 0))
        }
        progress[index] = .done
        visited.append(index)
    }
}
