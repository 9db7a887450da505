import Glibc
import KernelABI
import KernelTestSupport
@testable import Live
import Model
import SocketDriverProtocol

/// The kernel twin: our programs, attached to a cgroup of their own, and a process with real sockets in it.
struct KernelTwin: ~Copyable {
    /// Collects what the programs send.
    final class Inbox: @unchecked Sendable {
        // Sendable: the buffers are read by the thread of the test only.
        var events: [km_event] = []
        var reports: [km_connection_report] = []
        var requests: [km_auth_request] = []
    }

    /// A verdict's key: the bytes of km_tuple, which Swift does not call BitwiseCopyable.
    typealias VerdictKey = InlineArray<36, UInt8>

    private let cgroup: TestCgroup
    private let pins: TestPinDirectory
    let dataplane: Dataplane
    private let variables: ProgramVariables
    var driver: SocketDriver
    let namespaces: [NamespaceMade]
    let datagramListeners: [[UInt16: ListeningPair]]
    let inbox: Inbox
    private let eventBuffer: RingBuffer
    private let reportBuffer: RingBuffer
    private let requestBuffer: RingBuffer
    let verdicts: KernelMap<VerdictKey, UInt32>
    var sockets: [SocketNumber?] = []
    /// The listener's end of each socket's connection, with the two addresses of the connection.
    var accepted: [Int: AcceptedEnd] = [:]
    /// Whether there are verdicts to look at.
    var hasVerdicts = false

    /// The cookies of the namespaces.
    var cookies: [UInt64] { namespaces.map(\.cookie) }

    /// Loads and attaches the programs.
    init(_ group: CaseGenerator.Group, namespaceCount: Int = 2) throws {
        let cgroup = try TestCgroup()
        let pins = try TestPinDirectory()
        var settings = ProgramSettings(options: group.options, probeSources: group.probeSources)
        settings.seed = 1
        settings.isMonitoring = group.isMonitoring
        settings.hasPeriodicReports = group.hasPeriodicReports
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
        let requestBuffer = try RingBuffer("km_auth_req", adopting: try dataplane.openMap("km_auth_req")) { record in
            if let request = record.record(as: km_auth_request.self) { inbox.requests.append(request) }
        }
        let verdictMap = try dataplane.openMap("km_auth_res")
        let variables = try dataplane.openVariables()
        verdicts = KernelMap(name: "km_auth_res", capacity: 8192, adopting: verdictMap)
        self.inbox = inbox
        self.eventBuffer = eventBuffer
        self.reportBuffer = reportBuffer
        self.requestBuffer = requestBuffer
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
        for key in try verdictKeys() { try verdicts.delete(key) }
        hasVerdicts = false
        _ = try dataplane.maps.apply(writes.filter { if case .barrier = $0 { false } else { true } })
        try variables.setGenerator(test.seed)
        try variables.listen(untilNanoseconds: .max)
        try drain()
    }

    static func deletions(of maps: MapStore) -> [MapWrite] {
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

    /// Takes what the programs have sent.
    func consume() throws {
        try eventBuffer.consume()
        try reportBuffer.consume()
        try requestBuffer.consume()
    }

    func drain() throws {
        try consume()
        inbox.events = []
        inbox.reports = []
        inbox.requests = []
    }

    func verdictKeys() throws -> [VerdictKey] {
        var keys: [VerdictKey] = []
        try verdicts.forEach { key, _ in keys.append(key) }
        return keys
    }
}

extension CaseGenerator.Group {
    var options: DataplaneOptions {
        DifferentialCase(
            caseSeed: 0, preset: preset, changed: changed, seed: 0, entries: [], managed: [], steps: []
        ).options
    }
}
