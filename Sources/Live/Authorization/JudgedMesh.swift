import Model

/// The mesh and the pods of a node, as the compiled policies judge them, for verdicts without the maps.
struct JudgedMesh: Sendable {
    /// Who is judged at an address.
    struct Destination: Sendable {
        var workload: Workload
        /// Everything to it is denied.
        var isClosed: Bool
    }

    let node: String
    let owners: SourceOwners
    let selection: PolicySelection
    /// Stand-ins for pods that the mesh does not know, or has elsewhere.
    let standIns: [IPAddress: Destination]

    /// Why a connection is denied, nil when it is not: judged as the programs do it.
    func denial(client: SocketAddress, server: SocketAddress) -> (reason: Reason, rule: RuleReference?)? {
        let local = owners.workload(of: server.address).flatMap { $0.node == node ? $0 : nil }
        guard let to = standIns[server.address] ?? local.map({ Destination(workload: $0, isClosed: false) }) else {
            return nil
        }
        if to.isClosed { return (.policiesMissing, nil) }
        let request = AuthorizationRequest(
            source: client.address, identity: owners.identity(of: client.address), destination: server)
        switch ReferenceAuthorization.verdict(on: request, by: selection.policies(for: to.workload)) {
        case .allowed, .allowedByDefault: return nil
        case .denied(let rule): return (.deniedByPolicy, rule)
        case .deniedByDefault: return (.deniedByDefault, nil)
        }
    }
}

extension PolicyFeed {
    /// Everything that user space needs to judge as the maps do. Looks at all workloads.
    var judged: JudgedMesh {
        var destinations: [IPAddress: JudgedMesh.Destination] = [:]
        for standIn in standIns.values {
            for address in standIn.workload.addresses {
                destinations[address] = .init(workload: standIn.workload, isClosed: standIn.isClosed)
            }
        }
        return JudgedMesh(
            node: node, owners: SourceOwners(workloads.values), selection: PolicySelection(policies),
            standIns: destinations)
    }
}
