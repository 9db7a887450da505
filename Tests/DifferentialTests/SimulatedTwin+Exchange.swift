import Model
import Sim

extension SimulatedTwin {
    mutating func send(_ send: DifferentialStep.Send, _ outcome: inout StepOutcome) {
        guard var socket = sockets[send.socket], socket.remote != nil else { return }
        outcome.bytes = send.bytes
        if send.isFromServer {
            socket.receivedBytes += UInt32(send.byteCount)
        } else {
            push(on: &socket, &outcome)
            socket.sentBytes += UInt32(outcome.bytes.count)
        }
        outcome.storage = socket.storage.map(StepOutcome.Storage.init)
        sockets[send.socket] = socket
    }

    private func push(on socket: inout Socket, _ outcome: inout StepOutcome) {
        guard socket.isInSockHash else { return }
        var untraced = NoTrace()
        let decision = SkMsg(options: options).run(
            family: socket.family, storage: &socket.storage, recorder: &untraced)
        outcome.exits.append(.init(hook: .skMsg, reason: decision.reason))
        outcome.bytes = decision.header + outcome.bytes
    }

    // MARK: Reports, verdicts

    mutating func report(_ number: Int, _ outcome: inout StepOutcome) {
        guard var socket = sockets[number], let local = socket.local, let remote = socket.remote,
            var peer = socket.peer
        else { return }
        outcome.bytes = [7]
        push(on: &socket, &outcome)
        // A program sees the packet before the kernel counts it.
        let cookie = cookies[socket.namespace]
        let client = Connection(
            local: local, remote: remote, cookie: cookie, sentBytes: socket.sentBytes,
            receivedBytes: socket.receivedBytes)
        let server = Connection(
            local: remote.unmapped, remote: local.unmapped, cookie: cookie, sentBytes: socket.receivedBytes,
            receivedBytes: socket.sentBytes)
        reportIfDue(client, &socket.storage, &outcome)
        reportIfDue(server, &peer.storage, &outcome)
        socket.sentBytes += UInt32(outcome.bytes.count)
        outcome.storage = socket.storage.map(StepOutcome.Storage.init)
        socket.peer = peer
        sockets[number] = socket
    }

    private mutating func reportIfDue(
        _ connection: Connection, _ storage: inout SocketStorage?, _ outcome: inout StepOutcome
    ) {
        var untraced = NoTrace()
        let old = storage?.last_report_ns ?? 0
        storage?.last_report_ns = 1
        let decision = CgroupSkb(options: options).run(
            connection, maps: &maps, storage: &storage, now: now, recorder: &untraced)
        if decision.report == nil { storage?.last_report_ns = old }
        outcome.packetExits.append(.init(hook: .cgroupSkb, reason: decision.reason))
        if let report = decision.report { outcome.reports.append(StepOutcome.Report(report)) }
    }

    mutating func cacheVerdict(_ number: Int) {
        guard let socket = sockets[number], socket.peer != nil, let local = socket.local, let remote = socket.remote
        else { return }
        let ends = [local.unmapped, remote.unmapped]
        if !verdicts.contains(ends) { verdicts.append(ends) }
    }

    // MARK: DNS

    mutating func ask(
        _ server: SocketAddress, _ answerFrom: SocketAddress?, on number: Int, _ outcome: inout StepOutcome
    ) {
        guard var socket = sockets[number] else { return }
        let cookie = cookies[socket.namespace]
        var untraced = NoTrace()
        let sent = SendMsg4(options: options).run(
            SocketCall(cookie: cookie, destination: server, isTCP: false, now: now), maps: &maps,
            storage: &socket.storage, recorder: &untraced)
        outcome.exits.append(.init(hook: .sendmsg4, reason: sent.reason))
        sockets[number] = socket
        outcome.storage = socket.storage.map(StepOutcome.Storage.init)
        guard Listeners.datagramPorts.contains(sent.address.port) else { return }
        let heard = Linux.destination(of: sent.address)
        outcome.server = heard
        let source = answerFrom ?? heard
        let received = RecvMsg4(options: options).run(
            SocketCall(cookie: cookie, destination: source, isTCP: false, now: now), maps: &maps,
            storage: socket.storage, recorder: &untraced)
        outcome.exits.append(.init(hook: .recvmsg4, reason: received.reason))
        outcome.seenFrom = received.address
    }
}
