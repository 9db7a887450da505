public import Model

/// What became of a packet that a scenario puts together.
public struct PacketResult: Sendable {
    public enum Outcome: String, Hashable, Sendable {
        case passed, dropped, reset
        /// No program is attached: the pod is not managed, or its node has no maps that follow the mesh.
        case unseen
    }

    public var outcome: Outcome
    public var reason: Reason
    public var authorization: Judgement?
    public var events: [HookEvent]
}

extension World {
    /// Most denials that xdp_ingress reports in a second: the agent's default.
    static let denialsPerSecond: UInt32 = 100

    // MARK: Who decides

    /// Who decides on a node: by the options, unless the node was switched.
    func authorizationMode(of node: String) -> DataplaneOptions.Authorization {
        guard let isOffloaded = offloaded[node] ?? offloadedLater else { return options.authorization }
        guard isOffloaded else { return .userSpace }
        return options.authorization == .compiled ? .compiled : .offload
    }

    /// Switches between XDP, which judges packets itself, and user space, as `kmeshctl authz` does.
    public mutating func setOffloaded(_ isOffloaded: Bool, node name: String) {
        offloaded[name] = isOffloaded
        let (mode, mesh) = (authorizationMode(of: name), mesh)
        let counts = nodes[name]?.changeAuthorization { $0.setMode(mode, mesh, names: &$1) }
        counters.add(.mapWrites, UInt64(1 + (counts?.writes ?? 0)))
        counters.add(.barriers, UInt64(counts?.barriers ?? 0))
    }

    /// Nodes that get their maps from now on are switched likewise.
    public mutating func setOffloadedLater(_ isOffloaded: Bool) { offloadedLater = isOffloaded }

    // MARK: Packets

    /// The node on which xdp_ingress sees a pod's packets: the pod is managed, and its namespace is its own.
    func nodeJudging(_ uid: WorkloadUID) -> String? {
        guard let namespace = namespaces[uid], !namespace.isHost, isManaged(uid) else { return nil }
        return namespace.node
    }

    /// Where a packet arrives: at which pod, which is which end of the connection.
    struct Receiver {
        var pod: WorkloadUID
        var isServerSide: Bool
    }

    /// A packet arrives at a pod: runs the program in its namespace.
    /// - Returns: nil where no program runs, or none that knows a policy; then the packet passes.
    mutating func deliver(
        _ frame: [UInt8], to receiver: Receiver, _ events: inout [HookEvent]
    ) -> NodeAuthorization.Arrival? {
        guard let name = nodeJudging(receiver.pod), var authorization = nodes[name]?.authorization,
            authorization.isActive, var maps = takeMaps(of: name)
        else { return nil }
        // Taken out meanwhile, so that changing it copies nothing.
        nodes[name]?.authorization = nil
        var trace = Trace()
        let hook = XDPIngress(probeSources: probeSources(of: name), denialsPerSecond: Self.denialsPerSecond)
        let result = authorization.receive(frame, hook: hook, frontends: &maps, now: now, trace: &trace)
        nodes[name]?.authorization = authorization
        nodes[name]?.maps = maps
        for reason in result.counted { counters.add(reason: reason) }
        events.append(
            HookEvent(.xdpIngress, node: name, isServerSide: receiver.isServerSide, result.reason, trace.steps))
        return result
    }

    /// A packet that is written down byte by byte arrives at a pod. Nobody answers it.
    public mutating func receive(frame: [UInt8], at pod: WorkloadUID) -> PacketResult {
        if let name = nodeJudging(pod) {
            // So that there is something to see without policies too.
            let mesh = mesh
            _ = nodes[name]?.changeAuthorization { $0.activate(mesh, names: &$1) }
        }
        var events: [HookEvent] = []
        guard let result = deliver(frame, to: Receiver(pod: pod, isServerSide: true), &events) else {
            return PacketResult(outcome: .unseen, reason: .none, authorization: nil, events: events)
        }
        if result.judgement?.isAllowed == false { counters.add(.denied) }
        let outcome: PacketResult.Outcome =
            switch result.outcome {
            case .passed: .passed
            case .dropped: .dropped
            case .reset: .reset
            }
        return PacketResult(
            outcome: outcome, reason: result.reason, authorization: result.judgement, events: events)
    }

