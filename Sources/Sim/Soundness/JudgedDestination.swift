import Model

/// An address of a workload, and which policies each engine finds for it.
struct JudgedDestination {
    /// Where km_frontend and km_wlpolicy lead XDP.
    enum Reach: Hashable {
        /// To nothing: no frontend, one of a service, or a workload that found no room.
        case nowhere
        /// To a workload, which may list nothing.
        case workload(WorkloadUID)
    }

    let address: IPAddress
    /// Who has the address, by the reference.
    let owner: Workload
    /// Those that apply, by the reference, ordered by name.
    let applied: [Policy]
    let reach: Reach
    /// What XDP gets of the workload that it reaches, or would get of the owner.
    let reachedList: [String]
    /// Whom user space takes for the owner; nil when nobody.
    let known: Workload?
    /// Those that apply to it, ordered by name.
    let knownPolicies: [Policy]

    /// Every policy that some engine looks at, ordered by name.
    let relevant: [Policy]

    init(
        _ address: IPAddress, of owner: Workload, reach: Reach, _ scene: AuthorizationScene
    ) {
        self.address = address
        self.owner = owner
        self.reach = reach
        applied = scene.selection.policies(for: owner)
        reachedList =
            if case .workload(let uid) = reach { scene.mesh.workloads[uid]?.policies ?? [] } else { owner.policies }
        known = scene.userSpace.workload(at: address)
        knownPolicies = known.map { scene.selection.policies(for: $0) } ?? []
        let listed = (owner.policies + reachedList).compactMap { scene.mesh.policies[$0] }
        var names: Set<String> = []
        relevant = (applied + knownPolicies + listed).filter { names.insert($0.resourceName).inserted }
            .sorted { $0.resourceName < $1.resourceName }
    }
}

/// Where a connection comes from, and who that is to each engine.
struct JudgedSource: Hashable {
    var address: IPAddress
    /// Who has the address, by the reference; nil when nobody.
    var owner: WorkloadUID?
    var identity: PeerIdentity?
    /// To user space; nil when it knows nobody at the address.
    var knownIdentity: PeerIdentity?

    /// The identity with some accidents, that of nobody where nobody counts as somebody.
    func identity(_ accidents: UpstreamAccidents) -> PeerIdentity? {
        var result = identity
        if knownIdentity == nil {
            if accidents.contains(.network) { result = nil }
        } else if accidents.contains(.otherClient) {
            result = knownIdentity
        }
        guard result == nil, accidents.contains(.unknownSource) else { return result }
        return PeerIdentity(trustDomain: "", namespace: "", serviceAccount: "")
    }
}
