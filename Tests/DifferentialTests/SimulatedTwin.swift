import Inputs
import KernelABI
import Model
import Sim
import SocketDriverProtocol

/// The simulated twin: the hooks of Sim in the order in which Linux runs them for one process and a listener in the
/// same namespace.
struct SimulatedTwin {
    struct Socket {
        var namespace: Int
        var family: AddressFamily
        var isTCP: Bool
        var storage: SocketStorage?
        var local: SocketAddress?
        var remote: SocketAddress?
        var isInSockHash = false
        var isWatched = false
        var sentBytes: UInt32 = 0
        var receivedBytes: UInt32 = 0
        /// The listener's end.
        var peer: (storage: SocketStorage?, isWatched: Bool)?
    }

    let options: DataplaneOptions
    let cookies: [UInt64]
    let sockOps: SockOps
    var maps: MapStore
    private var generator: SplitMix64
    var sockets: [Socket?] = []
    /// Any time will do: times are not compared.
    var now: UInt64 = 100_000_000_000
    /// Connections (client, server) of which a verdict is cached.
    var verdicts: [[SocketAddress]] = []

    init(_ test: DifferentialCase, options: DataplaneOptions, cookies: [UInt64]) {
        self.options = options
        self.cookies = cookies
        sockOps = SockOps(options: options, probeSources: test.probeSources, isMonitoring: test.isMonitoring)
        maps = MapStore(capacities: DifferentialCase.capacities)
        generator = SplitMix64(seed: test.seed)
        for write in test.entries {
            do throws(MapError) { try maps.apply(write) } catch {
                preconditionFailure("a case fits its maps: \(error)")
            }
        }
        for (cookie, isManaged) in zip(cookies, test.managed) where isManaged { maps.manage(ManageKey(cookie: cookie)) }
    }

    mutating func perform(_ step: DifferentialStep, _ facts: KernelFacts) -> StepOutcome {
        now += 1_000_000
        var outcome = StepOutcome()
        switch step {
        case .connect(let connect): self.connect(connect, facts, &outcome)
        case .send(let send): self.send(send, &outcome)
        case .report(let socket): report(socket, &outcome)
        case .cacheVerdict(let socket): cacheVerdict(socket)
        case .close(let socket, _): close(socket, &outcome)
        case .openDatagram(let namespace):
            sockets.append(Socket(namespace: namespace, family: .v4, isTCP: false))
        case .ask(let socket, let server, let answerFrom): ask(server, answerFrom, on: socket, &outcome)
        case .put(let text): if let entry = text.entry { try? maps.put(entry) }
        case .delete(let text): if let entry = text.entry { try? maps.delete(entry.key) }
        }
        outcome.reports.sort { !$0.isInbound && $1.isInbound }
        outcome.verdicts = verdicts.sorted { $0[0] < $1[0] }
        return outcome
    }

    // MARK: Connect

    private mutating func connect(
        _ connect: DifferentialStep.Connect, _ facts: KernelFacts, _ outcome: inout StepOutcome
    ) {
        let family = connect.destination.address.family
        var number = sockets.count
        if let reused = connect.reusing {
            number = reused
            disconnect(reused, &outcome)
        } else {
            sockets.append(Socket(namespace: connect.namespace, family: family, isTCP: connect.isTCP))
        }
        guard var socket = sockets[number] else { preconditionFailure("socket \(number) is closed") }
        let call = SocketCall(
            cookie: cookies[socket.namespace], destination: connect.destination, isTCP: socket.isTCP, now: now)
        let hook = ConnectHook(options: options)
        var trace = Trace()
        let decision =
            family == .v4
            ? hook.connect4(call, maps: &maps, storage: &socket.storage, generator: &generator, recorder: &trace)
            : hook.connect6(call, maps: &maps, storage: &socket.storage, generator: &generator, recorder: &trace)
        for case .rule(let reason) in trace.steps {
            outcome.exits.append(.init(hook: family == .v4 ? .connect4 : .connect6, reason: reason))
        }
        if decision.verdict == .refuse {
            outcome.result = "ECONNREFUSED"
        } else {
            let bound = DifferentialCase.localAddress(socket.namespace, .v4)
            socket.remote = Linux.destination(of: decision.destination, boundTo: bound)
            socket.local = facts.local
            if socket.isTCP { establish(&socket, &outcome) }
            // To getpeername a socket without port is not connected.
            if outcome.result == "ok", socket.remote?.port != 0 { outcome.peer = socket.remote }
        }
        outcome.storage = socket.storage.map(StepOutcome.Storage.init)
        sockets[number] = socket
    }

