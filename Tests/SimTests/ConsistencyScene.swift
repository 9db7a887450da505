import Model
import Sim
import TestSupport

/// A mesh, one change of it, and what a node's maps go through.
struct ConsistencyScene {
    let mesh: Mesh
    let change: MeshChange
    let options: DataplaneOptions
    /// The maps before the change.
    private(set) var store: MapStore
    /// The change.
    private(set) var writes: [MapWrite] = []

    init(_ mesh: Mesh, _ change: MeshChange, _ preset: Preset) throws {
        self.init(try Node(mesh, preset), change)
    }

    init(_ node: Node, _ change: MeshChange) {
        mesh = node.mesh
        options = node.compiler.options
        store = node.store
        self.change = change
        var compiler = node.compiler
        _ = compiler.compile(change, into: &writes)
    }

    /// A node that has taken a mesh. A copy is a snapshot.
    struct Node {
        let mesh: Mesh
        let compiler: Compiler
        let store: MapStore

        init(_ mesh: Mesh, _ preset: Preset) throws {
            let options = DataplaneOptions(preset)
            var compiler = Compiler(node: MeshGenerator.node, options: options)
            var store = MapStore(capacities: options.capacities)
            for write in compiler.compile(Mesh().changes(to: mesh)).writes { try store.apply(write) }
            (self.mesh, self.compiler, self.store) = (mesh, compiler, store)
        }
    }

    var changed: Mesh {
        var changed = mesh
        changed.apply(change)
        return changed
    }

    /// The addresses that clients may ask for, with these ports.
    func questions(_ ports: [UInt16]) -> [SocketAddress] {
        var addresses: Set<IPAddress> = []
        for mesh in [mesh, changed] {
            addresses.formUnion(mesh.services.values.flatMap { $0.addresses.map(\.address) })
            addresses.formUnion(mesh.workloads.values.flatMap(\.addresses))
        }
        return addresses.sorted().flatMap { address in ports.map { SocketAddress(address, port: $0) } }
    }

    /// Applies the change.
    mutating func apply(_ body: (inout MapStore) throws -> Inconsistency?) rethrows -> Inconsistency? {
        try body(&store)
    }

    // MARK: What cannot be consistent

    /// Whether the change is one of those for which the guarantee does not hold, for reasons given below.
    func isExcluded(waypoint: ServiceName) -> Bool {
        releasesSeveral || changesPortsAndEntry || meetsTwice(waypoint: waypoint)
    }

    /// A service that others wait for lets them into the maps. Each of them is consistent by itself, not all at once: two
    /// of them, or one and what it waited for, may pass an address on to each other.
    private var releasesSeveral: Bool {
        guard case .setService(let service) = change, mesh.services[service.name] == nil else { return false }
        let services = mesh.services.values.filter { $0.waypoint?.destination == .service(service.name) }
        let workloads = mesh.workloads.values.filter { $0.waypoint?.destination == .service(service.name) }
        let addresses = services.flatMap { $0.addresses.map(\.address) } + workloads.flatMap(\.addresses)
        return services.count + workloads.count > 1 || service.addresses.contains { addresses.contains($0.address) }
    }

    /// A workload that stays gets another address or waypoint together with other numbers for named ports: km_backend and
    /// km_service would have to change at once, and an endpoint has one backend entry.
    private var changesPortsAndEntry: Bool {
        guard options.namedPort == .fromEndpoints, case .setWorkload(let new) = change,
            let old = mesh.workloads[new.uid]
        else { return false }
        return old.services != new.services && (old.addresses != new.addresses || old.waypoint != new.waypoint)
    }

    /// One lookup can meet the change twice, before a waypoint and behind it, and what it has seen before decides by
    /// address alone what it sees behind. That takes an address that a waypoint's service or pod shares with what uses
    /// the waypoint, a pod that is an endpoint of both, a node that moves while endpoints have waypoints, or a waypoint's
    /// service that gets or loses a family: endpoints that turn to the other one are stepped over from then on.
    private func meetsTwice(waypoint: ServiceName) -> Bool {
        var owners: [IPAddress: Set<String>] = [:]
        var behind: Set<IPAddress> = []
        for mesh in [mesh, changed] {
            for service in mesh.services.values {
                for address in service.addresses.map(\.address) {
                    owners[address, default: []].insert(service.name.description)
                    if service.name == waypoint { behind.insert(address) }
                }
            }
            for workload in mesh.workloads.values {
                for address in workload.addresses {
                    owners[address, default: []].insert(workload.uid.text)
                    if workload.services[waypoint] != nil { behind.insert(address) }
                }
            }
        }
        if behind.contains(where: { owners[$0]?.count ?? 0 > 1 }) { return true }
        switch change {
        case .setWorkload(let workload):
            let services = [mesh, changed].flatMap { $0.workloads[workload.uid]?.services.map(\.key) ?? [] }
            return services.contains(waypoint) && services.contains { $0 != waypoint }
        case .removeWorkload(let uid):
            let services = mesh.workloads[uid]?.services.map(\.key) ?? []
            return services.contains(waypoint) && services.contains { $0 != waypoint }
        case .setService(let service):
            func families(_ service: Service?) -> Set<AddressFamily> {
                Set(service?.addresses.map(\.address.family) ?? [])
            }
            return families(mesh.services[service.name]) != families(service)
                && mesh.workloads.values.contains {
                    $0.waypoint?.destination == .service(service.name) && !$0.services.isEmpty
                }
        case .setNode:
            return mesh.workloads.values.contains { $0.waypoint != nil && !$0.services.isEmpty }
        default: return false
        }
    }
}

extension ConsistencyExplorer {
    /// Applies the scene's change and finds an answer that is not allowed.
    mutating func inconsistency(of scene: inout ConsistencyScene, ports: [UInt16]) throws -> Inconsistency? {
        let (writes, options, questions) = (scene.writes, scene.options, scene.questions(ports))
        return try scene.apply { try inconsistency(of: writes, on: &$0, options: options, asking: questions) }
    }
}

extension Mesh {
    /// A waypoint's service with a pod, and three endpoints of service 0: two near and one far, of both families.
    static var surroundings: Mesh {
        let generator = MeshGenerator(seed: 0)
        var mesh = Mesh()
        mesh.apply(.setNode(generator.nodeObject(MeshGenerator.localities[0])))
        var waypoint = Service(generator.serviceName(2), ports: [ServicePort(80, to: 15019)])
        waypoint.addresses = AddressFamily.allCases.map { NetworkAddress(MeshGenerator.virtualIP(2, $0)) }
        mesh.apply(.setService(waypoint))
        for index in 1...4 {
            var workload = Workload(generator.workloadUID(index), name: "p\(index)", namespace: "ns", cluster: "c")
            workload.addresses = [MeshGenerator.podAddress(index, index == 2 ? .v6 : .v4)]
            workload.locality = MeshGenerator.localities[[0, 0, 0, 1, 2][index]]
            workload.services[generator.serviceName(index == 4 ? 2 : 0)] = []
            mesh.apply(.setWorkload(workload))
        }
        return mesh
    }
}
