public import KernelABI
public import Model

/// The maps of upstream's authorization, with the semantics of BPF hash maps.
public struct UpstreamAuthorizationMaps: Sendable {
    /// What a walk through the policies carries from one tail call to the next: the value of km_tcargs.
    public struct WalkState: BitwiseCopyable, Hashable, Sendable {
        /// The slot of km_wlpolicy that is looked at, or where the walk ended.
        public var slot: UInt8 = 0
        /// An ALLOW policy missed.
        public var missedAllow = false
        /// A match failed that names namespaces or principals.
        public var handsOver = false
    }

    /// km_auth_res: verdicts of connections.
    public var results: HashMap<UpstreamTuple, AuthResult>
    /// km_tcargs: walks that began, and never ended with a match.
    public var walks: HashMap<UpstreamTuple, WalkState>
    /// km_wlpolicy: the first four policies of each workload of the node.
    public var workloadPolicies: HashMap<BackendKey, WorkloadPolicyValue>
    /// km_authz_policy, as the program sees it.
    private(set) var policies: [ResourceID: UpstreamXDPPolicy] = [:]
    /// Most entries of `policies`.
    public let policyCapacity: Int

    /// Empty maps; the capacities are upstream's unless a test wants others.
    public init(
        resultCapacity: Int = 8_192, walkCapacity: Int = 100_000, workloadCapacity: Int = 512, policyCapacity: Int = 512
    ) {
        results = HashMap(capacity: resultCapacity)
        walks = HashMap(capacity: walkCapacity)
        workloadPolicies = HashMap(capacity: workloadCapacity)
        self.policyCapacity = policyCapacity
    }

    /// Inserts or replaces a policy.
    /// - Throws: `.full` for a new one when the map is full.
    public mutating func setPolicy(_ id: ResourceID, to policy: UpstreamPolicy) throws(MapError) {
        guard policies[id] != nil || policies.count < policyCapacity else { throw .full(capacity: policyCapacity) }
        policies[id] = UpstreamXDPPolicy(policy)
    }

    /// - Throws: `.missing` when there is none.
    public mutating func removePolicy(_ id: ResourceID) throws(MapError) {
        guard policies.removeValue(forKey: id) != nil else { throw .missing }
    }

    /// Writes down which policies a workload lists: the first four, in its order.
    /// - Throws: `.full` for a new workload when the map is full.
    public mutating func setPolicies(_ ids: [ResourceID], of workload: ResourceID) throws(MapError) {
        var slots: [ResourceID] = Array(ids.prefix(UpstreamXDPPolicy.limit))
        while slots.count < UpstreamXDPPolicy.limit { slots.append(0) }
        try workloadPolicies.update(
            BackendKey(backend_uid: workload),
            to: WorkloadPolicyValue(policy_id: (slots[0], slots[1], slots[2], slots[3])))
    }

    /// The slots of a workload, nil when it has none.
    func policySlots(of workload: ResourceID) -> [ResourceID]? {
        workloadPolicies.lookup(BackendKey(backend_uid: workload)).map {
            [$0.policy_id.0, $0.policy_id.1, $0.policy_id.2, $0.policy_id.3]
        }
    }
}
