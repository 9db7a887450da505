import Inputs
import KernelABI
import Model

/// The maps that changes of a mesh come to, and what they hold in terms of names.
struct CompiledMesh {
    private(set) var maps: MapStore
    private var compiler: Compiler

    /// Empty maps of a node.
    init(node: String = "", options: DataplaneOptions) {
        maps = MapStore(capacities: options.capacities)
        compiler = Compiler(node: node, options: options)
    }

    /// Compiles a change and applies its writes.
    /// - Throws: when a map refuses a write: the compiler's maps and the real ones would differ.
    mutating func apply(_ change: MeshChange, of vector: ConformanceCase) throws(InputError) {
        let (writes, _) = compiler.compile([change])
        for write in writes {
            do {
                try maps.apply(write)
            } catch {
                throw vector.problem("a write of the compiler fails with \(error.name)")
            }
        }
    }

    /// Whether lookups find something at an address.
    func hasFrontend(_ address: IPAddress) -> Bool { maps.frontend(address) != nil }

    /// How many endpoints each priority of a service has; all 0 for a service that is not in the maps.
    func endpointCounts(of name: ServiceName) -> [Int] {
        let counts = value(of: name)?.endpointCounts ?? InlineArray(repeating: 0)
        return counts.indices.map { Int(counts[$0]) }
    }

    /// The workloads in the slots of a service, by priority and index; a slot that is missing shows as `?`.
    func endpoints(of name: ServiceName) -> [[String]] {
        guard let id = compiler.names.existingID(of: name.description) else { return [] }
        return endpointCounts(of: name).enumerated().map { priority, count in
            (0..<count).map { offset in
                let key = EndpointKey(
                    service_id: id, prio: UInt32(priority), backend_index: UInt32(offset + 1))
                return maps.endpoint(key).flatMap { compiler.names.name(of: $0.backend_uid) } ?? "?"
            }
        }
    }

    private func value(of name: ServiceName) -> ServiceValue? {
        compiler.names.existingID(of: name.description).flatMap { maps.service($0) }
    }
}
