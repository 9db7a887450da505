import Inputs
import Model
import Scenario

/// What steps changed of a workload beside its source.
struct WorkloadAdjustment: Sendable {
    var health: Health?
    var node: String?
    var locality: LocalityChange?
}

extension ScenarioRunner {
    // MARK: Changes of the mesh

    mutating func apply(_ sources: [MeshSourceReference], _ result: inout StepResult) throws(InputError) {
        for source in sources { try Self.add(source, of: scenario, to: &input) }
        result.title = "apply \(sources.count == 1 ? "a source" : "\(sources.count) sources")"
        try refresh(&result)
    }

    mutating func remove(_ objects: [Located<ObjectReference>], _ result: inout StepResult) throws(InputError) {
        result.title = "remove \(objects.map(\.value.description).joined(separator: ", "))"
        for object in objects {
            let wasThere =
                switch object.value {
                case .object(let kind, let namespace, let name):
                    input.remove(kind: kind, namespace: namespace ?? "", name: name)
                case .workload(let uid): input.remove(workload: WorkloadUID(uid))
                }
            guard wasThere else { throw object.error("there is no \(object.value) to remove") }
        }
        try refresh(&result)
    }

    mutating func patch(_ patch: Patch, _ result: inout StepResult) throws(InputError) {
        result.title = "patch \(patch.object.value)"
        guard case .object(let kind, let namespace, let name) = patch.object.value else {
            throw patch.object.error("only Kubernetes objects can be patched")
        }
        guard try input.patch(kind: kind, namespace: namespace ?? "", name: name, with: patch.merge) else {
            throw patch.object.error("there is no \(patch.object.value) to patch")
        }
        try refresh(&result)
    }

    mutating func health(_ change: HealthChange, _ result: inout StepResult) throws(InputError) {
        var parts: [String] = []
        for (names, health) in [(change.unhealthy, Health.unhealthy), (change.healthy, Health.healthy)] {
            for name in names {
                for uid in try workloads(name) { adjustments[uid, default: WorkloadAdjustment()].health = health }
            }
            if !names.isEmpty { parts.append("\(names.map(\.value).joined(separator: ", ")) \(health.rawValue)") }
        }
        result.title = "health: \(parts.joined(separator: "; "))"
        try refresh(&result)
    }

    mutating func move(_ move: Move, _ result: inout StepResult) throws(InputError) {
        switch move {
        case .workloads(let names, let node):
            guard snapshot.mesh.nodes[node.value] != nil else { throw node.error("there is no node \"\(node.value)\"") }
            for name in names {
                for uid in try workloads(name) { adjustments[uid, default: WorkloadAdjustment()].node = node.value }
            }
            result.title = "move \(names.map(\.value).joined(separator: ", ")) to node \(node.value)"
        case .workloadLocality(let names, let change):
            for name in names {
                for uid in try workloads(name) { adjustments[uid, default: WorkloadAdjustment()].locality = change }
            }
            result.title = "move \(names.map(\.value).joined(separator: ", ")) to another locality"
        case .node(let name, let change):
            guard var node = snapshot.mesh.nodes[name.value] else {
                throw name.error("there is no node \"\(name.value)\"")
            }
            node.locality = change.applied(to: node.locality)
            input.set(node)
            result.title = "move node \(name.value) to \(node.locality)"
        }
        try refresh(&result)
    }

    mutating func restart(_ restart: Restart, index: Int, _ result: inout StepResult) throws(InputError) {
        result.title = "restart \(restart.owners.map(\.value).joined(separator: ", "))"
        let before = snapshot.mesh
        for owner in restart.owners {
            let controllers = input.controllers(named: owner.value)
            guard let controller = controllers.first, controllers.count == 1 else {
                throw owner.error(
                    controllers.isEmpty
                        ? "there is no Deployment, StatefulSet or the like named \"\(owner.value)\""
                        : "\"\(owner.value)\" names several: "
                            + controllers.map { "\($0.kind)/\($0.name)" }.joined(separator: ", "))
            }
            let position = owner.place.position
            var patch = DocumentNode(.scalar("step \(index)", isQuoted: true), at: position)
            for key in ["kubectl.kubernetes.io/restartedAt", "annotations", "metadata", "template", "spec"] {
                patch = DocumentNode(.mapping([.init(key: key, keyPosition: position, value: patch)]), at: position)
            }
            _ = try input.patch(
                kind: controller.kind, namespace: controller.name.namespace, name: controller.name.name, with: patch)
        }
        if restart.order == .oldBeforeNew {
            // First without the pods that go, so that there is a moment with neither.
            let target = try adjusted(input.snapshot().mesh)
            var between = before
            for uid in before.workloads.keys where target.workloads[uid] == nil { between.workloads[uid] = nil }
            world.apply(between)
        }
        try refresh(&result)
    }

