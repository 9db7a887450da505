import Glibc
import KernelABI
import KernelTestSupport
import Live
import Model
import SocketDriverProtocol

/// The kernel twin: our programs, attached to a cgroup of their own, and a process with real sockets in it.
struct KernelTwin: ~Copyable {
    /// Collects what the programs send.
    private final class Inbox: @unchecked Sendable {
        // Sendable: the buffers are read by the thread of the test only.
        var events: [km_event] = []
        var reports: [km_connection_report] = []
    }

    private let cgroup: TestCgroup
    private let pins: TestPinDirectory
    private let dataplane: Dataplane
    private let variables: ProgramVariables
    private var driver: SocketDriver
    private let namespaces: [NamespaceMade]
    private let datagramListeners: [[UInt16: ListeningPair]]
    private let inbox: Inbox
    private let eventBuffer: RingBuffer
    private let reportBuffer: RingBuffer
    private var sockets: [SocketNumber?] = []
    /// The listener's end of each socket's connection.
    private var accepted: [Int: SocketNumber] = [:]

    /// The cookies of the namespaces.
    var cookies: [UInt64] { namespaces.map(\.cookie) }

    /// Loads and attaches the programs.
    init(_ group: CaseGenerator.Group, namespaceCount: Int = 2) throws {
        let cgroup = try TestCgroup()
        let pins = try TestPinDirectory()
        var settings = ProgramSettings(options: group.options, probeSources: group.probeSources)
        settings.seed = 1
        let dataplane = try Dataplane(settings, pins: PinDirectory(pins.path))
        try dataplane.attach(cgroup: cgroup.directory)
        var driver = try SocketDriver(inCgroup: cgroup.directory)
        try driver.useStorageMap("\(pins.path)/km_sockstorage")
        var namespaces: [NamespaceMade] = []
        var datagramListeners: [[UInt16: ListeningPair]] = []
        for _ in 0..<namespaceCount {
            let made = try driver.makeNamespace()
            namespaces.append(made)
            _ = try driver.listen(on: Listeners.ports, in: made.number)
            datagramListeners.append(try driver.listen(on: Listeners.datagramPorts, .udp, in: made.number))
        }
        let inbox = Inbox()
        let eventBuffer = try RingBuffer("km_event", adopting: try dataplane.openMap("km_event")) { record in
            if let event = record.record(as: km_event.self) { inbox.events.append(event) }
        }
        let reportBuffer = try RingBuffer("km_tcp_probe", adopting: try dataplane.openMap("km_tcp_probe")) { record in
            if let report = record.record(as: km_connection_report.self) { inbox.reports.append(report) }
        }
        let variables = try dataplane.openVariables()
        self.inbox = inbox
        self.eventBuffer = eventBuffer
        self.reportBuffer = reportBuffer
        self.variables = variables
        self.cgroup = cgroup
        self.pins = pins
        self.dataplane = dataplane
        self.driver = driver
        self.namespaces = namespaces
        self.datagramListeners = datagramListeners
    }

    /// Gives the maps a case's content, and the generator its seed.
    mutating func begin(_ test: DifferentialCase) throws {
        for socket in sockets { if let socket { try driver.close(socket) } }
        sockets = []
        accepted = [:]
        var writes = Self.deletions(of: try dataplane.maps.snapshot())
        writes += test.entries
        for (namespace, isManaged) in zip(namespaces, test.managed) where isManaged {
            writes.append(.put(.manage(ManageKey(cookie: namespace.cookie), ManageValue(state: 0))))
        }
        _ = try dataplane.maps.apply(writes.filter { if case .barrier = $0 { false } else { true } })
        try variables.setGenerator(test.seed)
        try variables.listen(untilNanoseconds: .max)
        try drain()
    }

    private static func deletions(of maps: MapStore) -> [MapWrite] {
        maps.frontend.sortedEntries.map { .delete(.frontend($0.key)) }
            + maps.service.sortedEntries.map { .delete(.service($0.key)) }
            + maps.endpoint.sortedEntries.map { .delete(.endpoint($0.key)) }
            + maps.backend.sortedEntries.map { .delete(.backend($0.key)) }
            + maps.backendAlternative.sortedEntries.map { .delete(.backendAlternative($0.key)) }
            + maps.servicePort.sortedEntries.map { .delete(.servicePort($0.key)) }
            + maps.manage.sortedEntries.map { .delete(.manage($0.key)) }
    }

    /// What the maps hold now.
    func snapshot() throws -> MapStore { try dataplane.maps.snapshot() }