    private mutating func establish(_ socket: inout Socket, _ outcome: inout StepOutcome) {
        guard let remote = socket.remote else { return }
        // Where no program tells of it, it does not matter.
        let local = socket.local ?? SocketAddress(remote.address, port: 0)
        let client = Connection(local: local, remote: remote, cookie: cookies[socket.namespace])
        var storage = socket.storage
        run(.connect, client, &storage, &outcome)
        (socket.sentBytes, socket.receivedBytes) = (0, 0)
        guard Listeners.ports.contains(remote.port) else {
            outcome.result = "ECONNREFUSED"
            if socket.isWatched { run(.close, client, &storage, &outcome) }
            socket.storage = storage
            socket.remote = nil
            return
        }
        let active = run(.activeEstablished, client, &storage, &outcome)
        socket.storage = storage
        // What sk_msg was put on, it stays on.
        socket.isInSockHash = socket.isInSockHash || active.entersSockHash
        // Once asked for, callbacks go on for every connection of the socket.
        socket.isWatched = socket.isWatched || active.watchesState
        var accepted: SocketStorage?
        // The listener's socket is of the family on the wire.
        let server = Connection(local: remote.unmapped, remote: local.unmapped, cookie: cookies[socket.namespace])
        let passive = run(.passiveEstablished, server, &accepted, &outcome)
        socket.peer = (accepted, passive.watchesState)
    }

    @discardableResult
    private mutating func run(
        _ event: SockOps.Event, _ connection: Connection, _ storage: inout SocketStorage?,
        _ outcome: inout StepOutcome
    ) -> SockOps.Decision {
        var untraced = NoTrace()
        let decision = sockOps.run(event, connection, maps: &maps, storage: &storage, now: now, recorder: &untraced)
        if decision.reason != .none { outcome.exits.append(.init(hook: .sockOps, reason: decision.reason)) }
        if let report = decision.report { outcome.reports.append(StepOutcome.Report(report)) }
        let asked = decision.authorizationRequest
        if asked.count == 2 {
            outcome.requests.append(
                .init(isIPv6: asked[0].address.family == .v6, client: asked[0], server: asked[1]))
        }
        if decision.forgetsVerdict {
            let ends = [connection.local.unmapped, connection.remote.unmapped]
            verdicts.removeAll { $0 == ends || $0 == ends.reversed() }
        }
        return decision
    }

    // MARK: Close

    private mutating func close(_ number: Int, _ outcome: inout StepOutcome) {
        disconnect(number, &outcome)
        sockets[number] = nil
    }

    /// Both ends of a connection close.
    private mutating func disconnect(_ number: Int, _ outcome: inout StepOutcome) {
        guard var socket = sockets[number], socket.isTCP, let local = socket.local, let remote = socket.remote else {
            return
        }
        let cookie = cookies[socket.namespace]
        if socket.isWatched {
            let client = Connection(
                local: local, remote: remote, cookie: cookie, sentBytes: socket.sentBytes,
                receivedBytes: socket.receivedBytes)
            run(.close, client, &socket.storage, &outcome)
        }
        if var peer = socket.peer, peer.isWatched {
            let server = Connection(
                local: remote.unmapped, remote: local.unmapped, cookie: cookie, sentBytes: socket.receivedBytes,
                receivedBytes: socket.sentBytes)
            run(.close, server, &peer.storage, &outcome)
        }
        socket.peer = nil
        socket.remote = nil
        sockets[number] = socket
    }
}

/// What Linux itself does to a destination after the hooks.
enum Linux {
    /// The unspecified address is this host: of IPv4 the address that the socket is bound to. Source: Linux,
    /// ip_route_output_key_hash_rcu, tcp_v6_connect.
    static func destination(of address: SocketAddress, boundTo bound: IPAddress? = nil) -> SocketAddress {
        let own = bound ?? .v4(0x7f00_0001)
        if address.address == .anyV4 { return SocketAddress(own, port: address.port) }
        if address.address == IPAddress.anyV4.mapped { return SocketAddress(own.mapped, port: address.port) }
        if address.address == .anyV6 { return SocketAddress(.v6(high: 0, low: 1), port: address.port) }
        return address
    }
}

/// Where somebody listens in every namespace, at every address.
enum Listeners {
    static let ports: [UInt16] = [53, 80, 81, 443, 8080, 8443, 9090, 15008]
    static let datagramPorts: [UInt16] = [53, 5353]
}

extension StepOutcome.Report {
    init(_ report: ConnectionReport) {
        self.init(
            isInbound: report.direction == .inbound, source: report.source, destination: report.destination,
            originalDestination: report.originalDestination, sentBytes: report.sentBytes,
            receivedBytes: report.receivedBytes, state: report.state.rawValue, isConnected: report.isConnected,
            isFirst: report.lastReportNanoseconds == 0)
    }
}

extension MapEntryText {
    var entry: MapEntry? {
        try? MapEntry(MapDump.Entry(key: key, value: value), of: map)
    }

    init(_ entry: MapEntry) {
        func text<Key: BitwiseCopyable, Value: BitwiseCopyable>(_ key: Key, _ value: Value) -> Self {
            MapEntryText(map: entry.key.map, key: layoutBytes(of: key), value: layoutBytes(of: value))
        }
        self =
            switch entry {
            case .frontend(let key, let value): text(key, value)
            case .service(let key, let value): text(key, value)
            case .endpoint(let key, let value): text(key, value)
            case .backend(let key, let value): text(key, value)
            case .backendAlternative(let key, let value): text(key, value)
            case .servicePort(let key, let value): text(key, value)
            case .manage(let key, let value): text(key, value)
            case .nodeInfo(let key, let value): text(key, value)
            }
    }
}
