public import Model

/// What the maps of a node are to hold for a mesh, compiled from nothing.
public struct DesiredMaps: Sendable {
    public var maps: MapStore
    /// Knows the mesh, and compiles what changes from now on.
    public var compiler: Compiler
    /// Resources that the maps cannot take.
    public var refusals: [Problem]

    /// - Parameters:
    ///   - options: With the capacities of the maps.
    ///   - names: The ids of earlier runs.
    ///   - dnsProxy: Backend 0.
    public init(of mesh: Mesh, node: String, options: DataplaneOptions, names: NameTable, dnsProxy: IPAddress?) {
        maps = MapStore(capacities: options.capacities)
        compiler = Compiler(node: node, options: options, names: names)
        refusals = []
        var writes: [MapWrite] = []
        for change in Mesh().changes(to: mesh) {
            writes.removeAll(keepingCapacity: true)
            if let refusal = compiler.compile(change, into: &writes) { refusals.append(refusal) }
            for write in writes {
                // The compiler counts; what is full all the same says so when the kernel's maps are written.
                try? maps.apply(write)
            }
        }
        if let dnsProxy { try? maps.backend.update(BackendKey(backend_uid: 0), to: BackendValue(addr: dnsProxy)) }
    }
}
