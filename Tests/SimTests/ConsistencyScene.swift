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

    var changed: Mesh { MeshStep(mesh, change).changed }

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

    /// Whether the change is one of those for which the guarantee does not hold.
    func isExcluded(waypoint: ServiceName) -> Bool {
        MeshStep(mesh, change).isBeyondGuarantee(options, waypoint: waypoint)
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