    private func drain() throws {
        try eventBuffer.consume()
        try reportBuffer.consume()
        inbox.events = []
        inbox.reports = []
    }

    mutating func perform(_ step: DifferentialStep) throws -> (StepOutcome, KernelFacts) {
        try drain()
        var outcome = StepOutcome()
        var facts = KernelFacts()
        /// Datagram hooks run for the listener too; only this socket's count.
        var cookie: UInt64?
        switch step {
        case .connect(let connect): try self.connect(connect, &outcome, &facts)
        case .send(let socket, let bytes): try send(bytes, on: socket, &outcome)
        case .close(let number):
            if let socket = sockets[number] { try driver.close(socket) }
            sockets[number] = nil
            accepted[number] = nil
        case .openDatagram(let namespace):
            sockets.append(try driver.openDatagramSocket(in: namespaces[namespace].number))
        case .ask(let socket, let server, let answerFrom):
            cookie = try ask(server, answerFrom, on: socket, &outcome)
        case .put(let text): if let entry = text.entry { _ = try dataplane.maps.apply([.put(entry)]) }
        case .delete(let text): if let entry = text.entry { _ = try dataplane.maps.apply([.delete(entry.key)]) }
        }
        try eventBuffer.consume()
        try reportBuffer.consume()
        if facts.local == nil { facts.local = Self.local(inbox.events) }
        outcome.exits = inbox.events.filter { cookie == nil || $0.socket_cookie == cookie }.map(StepOutcome.Exit.init)
        outcome.reports = inbox.reports.map(StepOutcome.Report.init).sorted { !$0.isInbound && $1.isInbound }
        return (outcome, facts)
    }

    /// Of a connect that nobody answered only the programs know where it came from.
    private static func local(_ events: [km_event]) -> SocketAddress? {
        events.last { $0.hook == KM_HOOK_SOCKOPS.rawValue }.map { event in
            SocketAddress(event.is_ipv6 == 1 ? event.before.asV6 : event.before.asV4, port: event.before_port)
        }
    }

    // MARK: Steps

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
        }
        let result = try driver.connect(request)
        if connect.reusing == nil { sockets.append(result.socket) }
        accepted[connect.reusing ?? sockets.count - 1] = result.accepted?.socket
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

    private mutating func send(_ bytes: [UInt8], on number: Int, _ outcome: inout StepOutcome) throws {
        guard let socket = sockets[number], let peer = accepted[number] else { return }
        try driver.send(bytes, on: socket)
        outcome.bytes = try driver.receive(exactly: bytes.count, on: peer)
        // Loopback delivers within the send: what the programs add is there by now, or is not coming.
        outcome.bytes += (try? driver.receive(atMost: 64, on: peer, timeoutMilliseconds: 1)) ?? []
        outcome.storage = Self.storage(try driver.state(of: socket))
    }

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

extension CaseGenerator.Group {
    var options: DataplaneOptions {
        DifferentialCase(
            caseSeed: 0, preset: preset, changed: changed, seed: 0, entries: [], managed: [], steps: []
        ).options
    }
}

extension StepOutcome.Exit {
    init(_ event: km_event) {
        self.init(hook: Hook.allCases[Int(event.hook)], reason: Reason.allCases[Int(event.reason)])
    }
}

extension StepOutcome.Report {
    init(_ report: km_connection_report) {
        let isIPv6 = report.type == 1
        let tuple = report.tuple
        let source: SocketAddress
        let destination: SocketAddress
        if isIPv6 {
            source = SocketAddress(MapAddress(word: tuple.ipv6.saddr).asV6, port: tuple.ipv6.sport)
            destination = SocketAddress(MapAddress(word: tuple.ipv6.daddr).asV6, port: tuple.ipv6.dport)
        } else {
            source = SocketAddress(.v4(tuple.ipv4.saddr.bigEndian), port: tuple.ipv4.sport)
            destination = SocketAddress(.v4(tuple.ipv4.daddr.bigEndian), port: tuple.ipv4.dport)
        }
        let original = report.original_dst
        let address = isIPv6 ? original.addr.asV6 : original.addr.asV4
        self.init(
            isInbound: report.direction == KM_DIRECTION_INBOUND.rawValue, source: source, destination: destination,
            originalDestination: address.isUnspecified && original.port == 0
                ? nil : SocketAddress(address, port: original.port),
            sentBytes: report.sent_bytes, receivedBytes: report.received_bytes, state: report.tcp_state,
            isConnected: report.connected != 0, isFirst: report.last_report_ns == 0)
    }
}
