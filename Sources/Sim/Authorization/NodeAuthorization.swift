import Model

/// Who decides on one node which packets reach its pods, and what they know of the mesh.
///
/// As long as no policy can decide anything, nothing is compiled and no program runs; what pods open is recorded in any
/// case, so that replies are known when a policy comes.
struct NodeAuthorization: Sendable {
    /// Compiled policies, and what keeps them up to date.
    private struct Compiled: Sendable {
        var compiler: AuthorizationCompiler
        var maps: AuthorizationMaps
    }

    /// How much was written.
    typealias WriteCounts = (writes: Int, barriers: Int)

    private let node: String
    /// Who decides at present; `kmeshctl authz` switches it.
    private(set) var mode: DataplaneOptions.Authorization
    /// What xdp_ingress of the compiled policies keeps from packet to packet.
    var flows = InboundFlows()
    private var compiled: Compiled?
    private(set) var upstream: UpstreamAuthorization?
    /// What full maps could not take, each until its resource changes again.
    private var losses: [(resource: String, problem: Problem)] = []

    init(node: String, mode: DataplaneOptions.Authorization) {
        self.node = node
        self.mode = mode
    }

    /// Whether packets are looked at.
    var isActive: Bool { mode == .compiled ? compiled != nil : upstream != nil }

    /// What of the policies is not in force as it is meant.
    var problems: [Problem] { (compiled?.compiler.problems ?? []) + losses.map(\.problem) }

    /// The name of a policy's id in the compiled maps.
    func policyName(_ id: ResourceID) -> String? { compiled?.compiler.names.name(of: id) }

    /// Who a number of the compiled maps is.
    func identity(_ number: UInt32) -> PeerIdentity? { compiled?.compiler.identity(number) }

    // MARK: Changes

    /// Takes over what changed from one mesh to another.
    /// - Parameter names: The ids of the node's workloads and services.
    mutating func apply(
        _ changes: [MeshChange], from old: Mesh, to mesh: Mesh, names: inout NameTable
    ) -> WriteCounts {
        // A part that exists follows, also while the other decides.
        var counts: WriteCounts = (0, 0)
        if compiled != nil { counts = compile(changes, replacing: old, names) }
        if upstream != nil { counts.writes += followUpstream(changes, &names) }
        guard !isActive, isNeeded(changes, mesh) else { return counts }
        let first = activate(mesh, names: &names)
        return (counts.writes + first.writes, counts.barriers + first.barriers)
    }

    /// Makes sure that whoever decides knows the mesh.
    mutating func activate(_ mesh: Mesh, names: inout NameTable) -> WriteCounts {
        guard !isActive else { return (0, 0) }
        let everything = Mesh().changes(to: mesh)
        guard mode == .compiled else {
            upstream = UpstreamAuthorization(node: node, isOffloaded: mode == .offload)
            return (followUpstream(everything, &names), 0)
        }
        compiled = Compiled(
            compiler: AuthorizationCompiler(node: node), maps: AuthorizationMaps(capacities: .large))
        return compile(everything, replacing: Mesh(), names)
    }

    /// Lets somebody else decide from now on.
    mutating func setMode(
        _ mode: DataplaneOptions.Authorization, _ mesh: Mesh, names: inout NameTable
    ) -> WriteCounts {
        let wasActive = isActive
        self.mode = mode
        upstream?.isOffloaded = mode == .offload
        guard wasActive || isNeeded([], mesh) else { return (0, 0) }
        return activate(mesh, names: &names)
    }

    /// Without policies everything is allowed, but for one accident: upstream's user space finds no workload of a
    /// network that has a name, and denies what it does not find.
    /// - Parameter hasNetworks: Whether there are such workloads.
    static func isNeeded(
        _ mode: DataplaneOptions.Authorization, _ mesh: Mesh, hasNetworks: @autoclosure () -> Bool
    ) -> Bool {
        !mesh.policies.isEmpty || mode != .compiled && hasNetworks()
    }

    private func isNeeded(_ changes: [MeshChange], _ mesh: Mesh) -> Bool {
        Self.isNeeded(
            mode, mesh,
            hasNetworks: changes.contains {
                if case .setWorkload(let workload) = $0 { !workload.network.isEmpty } else { false }
            })
    }

    private mutating func compile(_ changes: [MeshChange], replacing old: Mesh, _ names: NameTable) -> WriteCounts {
        for change in changes {
            switch change {
            case .setWorkload(let workload): compiled?.compiler.apply(change, replacing: old.workloads[workload.uid])
            case .removeWorkload(let uid): compiled?.compiler.apply(change, replacing: old.workloads[uid])
            default: compiled?.compiler.apply(change)
            }
        }
        var counts: WriteCounts = (0, 0)
        for write in compiled?.compiler.takeWrites(ids: names) ?? [] {
            if case .barrier = write {
                counts.barriers += 1
                continue
            }
            counts.writes += 1
            do throws(MapError) {
                try compiled?.maps.apply(write)
            } catch {
                lose(write, error)
            }
        }
        return counts
    }

