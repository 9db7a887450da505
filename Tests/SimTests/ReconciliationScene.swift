import Model
import Sim
import TestSupport

/// Maps as a run left them, the maps that should be, and the plan between them.
struct ReconciliationScene {
    /// How the actual maps came to be.
    enum Origin: CaseIterable {
        /// A run for another mesh ended well.
        case otherMesh
        /// A run died while it compiled its way to the desired mesh.
        case crashedChange
        /// A run died while it reconciled.
        case crashedReconciliation
        /// The same as `otherMesh`, and the ids are lost.
        case lostNames
        /// Entries of two meshes, as no run leaves them.
        case jumble
    }

    let options: DataplaneOptions
    let actual: MapStore
    let desired: MapStore
    let plan: Reconciliation
    private let meshes: [Mesh]

    init(
        _ origin: Origin, _ generator: inout MeshGenerator, _ preset: Preset, capacities: MapCapacities? = nil
    ) throws {
        var options = DataplaneOptions(preset)
        if let capacities { options.capacities = capacities }
        self.options = options
        let old = generator.mesh()
        var new = old
        if generator.random.isOneIn(2) {
            for _ in 0...generator.random.below(4) { new.apply(generator.change(of: new)) }
        } else {
            new = generator.mesh()
        }
        meshes = [old, new]
        var compiler = Compiler(node: MeshGenerator.node, options: options)
        var store = MapStore(capacities: options.capacities)
        for write in compiler.compile(Mesh().changes(to: old)).writes { try store.apply(write) }
        let changes = compiler.compile(old.changes(to: new)).writes
        if origin == .crashedChange {
            for write in changes.prefix(generator.random.below(changes.count + 1)) { try store.apply(write) }
        }
        let names = origin == .lostNames ? NameTable() : compiler.names
        var fresh = Compiler(node: MeshGenerator.node, options: options, names: names)
        var desired = MapStore(capacities: options.capacities)
        for write in fresh.compile(Mesh().changes(to: new)).writes { try desired.apply(write) }
        if origin == .jumble { try store.jumble(with: desired, &generator.random) }
        if origin == .crashedReconciliation {
            let plan = try Reconciliation(from: store, to: desired, names: fresh.names)
            for write in plan.writes.prefix(generator.random.below(plan.writes.count + 1)) { try store.apply(write) }
        }
        (actual, self.desired) = (store, desired)
        plan = try Reconciliation(from: store, to: desired, names: fresh.names)
    }

    /// The addresses that clients may ask for, with these ports.
    func questions(_ ports: [UInt16]) -> [SocketAddress] {
        var addresses: Set<IPAddress> = []
        for mesh in meshes {
            addresses.formUnion(mesh.services.values.flatMap { $0.addresses.map(\.address) })
            addresses.formUnion(mesh.workloads.values.flatMap(\.addresses))
        }
        return addresses.sorted().flatMap { address in ports.map { SocketAddress(address, port: $0) } }
    }
}

extension MapStore {
    /// Takes some entries from another store and loses some.
    fileprivate mutating func jumble(with other: MapStore, _ random: inout SplitMix64) throws {
        for (key, value) in other.frontend.sortedEntries where random.isOneIn(3) { try frontend.update(key, to: value) }
        for (key, value) in other.service.sortedEntries where random.isOneIn(3) { try service.update(key, to: value) }
        for (key, value) in other.endpoint.sortedEntries where random.isOneIn(3) { try endpoint.update(key, to: value) }
        for (key, value) in other.backend.sortedEntries where random.isOneIn(3) { try backend.update(key, to: value) }
        for (key, _) in frontend.sortedEntries where random.isOneIn(8) { try frontend.delete(key) }
        for (key, _) in service.sortedEntries where random.isOneIn(8) { try service.delete(key) }
        for (key, _) in endpoint.sortedEntries where random.isOneIn(8) { try endpoint.delete(key) }
        for (key, _) in backend.sortedEntries where random.isOneIn(8) { try backend.delete(key) }
        for (key, _) in servicePort.sortedEntries where random.isOneIn(4) { try servicePort.delete(key) }
    }

    /// The bytes of all entries that are reconciled, by map and in order.
    var reconciledBytes: [[[UInt8]]] {
        func bytes<Key, Value>(_ map: HashMap<Key, Value>) -> [[UInt8]] {
            map.sortedEntries.map { layoutBytes(of: $0.key) + layoutBytes(of: $0.value) }
        }
        return [
            bytes(frontend), bytes(service), bytes(endpoint), bytes(backend), bytes(backendAlternative),
            bytes(servicePort),
        ]
    }

    /// The same entries in maps that have room for the larger of both, and a little more.
    func tightened(to desired: MapStore, extra: Int) throws -> MapStore {
        func room(_ path: (MapStore) -> Int) -> Int { max(path(self), path(desired)) + extra }
        var store = MapStore(
            capacities: MapCapacities(
                frontend: room(\.frontend.count), service: room(\.service.count),
                endpoint: room { max($0.endpoint.count, $0.servicePort.count) },
                backend: room { max($0.backend.count, $0.backendAlternative.count) }, manage: 1, nodeInfo: 1))
        for (key, value) in frontend.sortedEntries { try store.frontend.update(key, to: value) }
        for (key, value) in service.sortedEntries { try store.service.update(key, to: value) }
        for (key, value) in endpoint.sortedEntries { try store.endpoint.update(key, to: value) }
        for (key, value) in backend.sortedEntries { try store.backend.update(key, to: value) }
        for (key, value) in backendAlternative.sortedEntries { try store.backendAlternative.update(key, to: value) }
        for (key, value) in servicePort.sortedEntries { try store.servicePort.update(key, to: value) }
        return store
    }

    /// The ids to which addresses and slots lead.
    var ids: Set<ResourceID> {
        let services = Set(frontend.sortedEntries.map(\.value.upstream_id))
        let slots = endpoint.sortedEntries.filter { services.contains($0.key.service_id) }
        return services.union(slots.map(\.value.backend_uid))
    }
}
