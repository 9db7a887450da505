import Model

/// A connect of which only the first packet is seen: there is no socket, and its answers come as packets.
struct SeenConnect: Sendable {
    var decision: ConnectDecision
    /// What the hook left on the socket.
    var storage: SocketStorage?
    /// Whether the generator chose among several endpoints.
    var isDrawn: Bool
    /// nil where nobody asked for it.
    var event: HookEvent?
}

/// Says whether a lookup made a choice, and keeps its steps where these are wanted.
private struct ChoiceRecorder: DecisionRecorder {
    var isKept: Bool
    var isDrawn = false
    var trace = Trace()

    mutating func record(_ step: @autoclosure () -> LookupStep) {
        let step = step()
        if case .draw(_, let count) = step, count > 1 { isDrawn = true }
        if isKept { trace.record(step) }
    }
}

extension World {
    // MARK: Nodes

    /// Lets a node have maps from the first packet on that needs them in a replay: each node costs a whole compilation,
    /// and a capture shows few nodes of a large mesh. Does nothing for a node that has maps.
    public mutating func addNodeWhenNeeded(_ name: String) {
        if nodes[name] == nil { awaitedNodes.insert(name) }
    }

    /// Gives the node of a pod its maps, where it waits for them.
    private mutating func prepareNode(of pod: WorkloadUID) {
        guard !awaitedNodes.isEmpty, let name = namespaces[pod]?.node, awaitedNodes.remove(name) != nil else { return }
        addNode(name)
    }

    // MARK: What a socket asks for

