import Glibc
import KernelABI
import KernelTestSupport
@testable import Live
import Model
import SocketDriverProtocol

extension KernelTwin {
    /// Does one thing, and tells what came of it.
    mutating func perform(_ step: DifferentialStep) throws -> (StepOutcome, KernelFacts) {
        try drain()
        var outcome = StepOutcome()
        var facts = KernelFacts()
        /// Datagram hooks run for the listener too; only this socket's count.
        var cookie: UInt64?
        switch step {
        case .connect(let connect): try self.connect(connect, &outcome, &facts)
        case .send(let send): try self.send(send, &outcome)
        case .report(let socket): try report(socket, &outcome)
        case .cacheVerdict(let socket): try cacheVerdict(socket)
        case .close(let number, let ending):
            if let socket = sockets[number] { try driver.close(socket, ending) }
            sockets[number] = nil
            accepted[number] = nil
        case .openDatagram(let namespace):
            sockets.append(try driver.openDatagramSocket(in: namespaces[namespace].number))
        case .ask(let socket, let server, let answerFrom):
            cookie = try ask(server, answerFrom, on: socket, &outcome)
        case .put(let text): if let entry = text.entry { _ = try dataplane.maps.apply([.put(entry)]) }
        case .delete(let text): if let entry = text.entry { _ = try dataplane.maps.apply([.delete(entry.key)]) }
        }
        try consume()
        if facts.local == nil { facts.local = Self.local(inbox.events) }
        let exits = inbox.events.filter { cookie == nil || $0.socket_cookie == cookie }.map(StepOutcome.Exit.init)
        outcome.wanted = Self.wanted(inbox.events)
        outcome.clientReasons = Self.clientReasons(inbox.events)
        outcome.exits = exits.filter { $0.hook != .cgroupSkb }
        if case .send(let send) = step, send.byteCount > KernelTwin.messageByteCount { outcome.joinMessages() }
        outcome.reports = inbox.reports.map(StepOutcome.Report.init).sorted { !$0.isInbound && $1.isInbound }
        outcome.requests = inbox.requests.map(StepOutcome.Request.init)
        outcome.verdicts = try cachedVerdicts()
        return (outcome, facts)
    }

    /// More than this may be sent in several messages, as the kernel has room.
    static var messageByteCount: Int { 16_384 }

    /// What the connect hooks left as the destination.
    private static func wanted(_ events: [km_event]) -> SocketAddress? {
        let hooks = [KM_HOOK_CONNECT4.rawValue, KM_HOOK_CONNECT6.rawValue]
        return events.last { hooks.contains(UInt32($0.hook)) }.map { event in
            SocketAddress(event.is_ipv6 == 1 ? event.after.asV6 : event.after.asV4, port: event.after_port)
        }
    }

    /// The reasons of sockops where a socket of a program is the local end.
    private static func clientReasons(_ events: [km_event]) -> [Reason] {
        events.filter { event in
            let local = event.is_ipv6 == 1 ? event.before.asV6.unmapped : event.before.asV4
            // Only those have an ephemeral port.
            return event.hook == KM_HOOK_SOCKOPS.rawValue && event.before_port >= 32768
                && [0, 1].contains { DifferentialCase.localAddress($0, local.family) == local }
        }.map { Reason.allCases[Int($0.reason)] }
    }

    /// Of a connect that nobody answered only the programs know where it came from.
    private static func local(_ events: [km_event]) -> SocketAddress? {
        events.last { $0.hook == KM_HOOK_SOCKOPS.rawValue }.map { event in
            SocketAddress(event.is_ipv6 == 1 ? event.before.asV6 : event.before.asV4, port: event.before_port)
        }
    }

    private mutating func connect(
        _ connect: DifferentialStep.Connect, _ outcome: inout StepOutcome, _ facts: inout KernelFacts
    ) throws {
        let namespace = namespaces[connect.namespace].number
        var request = ConnectRequest(to: connect.destination)
        request.namespace = namespace
        request.family = connect.destination.address.family
        request.transport = connect.isTCP ? .tcp : .udp
        request.acceptingNamespace = connect.isTCP ? namespace : nil
        if let reused = connect.reusing, let socket = sockets[reused] {
            try driver.disconnect(socket)
            request.socket = socket
        } else {
            let family = connect.destination.address.unmapped.family
            request.localEnd = SocketAddress(DifferentialCase.localAddress(connect.namespace, family), port: 0)
        }
        let result = try driver.connect(request)
        if connect.reusing == nil { sockets.append(result.socket) }
        accepted[connect.reusing ?? sockets.count - 1] = result.accepted
        switch result.errno {
        case 0:
            outcome.peer = result.state.remoteEnd
            facts.local = result.state.localEnd
        case ECONNREFUSED: outcome.result = "ECONNREFUSED"
        default: outcome.result = "error \(result.errno)"
        }
        outcome.storage = Self.storage(result.state)
    }

