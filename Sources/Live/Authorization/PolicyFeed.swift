import Model

/// Compiles the policies of a mesh for one node, change by change, and knows which pods of the node the mesh tells of.
///
/// A managed pod is here whatever the mesh says. Where the mesh has its address on another node, a stand-in of that
/// workload is judged here; where nobody in the mesh has it, a stand-in that is nobody, under the policies of the mesh
/// and of its namespace. Policies that select workloads cannot be told to apply to such a pod or not: where the
/// namespace, or the root namespace, has one, everything to the pod is denied.
struct PolicyFeed: Sendable {
    /// A managed pod that the mesh does not know as a workload.
    struct UnknownPod: Hashable, Sendable {
        /// `namespace/name`.
        var name: String
        /// The policies because of which everything to it is denied; none where it is judged.
        var closing: [String]
    }

    /// A workload that is judged in a pod's place.
    struct StandIn: Hashable, Sendable {
        var workload: Workload
        /// nil for a workload of the mesh that the mesh has on another node.
        var unknown: UnknownPod?

        var isClosed: Bool { unknown.map { !$0.closing.isEmpty } ?? false }
    }

    let node: String
    private let rootNamespace: String
    private(set) var compiler: AuthorizationCompiler
    /// The mesh as it was told: a change is compiled with what it replaces.
    private(set) var workloads: [WorkloadUID: Workload] = [:]
    private(set) var policies: [String: Policy] = [:]
    /// Names of the policies that select workloads, by namespace.
    private var selecting: [String: Set<String>] = [:]
    private var pods: [ManagedPod] = []
    /// Who has the addresses of managed pods in the mesh.
    private var owners: [IPAddress: Set<WorkloadUID>] = [:]
    private(set) var standIns: [WorkloadUID: StandIn] = [:]
    /// Whether the stand-ins may not be those that are wanted.
    private var mustSettle = false

    /// Knows a mesh and the managed pods of the node.
    init(
        of mesh: Mesh, pods: [ManagedPod], node: String, rootNamespace: String, capacities: AuthorizationCapacities
    ) {
        self.node = node
        self.rootNamespace = rootNamespace
        compiler = AuthorizationCompiler(node: node, capacities: capacities)
        workloads.reserveCapacity(mesh.workloads.count)
        for change in Mesh().changes(to: mesh) { apply(change) }
        setPods(pods)
    }

    /// What is not in force as it is meant.
    var problems: [Problem] { compiler.problems }

    /// Managed pods that the mesh does not know, by name.
    var unknownPods: [UnknownPod] {
        Set(standIns.values.compactMap(\.unknown)).sorted { $0.name < $1.name }
    }

    // MARK: Changes

    /// Takes a change of the mesh in. Each is to be told once, in order.
    mutating func apply(_ change: MeshChange) {
        switch change {
        case .setWorkload(let new):
            let old = workloads.updateValue(new, forKey: new.uid)
            note(old, new)
            compiler.apply(change, replacing: old)
        case .removeWorkload(let uid):
            let old = workloads.removeValue(forKey: uid)
            note(old, nil)
            compiler.apply(change, replacing: old)
        case .setPolicy(let policy):
            if let old = policies.updateValue(policy, forKey: policy.resourceName) {
                noteSelecting(old, isThere: false)
            }
            noteSelecting(policy, isThere: true)
            compiler.apply(change)
        case .removePolicy(let name):
            if let old = policies.removeValue(forKey: name) { noteSelecting(old, isThere: false) }
            compiler.apply(change)
        case .setNode, .removeNode, .setService, .removeService: break
        }
    }

    /// The managed pods whose namespaces are there.
    mutating func setPods(_ pods: [ManagedPod]) {
        guard pods != self.pods else { return }
        self.pods = pods
        owners = [:]
        for pod in pods { for address in pod.addresses { owners[address.unmapped] = [] } }
        for workload in workloads.values { note(nil, workload) }
        mustSettle = true
    }

