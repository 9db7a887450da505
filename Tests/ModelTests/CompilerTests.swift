import KernelABI
import Model
import TestSupport
import Testing

/// A compiler and the maps that it fills.
private struct CompiledNode {
    var compiler: Compiler
    var store: MapStore

    init(_ options: DataplaneOptions) {
        compiler = Compiler(node: MeshGenerator.node, options: options)
        store = MapStore(capacities: options.capacities)
    }

    init(_ preset: Preset) { self.init(DataplaneOptions(preset)) }

    /// - Returns: the writes, which are applied.
    @discardableResult
    mutating func take(_ change: MeshChange) throws -> (writes: [MapWrite], refusal: Problem?) {
        var writes: [MapWrite] = []
        let refusal = compiler.compile(change, into: &writes)
        for write in writes { try store.apply(write) }
        return (writes, refusal)
    }

    mutating func take(_ changes: [MeshChange]) throws {
        for change in changes { try take(change) }
    }
}

/// What the maps hold, in words, with the endpoints of each priority in no order.
private func contents(_ store: MapStore) -> [String] {
    var lines: [String] = []
    for (key, value) in store.frontend.sortedEntries { lines.append("\(key.addr.address) → \(value.upstream_id)") }
    for (key, value) in store.service.sortedEntries {
        lines.append("service \(key.service_id): \(layoutBytes(of: value))")
    }
    for (key, value) in store.backend.sortedEntries {
        lines.append("backend \(key.backend_uid): \(layoutBytes(of: value))")
    }
    for (key, value) in store.backendAlternative.sortedEntries {
        lines.append("alternative \(key.backend_uid): \(value.addr.address)")
    }
    for (key, value) in store.servicePort.sortedEntries {
        lines.append("port \(key.service_id) \(hostPort(key.service_port)): \(hostPort(value.target_port))")
    }
    for (key, value) in store.endpoint.sortedEntries {
        lines.append("endpoint of \(key.service_id) at \(key.prio): \(value.backend_uid)")
    }
    return lines.sorted()
}

extension MapWrite {
    fileprivate var isBarrier: Bool { if case .barrier = self { true } else { false } }
}

extension MeshChange {
    /// The name of what is set.
    fileprivate var resource: String {
        switch self {
        case .setNode(let node): node.name
        case .setService(let service): service.name.description
        case .setWorkload(let workload): workload.uid.text
        default: ""
        }
    }
}

/// Draws a mesh whose node object says its locality, so that it does not depend on who came first.
private func drawnMesh(_ generator: inout MeshGenerator) -> Mesh {
    var mesh = generator.mesh()
    mesh.apply(.setNode(generator.nodeObject(generator.random.one(of: MeshGenerator.localities))))
    return mesh
}

@Suite struct CompilerTests {
    /// Only what waits for its waypoint is left out: it keeps the entries that it had.
    @Test func stepByStepGivesTheSameMapsAsAtOnce() throws {
        try forEachSeed(count: 300) { seed in
            var generator = MeshGenerator(seed: seed, serviceCount: 4, workloadCount: 7)
            var mesh = drawnMesh(&generator)
            var node = CompiledNode(Preset.hardened)
            try node.take(Mesh().changes(to: mesh))
            for step in 1...12 {
                let change = generator.change(of: mesh)
                mesh.apply(change)
                try node.take(change)
                let waypoints = mesh.services.values.map(\.waypoint) + mesh.workloads.values.map(\.waypoint)
                let names = waypoints.compactMap { if case .service(let name) = $0?.destination { name } else { nil } }
                if names.contains(where: { mesh.services[$0] == nil }) { continue }
                var fresh = CompiledNode(Preset.hardened)
                try fresh.take(Mesh().changes(to: mesh))
                let (found, wanted) = (contents(node.store), contents(fresh.store))
                if found != wanted {
                    let extra = found.filter { !wanted.contains($0) }
                    let missing = wanted.filter { !found.contains($0) }
                    Issue.record("seed \(seed) step \(step) \(change): extra \(extra), missing \(missing)")
                    return
                }
            }
        }
    }

    @Test(arguments: Preset.allCases)
    func removingEverythingLeavesEmptyMaps(_ preset: Preset) throws {
        try forEachSeed(count: 200) { seed in
            var generator = MeshGenerator(seed: seed)
            var mesh = generator.mesh()
            var node = CompiledNode(preset)
            try node.take(Mesh().changes(to: mesh))
            for _ in 0..<4 {
                let change = generator.change(of: mesh)
                mesh.apply(change)
                try node.take(change)
            }
            try node.take(mesh.changes(to: Mesh()))
            #expect(contents(node.store) == [], "seed \(seed)")
            #expect(node.compiler.names.count == 0, "seed \(seed)")
        }
    }

