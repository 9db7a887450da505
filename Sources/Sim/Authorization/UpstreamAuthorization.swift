public import Model

/// Upstream's authorization on one node: both engines, their maps, and what keeps them up to date.
///
/// How a simulated node uses it:
/// - a change of the mesh: `apply`;
/// - a packet arrives at a pod, on any interface inside its namespace (a SYN, data, also a reply to a connection that the
///   pod opened): `receive`; a packet that does not pass never reaches the socket;
/// - sockops asks for a verdict on a passive connection (`SockOps.Decision.authorizationRequest`): `established`;
/// - sockops forgets a verdict (`SockOps.Decision.forgetsVerdict`): `closed`.
public struct UpstreamAuthorization: Sendable {
    /// Whether XDP evaluates policies itself; else it only resets what user space denied.
    public var isOffloaded: Bool
    /// What both engines and user space write.
    public internal(set) var maps = UpstreamAuthorizationMaps()
    /// What user space knows.
    public private(set) var userSpace = UpstreamUserSpace()
    private let node: String
    /// The ids under which the maps hold workloads and policies; a name may have been released since.
    private var ids: [String: ResourceID] = [:]

    /// A node whose user space knows nothing yet.
    public init(node: String, isOffloaded: Bool) {
        self.node = node
        self.isOffloaded = isOffloaded
    }

    /// A change that a full map could not take. Upstream logs it and goes on.
    public struct Loss: Hashable, Sendable {
        /// The map's name in the kernel.
        public var map: String
        /// The workload's uid or the policy's `namespace/name`.
        public var resource: String
        public var error: MapError
    }

    /// Takes over a mesh, in the order in which control planes send it.
    /// - Returns: what full maps could not take.
    public mutating func apply(_ mesh: Mesh, names: inout NameTable) -> [Loss] {
        Mesh().changes(to: mesh).flatMap { apply($0, names: &names) }
    }

    /// Takes over a change. Of a workload of this node the first four policies that it lists go into km_wlpolicy, none of
    /// those that apply by scope; when it lists none any more, its entry stays as it was.
    /// - Parameter names: the ids of the node; policies share them with workloads and services.
    /// - Returns: what full maps could not take.
    public mutating func apply(_ change: MeshChange, names: inout NameTable) -> [Loss] {
        userSpace.apply(change)
        switch change {
        case .setWorkload(let workload):
            guard workload.node == node, !workload.policies.isEmpty else { return [] }
            let policies = workload.policies.prefix(UpstreamXDPPolicy.limit).map { names.id(for: $0) }
            let id = id(of: workload.uid.text, &names)
            return lost("km_wlpolicy", workload.uid.text) { (maps) throws(MapError) in
                try maps.setPolicies(policies, of: id)
            }
        case .removeWorkload(let uid):
            // One that listed no policies has no id here, one that a full map could not take no entry.
            if let id = ids.removeValue(forKey: uid.text) {
                try? maps.workloadPolicies.delete(BackendKey(backend_uid: id))
            }
            return []
        case .setPolicy(let policy):
            let id = id(of: policy.resourceName, &names)
            let upstream = UpstreamPolicySchema.degraded(policy).policy
            return lost("km_authz_policy", policy.resourceName) { (maps) throws(MapError) in
                try maps.setPolicy(id, to: upstream)
            }
        case .removePolicy(let name):
            // One that the full map could not take is not there.
            if let id = ids.removeValue(forKey: name) { try? maps.removePolicy(id) }
            return []
        case .setNode, .removeNode, .setService, .removeService: return []
        }
    }

    private mutating func id(of name: String, _ names: inout NameTable) -> ResourceID {
        let id = names.id(for: name)
        ids[name] = id
        return id
    }

    private mutating func lost(
        _ map: String, _ resource: String, _ write: (inout UpstreamAuthorizationMaps) throws(MapError) -> Void
    ) -> [Loss] {
        do {
            try write(&maps)
            return []
        } catch {
            return [Loss(map: map, resource: resource, error: error)]
        }
    }
}

extension UpstreamAuthorization {
    /// A frame arrives at a pod: runs the program that the switch chooses. A reset changes the frame.
    /// - Parameter frontends: where km_frontend is looked up.
    public mutating func receive(
        _ frame: inout [UInt8], frontends: inout some MapAccess, recorder: inout some DecisionRecorder
    ) -> UpstreamXDPOutcome {
        isOffloaded
            ? UpstreamXDPAuthorization.run(frame, &maps, frontends: &frontends, recorder: &recorder)
            : UpstreamXDPReset.run(&frame, &maps)
    }

    /// User space answers sockops about a passive connection. A denial lands in km_auth_res, where a later packet meets
    /// it; of an IPv4 connection of an IPv6 socket it lands where no packet does. A full map loses it.
    /// - Parameters: the ends of the socket, as sockops reports them.
    /// - Returns: the verdict, and whether a denial was written.
    public mutating func established(
        client: SocketAddress, server: SocketAddress
    ) -> (decision: UpstreamUserSpaceAuthorization.Decision, isWritten: Bool) {
        let decision = userSpace.decision(
            client: SocketAddress(client.address.unmapped, port: client.port),
            server: SocketAddress(server.address.unmapped, port: server.port))
        guard !decision.isAllowed else { return (decision, false) }
        let key = UpstreamTuple(client: client, server: server)
        return (decision, (try? maps.results.update(key, to: AuthResult(denied: 1))) != nil)
    }

    /// A passive or active connection closes: sockops removes its verdict.
    /// - Parameters: the peer and the pod's own end, as sockops reports them.
    /// - Returns: whether there was one.
    public mutating func closed(client: SocketAddress, server: SocketAddress) -> Bool {
        (try? maps.results.delete(UpstreamTuple(client: client, server: server))) != nil
    }
}