    /// A pod's connect, as its SYN shows it.
    /// - Parameter isBegun: The connection began earlier, and nothing is drawn for it: a copy of the generator serves.
    /// - Returns: nil where the pod's node has no maps.
    mutating func connect(
        seen flow: PacketFlow, of pod: WorkloadUID, isTCP: Bool, isBegun: Bool, isTraced: Bool
    ) -> SeenConnect? {
        prepareNode(of: pod)
        guard let place = place(of: .workload(pod)), var maps = takeMaps(of: place.node) else { return nil }
        var recorder = ChoiceRecorder(isKept: isTraced)
        var storage: SocketStorage?
        let before = generator
        let hook = ConnectHook(options: options)
        let call = SocketCall(cookie: place.cookie, destination: flow.destination, isTCP: isTCP, now: now)
        let isIPv4 = flow.destination.address.family == .v4
        let decision =
            isIPv4
            ? hook.connect4(call, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
            : hook.connect6(call, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
        nodes[place.node]?.maps = maps
        if isBegun { generator = before } else { count(decision) }
        let name: Hook = isIPv4 ? .connect4 : .connect6
        return SeenConnect(
            decision: decision, storage: storage, isDrawn: recorder.isDrawn,
            event: isTraced ? HookEvent(name, node: place.node, decision.reason, recorder.trace.steps) : nil)
    }

    /// A pod's datagram to a DNS server.
    /// - Returns: nil where the pod's node has no maps.
    mutating func sendDatagram(
        to server: SocketAddress, of pod: WorkloadUID, storage: inout SocketStorage?, isTraced: Bool
    ) -> (decision: DatagramDecision, event: HookEvent?)? {
        prepareNode(of: pod)
        guard let place = place(of: .workload(pod)), var maps = takeMaps(of: place.node) else { return nil }
        var recorder = ChoiceRecorder(isKept: isTraced)
        let call = SocketCall(cookie: place.cookie, destination: server, isTCP: false, now: now)
        let decision = SendMsg4(options: options).run(call, maps: &maps, storage: &storage, recorder: &recorder)
        nodes[place.node]?.maps = maps
        counters.add(reason: decision.reason)
        if decision.reason == .dnsRedirected { counters.add(.dnsRedirected) }
        return (
            decision,
            isTraced ? HookEvent(.sendmsg4, node: place.node, decision.reason, recorder.trace.steps) : nil
        )
    }

    /// A datagram that a pod receives from port 53.
    /// - Returns: nil where the pod's node has no maps.
    mutating func receiveDatagram(
        from source: SocketAddress, of pod: WorkloadUID, storage: SocketStorage?, isTraced: Bool
    ) -> (decision: DatagramDecision, event: HookEvent?)? {
        guard let place = place(of: .workload(pod)), var maps = takeMaps(of: place.node) else { return nil }
        var recorder = ChoiceRecorder(isKept: isTraced)
        let call = SocketCall(cookie: place.cookie, destination: source, isTCP: false, now: now)
        let decision = RecvMsg4(options: options).run(call, maps: &maps, storage: storage, recorder: &recorder)
        nodes[place.node]?.maps = maps
        counters.add(reason: decision.reason)
        return (
            decision,
            isTraced ? HookEvent(.recvmsg4, node: place.node, decision.reason, recorder.trace.steps) : nil
        )
    }

    // MARK: Sockets that only packets tell of

    /// The SYN of a pod's connection is about to leave: its replies will be known.
    mutating func beginFlow(_ flow: PacketFlow, of pod: WorkloadUID) {
        prepareNode(of: pod)
        guard let name = namespaces[pod]?.node, nodes[name]?.authorization?.isActive == true else { return }
        let connection = Connection(local: flow.source, remote: flow.destination, cookie: cookie(of: pod))
        var (storage, events, reports): (SocketStorage?, [HookEvent], [ConnectionReport]) = (nil, [], [])
        _ = runSockOps(
            .connect, connection, node: name, isServerSide: false, storage: &storage, &events, &reports)
    }

    /// The network namespace of a pod.
    private func cookie(of pod: WorkloadUID) -> UInt64 { place(of: .workload(pod))?.cookie ?? 0 }

    /// A pod's connection is established, and its socket sends for the first time.
    /// - Parameter storage: What connect left on the socket.
    /// - Returns: what goes before the payload, nothing where nothing does.
    mutating func firstHeader(
        of flow: PacketFlow, by pod: WorkloadUID, storage: SocketStorage
    ) -> (bytes: [UInt8], events: [HookEvent]) {
        guard let name = namespaces[pod]?.node, nodes[name] != nil else { return ([], []) }
        var (stored, events, reports): (SocketStorage?, [HookEvent], [ConnectionReport]) = (storage, [], [])
        let connection = Connection(local: flow.source, remote: flow.destination, cookie: cookie(of: pod))
        let established = runSockOps(
            .activeEstablished, connection, node: name, isServerSide: false, storage: &stored, &events, &reports)
        counters.add(.reports, UInt64(reports.count))
        guard established.entersSockHash else { return ([], events) }
        var trace = Trace()
        let decision = SkMsg(options: options).run(
            family: flow.source.address.family, storage: &stored, recorder: &trace)
        counters.add(reason: decision.reason)
        if !decision.header.isEmpty { counters.add(.tlvPushed) }
        events.append(HookEvent(.skMsg, node: name, decision.reason, trace.steps))
        return (decision.header, events)
    }

    /// A pod has accepted a connection: nobody takes it for one of its own, and upstream's user space is asked.
    /// - Returns: what user space decides, nil where nobody asks.
    mutating func acceptFlow(
        from client: SocketAddress, at server: SocketAddress, of pod: WorkloadUID, _ events: inout [HookEvent]
    ) -> Judgement? {
        prepareNode(of: pod)
        guard let namespace = namespaces[pod], nodes[namespace.node]?.authorization?.isActive == true else {
            return nil
        }
        var storage: SocketStorage?
        var reports: [ConnectionReport] = []
        let connection = Connection(local: server, remote: client, cookie: namespace.cookie)
        let decision = runSockOps(
            .passiveEstablished, connection, node: namespace.node, isServerSide: true, storage: &storage, &events,
            &reports)
        counters.add(.reports, UInt64(reports.count))
        guard !decision.authorizationRequest.isEmpty,
            let answer = nodes[namespace.node]?.authorization?.ask(client: client, server: server)
        else { return nil }
        if !events.isEmpty {
            events[events.count - 1].steps.append(
                .ingress(.userSpace(answer.decision, isWritten: answer.isWritten)))
        }
        return Judgement(answer.decision)
    }

    /// A connection has closed at a pod's end: the verdict on it is forgotten.
    mutating func closeFlow(own: SocketAddress, peer: SocketAddress, of pod: WorkloadUID) {
        guard let name = namespaces[pod]?.node else { return }
        nodes[name]?.authorization?.forget(client: peer, server: own)
    }

    // MARK: Packets

    /// Which of some pods have a program that looks at what arrives there, or will have it once their node has maps.
    func judged(_ pods: [WorkloadUID]) -> [Bool] {
        let hasNetworks = mesh.workloads.values.contains { !$0.network.isEmpty }
        return pods.map { pod in
            guard let name = nodeJudging(pod) else { return false }
            guard awaitedNodes.contains(name) else { return nodes[name]?.authorization?.isActive == true }
            return NodeAuthorization.isNeeded(authorizationMode(of: name), mesh, hasNetworks: hasNetworks)
        }
    }

    /// xdp_ingress of a node.
    func xdpIngress(of node: String) -> XDPIngress {
        XDPIngress(probeSources: probeSources(of: node), denialsPerSecond: Self.denialsPerSecond)
    }

    /// A packet arrives at a pod that is judged.
    /// - Parameters:
    ///   - bytes: From the IP header on; the capture may hold less than the outline says.
    ///   - frame: Where upstream's programs get it as a frame; its room is used again.
    mutating func judge(
        _ bytes: RawSpan, _ outline: PacketOutline, at pod: WorkloadUID, hook: XDPIngress, frame: inout [UInt8],
        isTraced: Bool
    ) -> (arrival: NodeAuthorization.Arrival, event: HookEvent?)? {
        prepareNode(of: pod)
        // In place: reading the node by its name would copy all of it.
        guard let name = nodeJudging(pod), let place = nodes.index(forKey: name),
            let lent = nodes.values[place].lendAuthorization()
        else { return nil }
        var (authorization, maps) = lent
        let time = now
        func run(_ recorder: inout some DecisionRecorder) -> NodeAuthorization.Arrival {
            guard authorization.mode != .compiled else {
                let packet =
                    bytes.byteCount < outline.byteCount
                    ? IngressPacket(outline) : IngressPacket(parsing: bytes, at: 0, as: outline.etherType)
                return authorization.judge(packet, hook: hook, now: time, recorder: &recorder)
            }
            Self.fill(&frame, with: bytes, outline)
            return authorization.judge(&frame, frontends: &maps, recorder: &recorder)
        }
        var (trace, none) = (Trace(), NoTrace())
        let arrival = isTraced ? run(&trace) : run(&none)
        nodes.values[place].authorization = authorization
        nodes.values[place].maps = maps
        for reason in arrival.counted { counters.add(reason: reason) }
        let event =
            isTraced
            ? HookEvent(.xdpIngress, node: name, isServerSide: true, arrival.reason, trace.steps) : nil
        return (arrival, event)
    }

    /// Bytes of a packet that upstream's programs may look at: its IP header and what they take for a TCP header.
    private static let upstreamByteCount = 60

    /// Puts the beginning of a packet behind an Ethernet header. What the capture does not hold are zeros.
    private static func fill(_ frame: inout [UInt8], with bytes: RawSpan, _ outline: PacketOutline) {
        let etherType = outline.etherType
        frame.removeAll(keepingCapacity: true)
        for _ in 0..<(EthernetHeader.untaggedByteCount - 2) { frame.append(0) }
        frame.append(UInt8(etherType.rawValue >> 8))
        frame.append(UInt8(truncatingIfNeeded: etherType.rawValue))
        for offset in 0..<min(outline.byteCount, upstreamByteCount) {
            frame.append(offset < bytes.byteCount ? bytes.byte(at: offset) : 0)
        }
    }
}

extension PacketOutline {
    fileprivate var etherType: EtherType { family == .v6 ? .ipv6 : .ipv4 }
}