    mutating func setManaged(
        _ names: [Located<String>], _ isManaged: Bool, _ result: inout StepResult
    ) throws(InputError) {
        result.title = "\(isManaged ? "manage" : "release") \(names.map(\.value).joined(separator: ", "))"
        for name in names {
            let uids = try isManaged ? manageableWorkloads(name) : workloads(name)
            for uid in uids { world.setManaged(uid, isManaged) }
        }
    }

    /// Reads the mesh again, brings the maps to it, and says what changed.
    private mutating func refresh(_ result: inout StepResult) throws(InputError) {
        var next = try input.snapshot()
        next.mesh = adjusted(next.mesh)
        let changes = snapshot.mesh.changes(to: next.mesh)
        if let recorded = world.nodes.values.filter({ !$0.followsMesh }).map(\.name).min(), !changes.isEmpty {
            throw result.place.error("the maps of node \(recorded) are a recording; the mesh cannot change under them")
        }
        let old = snapshot
        snapshot = next
        book = NameBook(next.mesh)
        world.apply(next.mesh)
        manageNew(since: old.mesh)
        if scenario.managedPods == .labelled { manageLabelled(since: old.enrolled ?? []) }
        if next.mesh.nodes.count <= Self.smallMeshNodeCount {
            for name in next.mesh.sortedNodes.map(\.name) where world.nodes[name] == nil { world.addNode(name) }
        }
        refreshNetwork()
        noteProblems(&result)
        result.facts += Self.facts(changes)
    }

    /// Says which problems are new.
    mutating func noteProblems(_ result: inout StepResult) {
        let known = Set(problems)
        problems = world.problems
        result.problems = problems.filter { !known.contains($0) }
    }

    /// New pods are managed by the rule that the scenario began with.
    private mutating func manageNew(since old: Mesh) {
        for workload in snapshot.mesh.sortedWorkloads
        where old.workloads[workload.uid] == nil && workload.networkMode == .standard {
            let isManaged =
                switch scenario.managedPods {
                case .all: true
                // By their labels, which `manageLabelled(since:)` follows.
                case .labelled, .nobody: false
                case .named(let names): names.contains { book.workloads($0.value).contains(workload.uid) }
                }
            if isManaged { world.setManaged(workload.uid, true) }
        }
    }

    /// Pods are managed and released as their labels and those of their namespaces change.
    private mutating func manageLabelled(since old: Set<WorkloadUID>) {
        let enrolled = snapshot.enrolled ?? []
        for uid in old.subtracting(enrolled).sorted() { world.setManaged(uid, false) }
        for uid in enrolled.subtracting(old).sorted() { world.setManaged(uid, true) }
    }

    private func adjusted(_ mesh: Mesh) -> Mesh {
        var mesh = mesh
        for (uid, adjustment) in adjustments {
            guard var workload = mesh.workloads[uid] else { continue }
            if let health = adjustment.health { workload.health = health }
            if let node = adjustment.node {
                workload.node = node
                workload.locality = mesh.nodes[node]?.locality ?? workload.locality
            }
            if let change = adjustment.locality { workload.locality = change.applied(to: workload.locality) }
            mesh.workloads[uid] = workload
        }
        return mesh
    }

    private static func facts(_ changes: [MeshChange]) -> [String] {
        guard !changes.isEmpty else { return ["nothing changes"] }
        return changes.prefix(20).map { change in
            switch change {
            case .setNode(let node): "set node \(node.name)"
            case .removeNode(let name): "remove node \(name)"
            case .setService(let service): "set service \(service.name)"
            case .removeService(let name): "remove service \(name)"
            case .setWorkload(let workload): "set workload \(workload.namespace)/\(workload.name)"
            case .removeWorkload(let uid): "remove workload \(uid)"
            case .setPolicy(let policy): "set policy \(policy.resourceName)"
            case .removePolicy(let name): "remove policy \(name)"
            }
        } + (changes.count > 20 ? ["and \(changes.count - 20) more changes"] : [])
    }
}
