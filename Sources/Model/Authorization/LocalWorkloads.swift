/// The workloads of a node, to which policies apply, by what selects them.
struct LocalWorkloads: Sendable {
    private(set) var byUID: [WorkloadUID: Workload] = [:]
    private var byNamespace: [String: Set<WorkloadUID>] = [:]
    private var byPolicy: [String: Set<WorkloadUID>] = [:]

    mutating func set(_ workload: Workload) {
        remove(workload.uid)
        byUID[workload.uid] = workload
        byNamespace[workload.namespace, default: []].insert(workload.uid)
        for name in workload.policies { byPolicy[name, default: []].insert(workload.uid) }
    }

    mutating func remove(_ uid: WorkloadUID) {
        guard let old = byUID.removeValue(forKey: uid) else { return }
        Self.remove(uid, from: &byNamespace, old.namespace)
        for name in old.policies { Self.remove(uid, from: &byPolicy, name) }
    }

    private static func remove(_ uid: WorkloadUID, from index: inout [String: Set<WorkloadUID>], _ key: String) {
        index[key]?.remove(uid)
        if index[key]?.isEmpty ?? false { index[key] = nil }
    }

    /// The workloads to which a policy applies.
    func selected(by policy: Policy) -> Set<WorkloadUID> {
        let listing = byPolicy[policy.resourceName] ?? []
        return switch policy.scope {
        case .global: Set(byUID.keys)
        case .namespace: listing.union(byNamespace[policy.namespace] ?? [])
        case .workload: listing
        }
    }
}
