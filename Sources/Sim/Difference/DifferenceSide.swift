public import Inputs
public import Model

/// One of the two meshes that are compared.
public struct DifferenceSide: Sendable {
    public let mesh: Mesh
    /// Maps of real nodes, which nothing compiles.
    let recorded: [String: (maps: MapStore, names: NameTable)]

    /// - Parameters:
    ///   - mesh: What the sources come to.
    ///   - dumps: Maps of real nodes, by node.
    /// - Throws: for a dump that does not fit.
    public init(
        _ mesh: Mesh, dumps: [(node: String, dump: MapDump)] = [], capacities: MapCapacities = .large
    ) throws(InputError) {
        self.mesh = mesh
        var recorded: [String: (maps: MapStore, names: NameTable)] = [:]
        for (node, dump) in dumps {
            recorded[node] = (try dump.store(capacities: capacities), try dump.nameTable())
        }
        self.recorded = recorded
    }

    /// A mesh without recorded maps.
    public init(_ mesh: Mesh) {
        self.mesh = mesh
        recorded = [:]
    }
}