    @Test(arguments: Preset.allCases)
    func theSameChangeWritesNothingTheSecondTime(_ preset: Preset) throws {
        try forEachSeed(count: 500) { seed in
            var generator = MeshGenerator(seed: seed)
            let mesh = generator.mesh()
            var node = CompiledNode(preset)
            try node.take(Mesh().changes(to: mesh))
            let change = generator.change(of: mesh)
            try node.take(change)
            #expect(try node.take(change).writes.isEmpty, "seed \(seed): \(change)")
        }
    }

    /// Slots are 1...count, each names a backend, and nothing else is in km_endpoint.
    @Test(arguments: Preset.allCases)
    func endpointSlotsAreDense(_ preset: Preset) throws {
        try forEachSeed(count: 200) { seed in
            var generator = MeshGenerator(seed: seed, serviceCount: 4, workloadCount: 8)
            var mesh = generator.mesh()
            var node = CompiledNode(preset)
            try node.take(Mesh().changes(to: mesh))
            for _ in 0..<10 {
                let change = generator.change(of: mesh)
                mesh.apply(change)
                try node.take(change)
                var slots = 0
                for (key, value) in node.store.service.sortedEntries {
                    for priority in 0..<7 where value.endpointCounts[priority] > 0 {
                        for index in 1...value.endpointCounts[priority] {
                            let slot = EndpointKey(
                                service_id: key.service_id, prio: UInt32(priority), backend_index: index)
                            let uid = try #require(node.store.endpoint.lookup(slot)?.backend_uid, "seed \(seed)")
                            #expect(node.store.backend.lookup(BackendKey(backend_uid: uid)) != nil, "seed \(seed)")
                            slots += 1
                        }
                    }
                }
                #expect(node.store.endpoint.count == slots, "seed \(seed): \(change)")
            }
        }
    }

    /// At most three for each service, one for the backend and one for its frontend.
    @Test(arguments: Preset.allCases)
    func oneEndpointNeedsFewWrites(_ preset: Preset) throws {
        try forEachSeed(count: 200) { seed in
            var generator = MeshGenerator(seed: seed, serviceCount: 4, workloadCount: 12)
            var mesh = drawnMesh(&generator)
            for name in mesh.services.keys { mesh.services[name]?.ports = [ServicePort(80, to: 8080)] }
            var workload = generator.workload(0)
            workload.addresses = [MeshGenerator.podAddress(0, .v4)]
            workload.health = .healthy
            workload.waypoint = nil
            mesh.workloads[workload.uid] = nil
            var node = CompiledNode(preset)
            try node.take(Mesh().changes(to: mesh))
            var ill = workload
            ill.health = .unhealthy
            let most = 3 * workload.services.count + 2
            for change in [
                .setWorkload(workload), .setWorkload(ill), .setWorkload(workload), .removeWorkload(workload.uid),
            ]
                as [MeshChange]
            {
                let writes = try node.take(change).writes.filter { !$0.isBarrier }
                #expect(writes.count <= most, "seed \(seed): \(change)")
            }
        }
    }

    @Test func aChangeThatDoesNotFitChangesNothing() throws {
        var options = DataplaneOptions.hardened
        options.capacities = MapCapacities(frontend: 5, service: 3, endpoint: 6, backend: 4, manage: 1, nodeInfo: 1)
        var refusals = 0
        try forEachSeed(count: 300) { seed in
            var generator = MeshGenerator(seed: seed, serviceCount: 4, workloadCount: 7)
            var mesh = Mesh()
            var node = CompiledNode(options)
            for _ in 0..<25 {
                let change = generator.change(of: mesh)
                let before = node
                let writes: [MapWrite]
                let refusal: Problem?
                do { (writes, refusal) = try node.take(change) } catch {
                    Issue.record("seed \(seed): \(change): \(error)")
                    return
                }
                guard refusal != nil else {
                    mesh.apply(change)
                    continue
                }
                refusals += 1
                #expect(writes.isEmpty, "seed \(seed): \(change)")
                #expect(contents(node.store) == contents(before.store), "seed \(seed): \(change)")
                // What was refused is not remembered either: everything can still go.
                var rest = node
                try rest.take(mesh.changes(to: Mesh()))
                #expect(contents(rest.store) == [], "seed \(seed): \(change)")
            }
        }
        #expect(refusals > 0)
    }
}
