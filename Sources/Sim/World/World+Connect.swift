public import Model

/// What a connect gave.
public struct ConnectResult: Sendable {
    public var requested: SocketAddress
    public var decision: ConnectDecision
    /// Where the connect goes, as getpeername shows it of one that succeeds; nil when refused.
    public var final: SocketAddress?
    /// What authorization decided; nil where nobody did.
    public var authorization: Judgement?
    /// What the socket remembers as its original destination.
    public var originalDestination: SocketAddress?
    public var events: [HookEvent]
    public var reports: [ConnectionReport]
}

/// How a socket asks for its destination.
public struct ConnectRequest: Sendable {
    public var caller: Caller
    public var destination: SocketAddress
    public var isTCP: Bool

    public init(_ caller: Caller, to destination: SocketAddress, isTCP: Bool = true) {
        self.caller = caller
        self.destination = destination
        self.isTCP = isTCP
    }
}

extension World {
    /// The node and namespace of a caller, nil when the mesh has no such workload or its node has no maps.
    func place(of caller: Caller) -> (node: String, cookie: UInt64, addresses: [IPAddress])? {
        switch caller {
        case .workload(let uid):
            guard let namespace = namespaces[uid], let node = nodes[namespace.node] else { return nil }
            let isHost = mesh.workloads[uid]?.networkMode == .hostNetwork
            return (namespace.node, isHost ? node.hostCookie : namespace.cookie, namespace.addresses)
        case .node(let name):
            guard let node = nodes[name] else { return nil }
            return (name, node.hostCookie, mesh.nodes[name]?.addresses ?? [])
        }
    }

    /// Connects. A kept socket is connected again; else a new one is made, and closed by `close`.
    /// - Precondition: The caller's node has maps (`addNode`).
    /// - Returns: the socket's number, and what happened.
    public mutating func connect(_ request: ConnectRequest, reusing number: Int? = nil) -> (Int, ConnectResult) {
        guard let place = place(of: request.caller) else {
            preconditionFailure("\(request.caller) has no node with maps")
        }
        let family = request.destination.address.family
        let id = number ?? makeSocket(request, place, family)
        var events: [HookEvent] = []
        var reports: [ConnectionReport] = []
        if number != nil { closeConnection(id, &events, &reports) }
        guard var socket = sockets[id], var maps = takeMaps(of: place.node) else {
            preconditionFailure("socket \(id) is not open")
        }
        var trace = Trace()
        let hook = ConnectHook(options: options)
        let call = SocketCall(
            cookie: place.cookie, destination: request.destination, isTCP: request.isTCP, now: now)
        let decision =
            family == .v4
            ? hook.connect4(call, maps: &maps, storage: &socket.storage, generator: &generator, recorder: &trace)
            : hook.connect6(call, maps: &maps, storage: &socket.storage, generator: &generator, recorder: &trace)
        nodes[place.node]?.maps = maps
        events.append(
            HookEvent(family == .v4 ? .connect4 : .connect6, node: place.node, decision.reason, trace.steps))
        count(decision)
        socket.remote = decision.verdict == .refuse ? nil : LinuxConnect.destination(of: decision.destination)
        socket.local.port = makePort()
        socket.sentBytes = 0
        socket.receivedBytes = 0
        socket.denial = nil
        socket.userSpaceVerdict = nil
        sockets[id] = socket
        var authorization: Judgement?
        if request.isTCP, socket.remote != nil { authorization = establish(id, &events, &reports) }
        counters.add(.reports, UInt64(reports.count))
        if authorization?.isAllowed == false { counters.add(.denied) }
        let result = ConnectResult(
            requested: request.destination, decision: decision, final: socket.remote, authorization: authorization,
            originalDestination: sockets[id]?.storage?.originalDestination(family), events: events, reports: reports)
        return (id, result)
    }

