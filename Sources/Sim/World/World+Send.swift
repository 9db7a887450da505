public import Model

/// What a send gave.
public struct SendResult: Sendable {
    /// The bytes that leave the socket, a header included; none where authorization denied the connection before.
    public var bytes: [UInt8]
    /// The header alone.
    public var header: [UInt8]
    /// The destination in the header.
    public var headerDestination: SocketAddress?
    public var reason: Reason
    /// What authorization decided about these bytes, or about the connection before; nil where nobody did.
    public var authorization: Judgement?
    public var events: [HookEvent]
    public var reports: [ConnectionReport]
}

/// What a DNS exchange gave.
public struct DNSResult: Sendable {
    /// Where the question really went; nil when nothing was asked.
    public var server: SocketAddress?
    /// What the program saw as the source of the answer; nil without one.
    public var seenFrom: SocketAddress?
    public var originalDestination: SocketAddress?
    public var reason: Reason
    public var events: [HookEvent]
}

extension World {
    /// Sends bytes on a connected socket.
    /// - Parameter canPush: False when the kernel has no memory for a header.
    /// - Returns: nil when the socket is not connected, because its connect was refused.
    public mutating func send(_ payload: [UInt8], on number: Int, canPush: Bool = true) -> SendResult? {
        guard var socket = sockets[number] else { return nil }
        if let denial = socket.denial {
            counters.add(.denied)
            return SendResult(
                bytes: [], header: [], headerDestination: nil, reason: .none, authorization: denial, events: [],
                reports: [])
        }
        guard let remote = socket.remote, let before = socket.connection else { return nil }
        var result = SendResult(
            bytes: payload, header: [], headerDestination: nil, reason: .tlvNotNeeded, authorization: nil, events: [],
            reports: [])
        if socket.isInSockHash {
            var trace = Trace()
            let decision = SkMsg(options: options).run(
                family: socket.family, storage: &socket.storage, canPush: canPush, recorder: &trace)
            result.reason = decision.reason
            result.header = decision.header
            result.bytes = decision.header + payload
            if !decision.header.isEmpty {
                result.headerDestination = socket.storage?.originalDestination(socket.family)
                counters.add(.tlvPushed)
            }
            result.events.append(HookEvent(.skMsg, node: socket.node, decision.reason, trace.steps))
            counters.add(reason: decision.reason)
        }
        socket.sentBytes &+= UInt32(truncatingIfNeeded: result.bytes.count)
        if settings.hasPeriodicReports {
            let connection = Connection(
                local: socket.local, remote: remote, cookie: socket.cookie, sentBytes: socket.sentBytes,
                receivedBytes: socket.receivedBytes)
            runCgroupSkb(connection, node: socket.node, isServerSide: false, storage: &socket.storage, &result)
        }
        var passage = wayOfPackets(of: before, from: socket.caller)
        let arrival = arrive([.psh, .ack], along: &passage, &result.events)
        if settings.hasPeriodicReports, arrival == .passed, var peer = socket.peer {
            let server = Connection(
                local: remote, remote: socket.local, cookie: peer.cookie, sentBytes: socket.receivedBytes,
                receivedBytes: socket.sentBytes)
            runCgroupSkb(server, node: peer.node, isServerSide: true, storage: &peer.storage, &result)
            socket.peer = peer
        }
        if arrival == .passed { _ = comeBack(.ack, along: &passage, &result.events) }
        result.authorization = passage?.judgement
        if result.authorization?.isAllowed == false {
            counters.add(.denied)
            // km_auth_res does not tell whose denial it holds.
            if arrival != .passed, socket.userSpaceVerdict?.isAllowed == false {
                result.authorization = socket.userSpaceVerdict
            }
        }
        sockets[number] = socket
        if arrival == .reset {
            // The server's end is gone, and answers what the client sends again with a reset.
            end(number, &result.events, &result.reports)
            sockets[number]?.denial = result.authorization
        }
        counters.add(.reports, UInt64(result.reports.count))
        return result
    }

    /// Runs cgroup_skb for a packet at one end: egress at the program's side, ingress at the server's.
    private mutating func runCgroupSkb(
        _ connection: Connection, node: String, isServerSide: Bool, storage: inout SocketStorage?,
        _ result: inout SendResult
    ) {
        guard var maps = takeMaps(of: node) else { return }
        var trace = Trace()
        let decision = CgroupSkb(options: options).run(
            connection, maps: &maps, storage: &storage, now: now, recorder: &trace)
        nodes[node]?.maps = maps
        result.events.append(
            HookEvent(.cgroupSkb, node: node, isServerSide: isServerSide, decision.reason, trace.steps))
        counters.add(reason: decision.reason)
        if let report = decision.report { result.reports.append(report) }
    }

    /// Opens an unconnected UDP socket of a pod.
    /// - Precondition: The caller's node has maps.
    public mutating func openDatagramSocket(_ caller: Caller) -> Int {
        guard let place = place(of: caller) else { preconditionFailure("\(caller) has no node with maps") }
        let own = place.addresses.first { $0.family == .v4 } ?? .anyV4
        return open(
            SimSocket(
                caller: caller, node: place.node, cookie: place.cookie, family: .v4, isTCP: false,
                local: SocketAddress(own, port: makePort())))
    }

    /// Sends a question to a DNS server, and receives its answer from where it really went.
    public mutating func askDNS(_ server: SocketAddress, on number: Int, isAnswered: Bool) -> DNSResult? {
        guard var socket = sockets[number], var maps = takeMaps(of: socket.node) else { return nil }
        var trace = Trace()
        let call = SocketCall(cookie: socket.cookie, destination: server, isTCP: false, now: now)
        let sent = SendMsg4(options: options).run(
            call, maps: &maps, storage: &socket.storage, recorder: &trace)
        nodes[socket.node]?.maps = maps
        sockets[number] = socket
        var result = DNSResult(
            server: LinuxConnect.destination(of: sent.address), seenFrom: nil,
            originalDestination: socket.storage?.originalDestination(.v4), reason: sent.reason,
            events: [HookEvent(.sendmsg4, node: socket.node, sent.reason, trace.steps)])
        counters.add(reason: sent.reason)
        if sent.reason == .dnsRedirected { counters.add(.dnsRedirected) }
        guard isAnswered, let source = result.server, let received = receive(from: source, on: number) else {
            return result
        }
        result.seenFrom = received.seenFrom
        result.events += received.events
        return result
    }

    /// Receives a datagram.
    public mutating func receive(from source: SocketAddress, on number: Int) -> DNSResult? {
        guard let socket = sockets[number], var maps = takeMaps(of: socket.node) else { return nil }
        var trace = Trace()
        let call = SocketCall(cookie: socket.cookie, destination: source, isTCP: false, now: now)
        let received = RecvMsg4(options: options).run(
            call, maps: &maps, storage: socket.storage, recorder: &trace)
        nodes[socket.node]?.maps = maps
        counters.add(reason: received.reason)
        return DNSResult(
            server: nil, seenFrom: received.address,
            originalDestination: socket.storage?.originalDestination(.v4), reason: received.reason,
            events: [HookEvent(.recvmsg4, node: socket.node, received.reason, trace.steps)])
    }
}
