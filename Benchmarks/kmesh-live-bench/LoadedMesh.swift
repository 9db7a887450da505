import BenchmarkSupport
import KernelTestSupport
import Live
import Model

/// Our programs with a mesh in their maps, attached to a cgroup of their own. All of it goes with the value.
struct LoadedMesh: ~Copyable {
    let cgroup: TestCgroup
    private let pins: TestPinDirectory
    let dataplane: Dataplane

    /// With empty maps, not attached.
    init(_ options: DataplaneOptions) throws {
        let pins = try TestPinDirectory()
        let cgroup = try TestCgroup()
        dataplane = try Dataplane(ProgramSettings(options: options), pins: PinDirectory(pins.path))
        self.pins = pins
        self.cgroup = cgroup
    }

    /// Fills the maps and attaches the programs.
    /// - Parameter cookies: The namespaces that are managed.
    borrowing func start(_ sample: SampleMesh, _ options: DataplaneOptions, managing cookies: [UInt64] = []) throws {
        _ = try dataplane.maps.apply(try Self.writes(sample.mesh, options))
        for cookie in cookies { try dataplane.maps.manage.update(ManageKey(cookie: cookie), to: ManageValue(state: 0)) }
        try dataplane.attach(cgroup: cgroup.directory)
    }

    /// Reads what the programs report of connections: a full buffer would spare them that work.
    borrowing func reports() throws -> RingBuffer {
        try RingBuffer("km_tcp_probe", adopting: try dataplane.openMap("km_tcp_probe")) { _ in }
    }

    /// From nothing to a mesh: what the agent does when it starts.
    static func writes(_ mesh: Mesh, _ options: DataplaneOptions) throws -> [MapWrite] {
        var desired = MapStore(capacities: options.capacities)
        var compiler = Compiler(node: SampleMesh.node, options: options)
        var writes: [MapWrite] = []
        for change in Mesh().changes(to: mesh) {
            writes.removeAll(keepingCapacity: true)
            if let refusal = compiler.compile(change, into: &writes) { throw BenchmarkError(refusal.description) }
            for write in writes { try desired.apply(write) }
        }
        return try Reconciliation(from: MapStore(capacities: options.capacities), to: desired).writes
    }
}
