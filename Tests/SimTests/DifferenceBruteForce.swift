import KernelABI
import Model
import Sim

/// Asks each client of two meshes for each address and port: what `MeshDifference` finds by classes, found pair by pair,
/// through the whole hook and every draw.
struct DifferenceBruteForce {
    /// Clients on a node before, and on a node after.
    struct Clients: Hashable {
        var before: String
        var after: String
        /// Nil for all that stay on their node.
        var moved: WorkloadUID?
    }

    private let meshes: [Mesh]
    private let options: DataplaneOptions
    private var draws = DrawTable()
    private var maps: [[String: MapStore]] = [[:], [:]]

    init(_ before: Mesh, _ after: Mesh, options: DataplaneOptions) {
        meshes = [before, after]
        self.options = options
    }

    var clients: [Clients] {
        func nodes(_ mesh: Mesh) -> Set<String> {
            Set(mesh.nodes.keys).union(mesh.workloads.values.map(\.node)).subtracting([""])
        }
        let common = nodes(meshes[0]).intersection(nodes(meshes[1]))
        var clients = common.sorted().map { Clients(before: $0, after: $0) }
        for workload in meshes[0].sortedWorkloads {
            guard let later = meshes[1].workloads[workload.uid], workload.node != later.node else { continue }
            guard workload.networkMode == .standard, later.networkMode == .standard else { continue }
            guard !workload.node.isEmpty, !later.node.isEmpty else { continue }
            clients.append(Clients(before: workload.node, after: later.node, moved: workload.uid))
        }
        return clients.isEmpty ? [Clients(before: "", after: "")] : clients
    }

    /// Addresses of services, and of workloads that are in both meshes.
    var addresses: [IPAddress] {
        var addresses: Set<IPAddress> = []
        for (mesh, other) in [(meshes[0], meshes[1]), (meshes[1], meshes[0])] {
            addresses.formUnion(mesh.services.values.flatMap { $0.addresses.map(\.address) })
            for workload in mesh.workloads.values where other.workloads[workload.uid] != nil {
                addresses.formUnion(workload.addresses)
            }
        }
        return addresses.sorted()
    }

    /// The ways before and after; nil when there are too many draws to try all.
    mutating func ways(_ clients: Clients, to asked: SocketAddress) -> (before: [Way: Share], after: [Way: Share])? {
        guard let before = ways(0, clients.before, asked), let after = ways(1, clients.after, asked) else { return nil }
        return (before, after)
    }

    private mutating func ways(_ index: Int, _ node: String, _ asked: SocketAddress) -> [Way: Share]? {
        var store = store(index, node)
        let counts = store.service.sortedEntries.flatMap { $0.value.endpointCounts.elements }
        let modulus = counts.filter { $0 > 0 }.reduce(1) { leastCommonMultiple($0, Int($1)) }
        var drawCount = 0
        while DrawTable.isExhaustive(modulus: modulus, drawCount: drawCount) {
            var found: [Way: UInt64] = [:]
            var most = 0
            let states = draws.states(modulus: modulus, drawCount: drawCount)
            for state in states {
                let (way, count) = answer(asked, &store, state, mesh: meshes[index])
                found[way, default: 0] += 1
                most = max(most, count)
            }
            if most <= drawCount { return found.mapValues { Share($0, of: UInt64(states.count)) } }
            drawCount = most
        }
        return nil
    }

    private mutating func store(_ index: Int, _ node: String) -> MapStore {
        if let store = maps[index][node] { return store }
        var world = World(mesh: meshes[index], settings: World.Settings(options: options, seed: 1))
        world.addNode(node)
        var store = world.mapSnapshot[node] ?? MapStore(capacities: options.capacities)
        store.manage(ManageKey(cookie: 1))
        maps[index][node] = store
        return store
    }

    private func answer(_ asked: SocketAddress, _ maps: inout MapStore, _ state: SplitMix64, mesh: Mesh) -> (Way, Int) {
        let hook = ConnectHook(options: options)
        let call = SocketCall(cookie: 1, destination: asked, isTCP: true, now: 0)
        var storage: SocketStorage?
        var generator = state
        var recorder = NoTrace()
        let decision =
            asked.address.family == .v4
            ? hook.connect4(call, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
            : hook.connect6(call, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
        let end: Way.End
        if decision.verdict == .refuse {
            end = .refused(decision.reason)
        } else if decision.destination == asked {
            end = .asked
        } else {
            let address = decision.destination.unmapped
            let owner = mesh.sortedWorkloads.first {
                $0.networkMode == .standard && $0.addresses.contains(address.address)
            }
            end = .elsewhere(address, owner?.uid)
        }
        let count = DrawTable.count(from: state, to: generator)
        return (Way(via: decision.waypoint?.unmapped, end), count)
    }
}

extension DestinationChange {
    /// Whether the change is about these connections.
    func holds(_ clients: DifferenceBruteForce.Clients, _ asked: SocketAddress) -> Bool {
        let address = asked.address.unmapped
        guard subjects.contains(where: { $0.addresses.contains(address) }), ports.contains(asked.port) else {
            return false
        }
        guard socket == .any || asked.address.isMapped else { return false }
        // Told by itself where it is meant for IPv4 sockets.
        if asked.address.family == .v4, asked.port == 53 { guard case .only = ports else { return false } }
        switch self.clients {
        case .all: return true
        case .some(let nodes, let moved):
            return clients.moved.map { moved.contains($0) } ?? nodes.contains(clients.before)
        }
    }
}

extension PortSet {
    /// Whether a port is one of them.
    func contains(_ port: UInt16) -> Bool {
        switch self {
        case .all: true
        case .only(let ports): ports.contains(port)
        case .allBut(let ports): !ports.contains(port)
        }
    }
}

extension Ways {
    /// The shares by way.
    var shares: [Way: Share] {
        Dictionary(uniqueKeysWithValues: entries.map { ($0.way, $0.share) })
    }
}
