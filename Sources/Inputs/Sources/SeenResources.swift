import Model

/// Where each resource of a source was seen first; resources are given once.
struct SeenResources {
    private var places: [String: (file: String, position: Position)] = [:]

    /// - Throws: when the resource was there before.
    mutating func insert(_ change: MeshChange, file: String, position: Position) throws(InputError) {
        guard let name = Self.name(of: change) else { return }
        if let (otherFile, other) = places.updateValue((file, position), forKey: name) {
            let place = otherFile == file ? "on line \(other.line)" : "in \(otherFile) on line \(other.line)"
            throw InputError(file, position, "\(name) is there twice; first \(place)")
        }
    }

    private static func name(of change: MeshChange) -> String? {
        switch change {
        case .setNode(let node): "node \(node.name)"
        case .setService(let service): "service \(service.name)"
        case .setWorkload(let workload): "workload \(workload.uid)"
        case .setPolicy(let policy): "policy \(policy.resourceName)"
        case .removeNode, .removeService, .removeWorkload, .removePolicy: nil
        }
    }
}
