import Inputs
import Model
import Sim

extension Vantage {
    /// Reads a place as `--at` gives it: `pod:NAMESPACE/NAME`, `node:NAME` or `wire`.
    /// - Throws: for another form, and for a name that the mesh does not have once.
    init(parsing text: String, in mesh: Mesh) throws(InputError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("wire", 1): self = .wire
        case ("pod", 2): self = .pod(try Self.pod(parts[1], in: mesh))
        case ("node", 2):
            guard mesh.nodes[parts[1]] != nil else {
                let names = mesh.nodes.keys.sorted()
                throw Self.error("there is no node \"\(parts[1])\"", nearestName(to: parts[1], in: names), names)
            }
            self = .node(parts[1])
        default: throw InputError("--at", nil, "\"\(text)\" must be pod:NAMESPACE/NAME, node:NAME or wire")
        }
    }

    private static func pod(_ name: String, in mesh: Mesh) throws(InputError) -> WorkloadUID {
        let book = NameBook(mesh)
        let found = book.workloads(name)
        if found.count == 1 { return found[0] }
        guard found.isEmpty else {
            let names = found.prefix(5).map(\.text).joined(separator: ", ")
            throw InputError("--at", nil, "\"\(name)\" means \(found.count) pods: \(names)")
        }
        let known = mesh.sortedWorkloads.map { "\($0.namespace)/\($0.name)" }
        throw error("there is no pod \"\(name)\"", nearestName(to: name, in: book.workloadNames), known)
    }

    private static func error(_ problem: String, _ nearest: String?, _ names: [String]) -> InputError {
        let hint = nearest.map { "did you mean \($0)?" } ?? "known: \(names.prefix(10).joined(separator: ", "))"
        return InputError("--at", nil, "\(problem); \(hint)")
    }
}

extension Mesh {
    /// Names of pods, services and nodes by address, who comes first in each has it: pods, services, nodes by name.
    var namesOfAddresses: [(address: IPAddress, name: String)] {
        var known: Set<IPAddress> = []
        var names: [(address: IPAddress, name: String)] = []
        func add(_ address: IPAddress, _ name: String) {
            if known.insert(address).inserted { names.append((address, name)) }
        }
        for workload in sortedWorkloads where workload.networkMode == .standard {
            for address in workload.addresses { add(address, "\(workload.name).\(workload.namespace)") }
        }
        for service in sortedServices {
            for address in service.addresses { add(address.address, service.name.hostname) }
        }
        for node in sortedNodes { for address in node.addresses { add(address, node.name) } }
        return names
    }
}