    /// Closes a socket and forgets it.
    /// - Returns: the hooks that ran, and their reports.
    public mutating func close(_ number: Int) -> (events: [HookEvent], reports: [ConnectionReport]) {
        var events: [HookEvent] = []
        var reports: [ConnectionReport] = []
        closeConnection(number, &events, &reports)
        sockets[number] = nil
        counters.add(.reports, UInt64(reports.count))
        return (events, reports)
    }

    private mutating func makeSocket(
        _ request: ConnectRequest, _ place: (node: String, cookie: UInt64, addresses: [IPAddress]),
        _ family: AddressFamily
    ) -> Int {
        let wanted = request.destination.address.unmapped.family
        let own = place.addresses.first { $0.family == wanted } ?? (wanted == .v4 ? .anyV4 : .anyV6)
        let local = request.destination.address.isMapped ? own.mapped : own
        return open(
            SimSocket(
                caller: request.caller, node: place.node, cookie: place.cookie, family: family, isTCP: request.isTCP,
                local: SocketAddress(local, port: 0)))
    }

    mutating func open(_ socket: SimSocket) -> Int {
        defer { nextSocket += 1 }
        sockets[nextSocket] = socket
        return nextSocket
    }

    /// Takes a node's maps out, so that changing them copies nothing.
    mutating func takeMaps(of node: String) -> MapStore? {
        // In place: reading the node by its name would copy all of it.
        nodes.index(forKey: node).map { nodes.values[$0].lendMaps() }
    }

    mutating func count(_ decision: ConnectDecision) {
        counters.add(.connects)
        counters.add(reason: decision.reason)
        switch decision.verdict {
        case .leave: counters.add(.left)
        case .rewrite: counters.add(.redirected)
        case .refuse: counters.add(.refused)
        }
        if decision.waypoint != nil { counters.add(.viaWaypoint) }
    }

    // MARK: Established and closed

    private func sockOps(_ node: String) -> SockOps {
        SockOps(options: options, probeSources: probeSources(of: node), isMonitoring: settings.isMonitoring)
    }

    /// Runs sockops of one end and keeps what it says.
    mutating func runSockOps(
        _ event: SockOps.Event, _ connection: Connection, node: String, isServerSide: Bool,
        storage: inout SocketStorage?, _ events: inout [HookEvent], _ reports: inout [ConnectionReport]
    ) -> SockOps.Decision {
        guard var maps = takeMaps(of: node) else { preconditionFailure("node \(node) has no maps") }
        var trace = Trace()
        let decision = sockOps(node).run(
            event, connection, maps: &maps, storage: &storage, now: now, recorder: &trace)
        nodes[node]?.maps = maps
        if decision.reason != .none {
            counters.add(reason: decision.reason)
            events.append(
                HookEvent(.sockOps, node: node, isServerSide: isServerSide, decision.reason, trace.steps))
        }
        if let report = decision.report { reports.append(report) }
        if !decision.authorizationRequest.isEmpty { counters.add(.authorizationRequests) }
        if let replies = decision.openedReplies { nodes[node]?.authorization?.flows.open(replies, now: now) }
        if let flow = decision.acceptedFlow { nodes[node]?.authorization?.flows.accept(flow) }
        if decision.forgetsVerdict {
            nodes[node]?.authorization?.forget(client: connection.remote, server: connection.local)
        }
        return decision
    }

