/// What upstream Kmesh's user space knows for its verdicts: workloads by address, policies by name and namespace.
///
/// Workloads are looked up in network "" only, whatever network the node is in, and those of the host's network are
/// not found by address.
public struct UpstreamUserSpace: Sendable {
    private var workloads: [WorkloadUID: Workload] = [:]
    /// Of several workloads with one address, the one that was set last.
    private var owners: [IPAddress: WorkloadUID] = [:]
    private var policies: [String: UpstreamPolicySchema.Degraded] = [:]
    /// Names of the policies of each namespace; those of the whole mesh stand under "".
    private var namesByNamespace: [String: Set<String>] = [:]

    /// Knows nothing yet.
    public init() {}

    /// Knows a mesh; of workloads with one address, the last by uid.
    public init(_ mesh: Mesh) {
        for workload in mesh.sortedWorkloads { apply(.setWorkload(workload)) }
        for policy in mesh.sortedPolicies { apply(.setPolicy(policy)) }
    }

    /// Takes note of a change; nodes and services do not matter here.
    public mutating func apply(_ change: MeshChange) {
        switch change {
        case .setWorkload(let workload):
            forget(workload.uid)
            workloads[workload.uid] = workload
            guard workload.networkMode != .hostNetwork, workload.network.isEmpty else { return }
            for address in workload.addresses { owners[address] = workload.uid }
        case .removeWorkload(let uid): forget(uid)
        case .setPolicy(let policy):
            forgetPolicy(policy.resourceName)
            policies[policy.resourceName] = UpstreamPolicySchema.degraded(policy)
            switch policy.scope {
            case .global: namesByNamespace["", default: []].insert(policy.resourceName)
            case .namespace: namesByNamespace[policy.namespace, default: []].insert(policy.resourceName)
            case .workload: break
            }
        case .removePolicy(let name): forgetPolicy(name)
        case .setNode, .removeNode, .setService, .removeService: break
        }
    }

    /// What upstream decides about a connection to a pod, by the addresses of its request: never IPv4-mapped.
    public func decision(
        client: SocketAddress, server: SocketAddress
    ) -> UpstreamUserSpaceAuthorization.Decision {
        let destination = workload(at: server.address)
        let request = AuthorizationRequest(
            source: client.address, identity: workload(at: client.address).map(PeerIdentity.init(of:)),
            destination: server)
        return UpstreamUserSpaceAuthorization.decision(
            on: request, to: destination, by: destination.map(policies(for:)) ?? [])
    }

    /// The workload that owns an address in network "".
    public func workload(at address: IPAddress) -> Workload? { owners[address].flatMap { workloads[$0] } }

    /// The policies that apply to a workload: those it lists, in its order, then those of its namespace and those of the
    /// mesh, by name. (Upstream leaves the order within the last two open.) One may be there twice.
    public func policies(for workload: Workload) -> [UpstreamPolicy] {
        let names =
            workload.policies + (namesByNamespace[workload.namespace] ?? []).sorted()
            + (namesByNamespace[""] ?? []).sorted()
        return names.compactMap { policies[$0]?.policy }
    }

    /// What upstream does not see of a policy, by its `namespace/name`.
    public func losses(ofPolicy name: String) -> [UpstreamPolicySchema.Loss] { policies[name]?.losses ?? [] }

    private mutating func forget(_ uid: WorkloadUID) {
        guard let old = workloads.removeValue(forKey: uid) else { return }
        for address in old.addresses where owners[address] == uid { owners[address] = nil }
    }

    private mutating func forgetPolicy(_ name: String) {
        guard let old = policies.removeValue(forKey: name)?.policy else { return }
        namesByNamespace[old.scope == .global ? "" : old.namespace]?.remove(name)
    }
}