    /// Notes a write that a full map refused. Only identities can be too many, and are missing then when they go: of
    /// everything else the compiler knows how much there is room for.
    private mutating func lose(_ write: AuthorizationWrite, _ error: MapError) {
        if case .deleteIdentity = write { return }
        guard case .putIdentity(let address, _) = write, case .full(let capacity) = error else {
            preconditionFailure("node \(node): \(write): \(error)")
        }
        let name = address.address.description
        losses.removeAll { $0.resource == name }
        losses.append((name, .mapFull(map: "km_identity", capacity: capacity, resource: name)))
    }

    private mutating func followUpstream(_ changes: [MeshChange], _ names: inout NameTable) -> Int {
        var writes = 0
        for change in changes {
            losses.removeAll { $0.resource == change.resourceName }
            for loss in upstream?.apply(change, names: &names) ?? [] {
                guard case .full(let capacity) = loss.error else {
                    preconditionFailure("node \(node): \(loss.map): \(loss.error)")
                }
                losses.append(
                    (change.resourceName, .mapFull(map: loss.map, capacity: capacity, resource: loss.resource)))
            }
            switch change {
            case .setPolicy, .removePolicy: writes += 1
            case .setWorkload(let workload) where workload.node == node && !workload.policies.isEmpty: writes += 1
            default: break
            }
        }
        return writes
    }

    // MARK: Packets

    /// What became of a packet that arrived at a pod.
    struct Arrival: Sendable {
        enum Outcome: Hashable, Sendable {
            case passed, dropped
            /// It goes on as a reset of the connection.
            case reset
        }

        var outcome: Outcome
        var reason: Reason
        /// What is counted; the reason is among it.
        var counted: [Reason]
        /// nil where no policy was looked at.
        var judgement: Judgement?
    }

    /// Runs xdp_ingress for a frame.
    /// - Precondition: Whoever decides is active.
    mutating func receive(
        _ frame: [UInt8], hook: XDPIngress, frontends: inout some MapAccess, now: UInt64, trace: inout Trace
    ) -> Arrival {
        if mode == .compiled { return judge(IngressPacket(parsing: frame), hook: hook, now: now, recorder: &trace) }
        var frame = frame
        return judge(&frame, frontends: &frontends, recorder: &trace)
    }

    /// Judges a packet by the compiled policies.
    /// - Precondition: These decide, and are active.
    mutating func judge(
        _ packet: IngressPacket, hook: XDPIngress, now: UInt64, recorder: inout some DecisionRecorder
    ) -> Arrival {
        guard let maps = compiled?.maps else { preconditionFailure("node \(node): no policies are compiled") }
        let decision = hook.run(packet, policies: maps, flows: &flows, now: now, recorder: &recorder)
        return Arrival(
            outcome: decision.verdict == .pass ? .passed : .dropped, reason: decision.reason,
            counted: decision.counted, judgement: judgement(decision))
    }

    /// Judges a frame as upstream does. A reset changes it.
    /// - Precondition: Upstream's engines decide, and are active.
    mutating func judge(
        _ frame: inout [UInt8], frontends: inout some MapAccess, recorder: inout some DecisionRecorder
    ) -> Arrival {
        guard let outcome = upstream?.receive(&frame, frontends: &frontends, recorder: &recorder) else {
            preconditionFailure("node \(node): upstream's authorization is not running")
        }
        recorder.record(.ingress(.upstream(outcome)))
        let reason = outcome.reason.counted(isOffloaded: mode == .offload)
        return Arrival(
            outcome: outcome.reason == .reset ? .reset : outcome.passes ? .passed : .dropped, reason: reason,
            counted: [reason], judgement: Judgement(outcome))
    }

    /// sockops asks user space about a connection to a pod.
    /// - Returns: nil where nobody asks: the first packet was judged already, or there is nothing to decide by.
    mutating func ask(
        client: SocketAddress, server: SocketAddress
    ) -> (decision: UpstreamUserSpaceAuthorization.Decision, isWritten: Bool)? {
        mode == .compiled ? nil : upstream?.established(client: client, server: server)
    }

    /// sockops forgets the verdict on a connection that closes.
    mutating func forget(client: SocketAddress, server: SocketAddress) {
        _ = upstream?.closed(client: client, server: server)
    }

    private func judgement(_ decision: IngressDecision) -> Judgement? {
        switch decision.reason {
        case .notIP, .notTCP, .notJudged, .malformedPassed, .nodeProbe, .reply: return nil
        default: break
        }
        var judgement = Judgement(
            .istio, isAllowed: decision.verdict == .pass,
            policy: decision.rule.map(name), rule: decision.rule.map { Int($0.index) + 1 })
        judgement.dryRun = decision.dryRun.map {
            Judgement.DryRun(
                isAllowed: $0.reason == .dryRunAllows, policy: $0.rule.map(name),
                rule: $0.rule.map { Int($0.index) + 1 })
        }
        return judgement
    }

    private func name(_ rule: IngressDecision.Rule) -> String { policyName(rule.policyID) ?? "id \(rule.policyID)" }
}