    /// The packets of a connection's beginning, and what sockops makes of them at both ends. A server's socket is taken
    /// to be of the client's family: one that is called by a mapped address sees a mapped one.
    /// - Returns: what authorization decided.
    private mutating func establish(
        _ number: Int, _ events: inout [HookEvent], _ reports: inout [ConnectionReport]
    ) -> Judgement? {
        guard var socket = sockets[number], let connection = socket.connection else { return nil }
        var storage = socket.storage
        _ = runSockOps(
            .connect, connection, node: socket.node, isServerSide: false, storage: &storage, &events, &reports)
        socket.storage = storage
        // Nobody answers at a control address: the SYN is all there is.
        guard Gate.command(of: connection.remote) == nil else {
            sockets[number] = socket
            return nil
        }
        var passage = wayOfPackets(of: connection, from: socket.caller)
        guard arrive(.syn, along: &passage, &events) == .passed,
            comeBack([.syn, .ack], along: &passage, &events) == .passed
        else {
            socket.remote = nil
            socket.denial = passage?.judgement
            sockets[number] = socket
            return passage?.judgement
        }
        let decision = runSockOps(
            .activeEstablished, connection, node: socket.node, isServerSide: false, storage: &storage, &events,
            &reports)
        socket.storage = storage
        socket.isInSockHash = socket.isInSockHash || decision.entersSockHash
        socket.isWatched = socket.isWatched || decision.watchesState
        if arrive(.ack, along: &passage, &events) == .passed {
            let accepted = accept(connection, &events, &reports)
            socket.peer = accepted.peer
            socket.userSpaceVerdict = accepted.verdict
            passage?.add(accepted.verdict)
        }
        sockets[number] = socket
        return passage?.judgement
    }

    /// The server's end, where it is a pod on a node with maps, and what user space decides where it is asked.
    private mutating func accept(
        _ connection: Connection, _ events: inout [HookEvent], _ reports: inout [ConnectionReport]
    ) -> (peer: PeerSocket?, verdict: Judgement?) {
        guard let uid = workloadsByAddress[connection.remote.address.unmapped], let namespace = namespaces[uid],
            nodes[namespace.node] != nil
        else { return (nil, nil) }
        var storage: SocketStorage?
        let server = Connection(local: connection.remote, remote: connection.local, cookie: namespace.cookie)
        let decision = runSockOps(
            .passiveEstablished, server, node: namespace.node, isServerSide: true, storage: &storage, &events,
            &reports)
        let peer = PeerSocket(
            node: namespace.node, cookie: namespace.cookie, storage: storage, isWatched: decision.watchesState)
        guard !decision.authorizationRequest.isEmpty,
            let answer = nodes[namespace.node]?.authorization?.ask(client: server.remote, server: server.local)
        else { return (peer, nil) }
        // sockops asked, so the last event is its.
        events[events.count - 1].steps.append(.ingress(.userSpace(answer.decision, isWritten: answer.isWritten)))
        return (peer, Judgement(answer.decision))
    }

    // MARK: Closed

    /// The packets of a connection's end, and what sockops makes of them. A server that does not hear of it keeps its
    /// end.
    private mutating func closeConnection(
        _ number: Int, _ events: inout [HookEvent], _ reports: inout [ConnectionReport]
    ) {
        guard let socket = sockets[number], socket.isTCP, let connection = socket.connection else { return }
        var passage = socket.peer == nil ? nil : wayOfPackets(of: connection, from: socket.caller)
        let isHeard = arrive([.fin, .ack], along: &passage, &events) == .passed
        if isHeard { _ = comeBack([.fin, .ack], along: &passage, &events) }
        end(number, &events, &reports, reachingServer: isHeard)
    }

    /// Runs sockops for the end of a connection at both ends, or at the client's alone.
    mutating func end(
        _ number: Int, _ events: inout [HookEvent], _ reports: inout [ConnectionReport], reachingServer: Bool = true
    ) {
        guard var socket = sockets[number], let connection = socket.connection else { return }
        if socket.isWatched {
            var storage = socket.storage
            _ = runSockOps(
                .close, connection, node: socket.node, isServerSide: false, storage: &storage, &events, &reports)
            socket.storage = storage
        }
        if reachingServer, let peer = socket.peer, peer.isWatched {
            var storage = peer.storage
            let server = Connection(
                local: connection.remote, remote: connection.local, cookie: peer.cookie,
                sentBytes: connection.receivedBytes, receivedBytes: connection.sentBytes)
            _ = runSockOps(
                .close, server, node: peer.node, isServerSide: true, storage: &storage, &events, &reports)
        }
        socket.peer = nil
        socket.remote = nil
        sockets[number] = socket
    }
}
