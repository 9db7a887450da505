extension SoundnessCheck {
    /// Names that lead nowhere, and names that share a number.
    mutating func checkReferences() {
        var services: [ServiceName: [Int]] = [:]
        var nodes: [String: [Int]] = [:]
        var policies: [String: [Int]] = [:]
        for number in index.workloads.indices {
            for name in index.workloads[number].services.keys where index.serviceNumbers[name] == nil {
                services[name, default: []].append(number)
            }
            let node = index.workloads[number].node
            if !index.mesh.nodes.isEmpty, !node.isEmpty, index.mesh.nodes[node] == nil {
                nodes[node, default: []].append(number)
            }
            for name in Set(index.workloads[number].policies) where index.mesh.policies[name] == nil {
                policies[name, default: []].append(number)
            }
        }
        for (name, workloads) in services { reportService(name, workloads) }
        for (name, workloads) in nodes { reportNode(name, workloads) }
        for (name, workloads) in policies { reportPolicy(name, workloads) }
        checkIDs()
    }

    private func naming(_ workloads: [Int]) -> String {
        let verb = workloads.count == 1 ? "names" : "name"
        return "not in the mesh, but \(counted(workloads.count, "workload")) \(verb) it: "
            + index.listed(workloads: workloads)
    }

    private mutating func reportService(_ name: ServiceName, _ workloads: [Int]) {
        report(.unknownService, .warning, "service \(name)", naming(workloads)) { options in
            options.earlyEndpoint == .lose
                ? .contained("The endpoints are lost, also when the service comes, until the workloads are sent again.")
                : .contained("The endpoints wait for the service.")
        }
    }

    private mutating func reportNode(_ name: String, _ workloads: [Int]) {
        report(.unknownNode, .note, "node \(name)", naming(workloads)) { options in
            options.ranking == .always
                ? .contained("The node takes its locality from its first workload.")
                : .contained("Nothing changes: nodes are known by their workloads only.")
        }
    }

    private mutating func reportPolicy(_ name: String, _ workloads: [Int]) {
        let isWalked = workloads.contains { index.workloads[$0].policies.prefix(4).contains(name) }
        report(.unknownPolicy, .warning, "policy \(name)", naming(workloads)) { options in
            if options.extras == .keep {
                return .contained("It is left out until it is known; the others are enforced.")
            }
            return isWalked
                ? .bypass("XDP ends its walk with a pass there: the policies after it are skipped.")
                : .contained("XDP does not get there: it walks four policies only.")
        }
    }

    private mutating func checkIDs() {
        var names = NameTable()
        let all = index.services.map(\.name.description) + index.workloads.map(\.uid.text)
        for name in all {
            let home = NameTable.hash(name)
            let id = names.id(for: name)
            guard id != home else { continue }
            let owner = names.name(of: home).map { "belongs to \($0)" } ?? "is reserved"
            report(.idCollision, .note, name, "its hash \(home) \(owner)") { _ in
                .contained("The later of the two gets another id, here \(id), and all lookups work.")
            }
        }
    }
}