    /// Addresses from which a node probes its pods.
    func probeSources(of node: String) -> [IPAddress] {
        let known = mesh.nodes[node]
        return (known?.addresses ?? []) + (known?.podGateway.map { [$0] } ?? [])
    }
}

/// The packets of a simulated TCP connection: between which pods they go, and what authorization made of them so far.
struct Passage {
    /// Of the client's packets, as on the wire.
    let flow: PacketFlow
    /// The pod that the connection goes to; nil for anything else.
    let server: WorkloadUID?
    /// The pod that opened it; nil for a process of a node.
    let client: WorkloadUID?
    /// The first verdict, or the first denial.
    private(set) var judgement: Judgement?

    init(_ connection: Connection, server: WorkloadUID?, client: WorkloadUID?) {
        flow = PacketFlow(source: connection.local, destination: connection.remote).unmapped
        self.server = server
        self.client = client
    }

    /// Takes a verdict over: a denial counts more than what came before it.
    mutating func add(_ new: Judgement?) {
        guard let new else { return }
        if judgement.map({ $0.isAllowed && !new.isAllowed }) ?? true { judgement = new }
    }
}

extension World {
    /// The way of a connection's packets; nil where they never leave the client's network namespace, or where no packet
    /// can have such addresses.
    func wayOfPackets(of connection: Connection, from caller: Caller) -> Passage? {
        let remote = connection.remote.address.unmapped
        guard remote.family == connection.local.address.unmapped.family, !remote.isLoopback else { return nil }
        let server = workloadsByAddress[remote]
        guard case .workload(let client) = caller else { return Passage(connection, server: server, client: nil) }
        guard namespaces[client]?.addresses.contains(remote) != true else { return nil }
        return Passage(connection, server: server, client: client)
    }

    /// A packet of the client arrives at the server's pod.
    /// - Returns: whether, and as what, it gets to the server's socket.
    mutating func arrive(
        _ flags: TCPFlags, along passage: inout Passage?, _ events: inout [HookEvent]
    ) -> NodeAuthorization.Arrival.Outcome {
        guard let server = passage?.server, let flow = passage?.flow else { return .passed }
        if flags == .syn { noteRecording(of: server, &events) }
        return move(
            PacketBuilder(flow, flags: flags), to: Receiver(pod: server, isServerSide: true), &passage, &events)
    }

    /// A packet of the server arrives at the client's pod.
    mutating func comeBack(
        _ flags: TCPFlags, along passage: inout Passage?, _ events: inout [HookEvent]
    ) -> NodeAuthorization.Arrival.Outcome {
        guard let client = passage?.client, let flow = passage?.flow else { return .passed }
        return move(
            PacketBuilder(flow.reversed, flags: flags), to: Receiver(pod: client, isServerSide: false), &passage,
            &events)
    }

    private mutating func move(
        _ packet: @autoclosure () -> PacketBuilder, to receiver: Receiver, _ passage: inout Passage?,
        _ events: inout [HookEvent]
    ) -> NodeAuthorization.Arrival.Outcome {
        // Most nodes of most meshes judge nothing: no frame is built for them.
        guard let name = nodeJudging(receiver.pod), nodes[name]?.authorization?.isActive == true,
            let result = deliver(packet().frame, to: receiver, &events)
        else { return .passed }
        passage?.add(result.judgement)
        return result.outcome
    }

    /// Says that a recorded node judges nothing, where policies are known that it might have.
    private func noteRecording(of server: WorkloadUID, _ events: inout [HookEvent]) {
        guard !mesh.policies.isEmpty, let name = nodeJudging(server), nodes[name]?.followsMesh == false else { return }
        events.append(
            HookEvent(.xdpIngress, node: name, isServerSide: true, .notJudged, [.ingress(.recording)]))
    }
}

extension IPAddress {
    /// Whether packets to the address never leave the network namespace.
    fileprivate var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }
}