    /// The writes that bring the maps to where all changes so far lead.
    /// - Parameter ids: ids of workloads, for events.
    mutating func takeWrites(ids: NameTable) -> [AuthorizationWrite] {
        settle()
        return compiler.takeWrites(ids: ids)
    }

    private mutating func noteSelecting(_ policy: Policy, isThere: Bool) {
        guard policy.scope == .workload, !policy.isDryRun else { return }
        if isThere {
            selecting[policy.namespace, default: []].insert(policy.resourceName)
        } else {
            selecting[policy.namespace]?.remove(policy.resourceName)
        }
        mustSettle = true
    }

    /// Notes who has the addresses of managed pods.
    private mutating func note(_ old: Workload?, _ new: Workload?) {
        guard !owners.isEmpty else { return }
        for address in Self.ownAddresses(old) where owners[address]?.remove(old?.uid ?? WorkloadUID("")) != nil {
            mustSettle = true
        }
        guard let new else { return }
        for address in Self.ownAddresses(new) where owners[address] != nil {
            owners[address]?.insert(new.uid)
            mustSettle = true
        }
    }

    /// Addresses that say who somebody is: a workload that shares its node's has none.
    private static func ownAddresses(_ workload: Workload?) -> [IPAddress] {
        guard let workload, workload.networkMode == .standard else { return [] }
        return workload.addresses
    }

    // MARK: Stand-ins

    private mutating func settle() {
        guard mustSettle else { return }
        mustSettle = false
        var wanted: [WorkloadUID: StandIn] = [:]
        for pod in pods {
            for address in pod.addresses {
                guard let standIn = standIn(for: pod, at: address.unmapped) else { continue }
                wanted[standIn.workload.uid] = standIn
            }
        }
        for (uid, old) in standIns.sorted(by: { $0.key < $1.key }) where wanted[uid] != old {
            set(nil, replacing: old)
            standIns[uid] = nil
        }
        for (uid, new) in wanted.sorted(by: { $0.key < $1.key }) where standIns[uid] != new {
            set(new, replacing: nil)
            standIns[uid] = new
        }
    }

    private mutating func set(_ new: StandIn?, replacing old: StandIn?) {
        guard let either = new ?? old else { return }
        if either.unknown != nil {
            compiler.setStandIn(new?.workload, replacing: old?.workload, isClosed: either.isClosed)
        } else if let new {
            compiler.apply(.setWorkload(new.workload), replacing: old?.workload)
        } else if let old {
            compiler.apply(.removeWorkload(old.workload.uid), replacing: old.workload)
        }
    }

    /// Who is to be judged at the address of a pod; nil where the mesh's own workload is.
    private func standIn(for pod: ManagedPod, at address: IPAddress) -> StandIn? {
        let candidates = (owners[address] ?? []).sorted()
        let owner = candidates.first {
            workloads[$0].map { $0.name == pod.name && $0.namespace == pod.namespace } ?? false
        }
        // Sorts before every workload of the mesh, and so has the address.
        let uid = WorkloadUID(" \(pod.netnsCookie)/\(address)")
        guard let owner = owner ?? candidates.first, let workload = workloads[owner] else {
            let closing = (selecting[pod.namespace] ?? []).union(selecting[rootNamespace] ?? []).sorted()
            let workload = Workload(
                uid, name: pod.name, namespace: pod.namespace, addresses: [address], node: node)
            return StandIn(
                workload: workload,
                unknown: UnknownPod(name: "\(pod.namespace)/\(pod.name)", closing: closing))
        }
        if owner == candidates.first, workload.node == node { return nil }
        let copy = Workload(
            uid, name: workload.name, namespace: workload.namespace, addresses: [address], node: node,
            serviceAccount: workload.serviceAccount, trustDomain: workload.trustDomain, policies: workload.policies)
        return StandIn(workload: copy, unknown: nil)
    }
}