    private static func storage(_ state: SocketState) -> StepOutcome.Storage? {
        state.storageValue.map(StepOutcome.Storage.init)
    }

    private mutating func send(_ send: DifferentialStep.Send, _ outcome: inout StepOutcome) throws {
        guard let socket = sockets[send.socket], let peer = accepted[send.socket]?.socket else { return }
        outcome.bytes = try driver.transfer(
            send.bytes, from: send.isFromServer ? peer : socket, to: send.isFromServer ? socket : peer)
        outcome.storage = Self.storage(try driver.state(of: socket))
    }

    // MARK: Reports, verdicts

    private mutating func report(_ number: Int, _ outcome: inout StepOutcome) throws {
        guard let socket = sockets[number], let peer = accepted[number]?.socket else { return }
        let ends = [socket, peer]
        let before = try ends.map { try driver.state(of: $0) }
        for (end, state) in zip(ends, before) { try setLastReport(Self.longAgo, of: end, state) }
        outcome.bytes = try driver.transfer([7], from: socket, to: peer)
        try consume()
        for (end, state) in zip(ends, before) {
            outcome.packetExits.append(
                inbox.events.first { $0.socket_cookie == state.cookie && $0.hook == KM_HOOK_CGROUP_SKB.rawValue }
                    .map(StepOutcome.Exit.init))
            let now = try driver.state(of: end)
            // One that was not made is due no more.
            if now.storageValue?.last_report_ns == Self.longAgo, let old = state.storageValue?.last_report_ns {
                try setLastReport(old, of: end, now)
            }
        }
        outcome.storage = Self.storage(try driver.state(of: socket))
    }

    /// A time at which the machine had just started.
    private static var longAgo: UInt64 { 1 }

    private mutating func setLastReport(_ time: UInt64, of socket: SocketNumber, _ state: SocketState) throws {
        guard var bytes = state.storage else { return }
        // km_sockstorage_value.last_report_ns
        bytes.replaceSubrange(8..<16, with: layoutBytes(of: time))
        try driver.setStorage(of: socket, to: bytes)
    }

    private mutating func cacheVerdict(_ number: Int) throws {
        guard let end = accepted[number] else { return }
        let tuple = km_tuple(client: end.remoteEnd, server: end.localEnd)
        // Both cover the same 36 bytes.
        let key = unsafe unsafeBitCast(tuple, to: VerdictKey.self)
        try verdicts.update(key, to: 1)
        hasVerdicts = true
    }

    private func cachedVerdicts() throws -> [[SocketAddress]] {
        guard hasVerdicts else { return [] }
        return try verdictKeys().map { key in
            let tuple = unsafe unsafeBitCast(key, to: km_tuple.self)
            // An IPv4 tuple leaves the rest zero.
            return tuple.ends(isIPv6: (12..<36).contains { key[$0] != 0 })
        }.sorted { $0[0] < $1[0] }
    }

    // MARK: Datagrams

    private mutating func ask(
        _ server: SocketAddress, _ answerFrom: SocketAddress?, on number: Int, _ outcome: inout StepOutcome
    ) throws -> UInt64? {
        guard let socket = sockets[number] else { return nil }
        let state = try driver.state(of: socket)
        let question: [UInt8] = [1, 2, 3]
        try driver.sendDatagram(question, on: socket, to: server)
        // The namespace that has the listener which hears the question.
        for listeners in datagramListeners {
            guard let pair = listeners[server.port],
                let heard = try? driver.receiveDatagram(on: pair.v4, timeoutMilliseconds: 20)
            else { continue }
            outcome.server = heard.destination
            let source = answerFrom ?? heard.destination
            guard let answering = listeners[source.port] else { break }
            try driver.sendDatagram(
                [4], on: answering.v4, to: heard.source, from: SocketAddress(source.address, port: 0))
            outcome.seenFrom = try driver.receiveDatagram(on: socket).source
            break
        }
        outcome.storage = Self.storage(try driver.state(of: socket))
        return state.cookie
    }
}
