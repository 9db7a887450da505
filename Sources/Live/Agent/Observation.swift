import Glibc
import KernelABI
import Model
import Synchronization

/// What the agent tells others while it runs: reports, the access log, metrics.
struct Observation: ~Copyable {
    /// What the metrics server shows; its thread reads what the loop writes.
    final class Board: Sendable {
        let families = Mutex<[MetricFamily]>([])
        let isReady = Mutex(false)
    }

    private let configuration: AgentConfiguration
    private var reports: LineFile?
    private var accessLog: LineFile?
    let queue = RecordQueue<ConnectionRecord> { bytes in
        bytes.record(as: km_connection_report.self).flatMap { ConnectionRecord($0) }
    }
    /// Denials by the programs.
    let denialQueue = RecordQueue<DenialRecord> { bytes in
        bytes.record(as: km_denial.self).map { DenialRecord($0) }
    }
    var denials = DenialCounters()
    /// Denials that were neither logged nor counted by their labels.
    private(set) var unloggedCount: UInt64 = 0
    /// Of all that nobody was told of, how many the log has told to be so.
    private var toldUnreported: UInt64?
    private var toldUnreportedAt: UInt64 = 0
    let board = Board()
    private let server: MetricsServer?
    /// Where metrics are served, with the real port.
    let address: ListenAddress?
    var connections = ConnectionCounters(startNanoseconds: BootClock.sinceBootNanoseconds())
    private(set) var lostCount: UInt64 = 0
    private var refreshedAt: UInt64 = 0

    /// Opens the files and begins to serve.
    init(_ configuration: AgentConfiguration) throws(KernelError) {
        let reports = try Self.open(configuration.reports)
        let accessLog = try Self.open(configuration.accessLog)
        let board = board
        let routes = MetricsRoutes(
            metrics: { board.families.withLock { $0 } }, isReady: { board.isReady.withLock { $0 } })
        let server: MetricsServer?
        if let wanted = configuration.metrics {
            let serving = try MetricsServer(on: wanted, routes: routes)
            address = serving.address
            server = consume serving
        } else {
            address = nil
            server = nil
        }
        self.configuration = configuration
        self.reports = reports
        self.accessLog = accessLog
        self.server = server
    }

    private static func open(_ sink: AgentConfiguration.Sink?) throws(KernelError) -> LineFile? {
        switch sink {
        case nil: return nil
        case .standardOutput?: return try LineFile(path: nil)
        case .file(let path)?: return try LineFile(path: path)
        }
    }

    /// Opens the files anew, after somebody renamed them.
    mutating func reopen() throws(KernelError) {
        reports = try Self.open(configuration.reports)
        accessLog = try Self.open(configuration.accessLog)
    }

    /// Whether the metrics are a second old; then they count as new.
    mutating func isRefreshDue() -> Bool {
        let now = BootClock.sinceBootNanoseconds()
        guard now >= refreshedAt + 1_000_000_000 else { return false }
        refreshedAt = now
        return true
    }

    /// Logs and counts denials: so many at once are logged, the others counted alone.
    mutating func takeDenials(
        _ records: [DenialRecord], lostCount: UInt64, _ name: (DenialRecord) -> NamedDenial, log: Log
    ) {
        for (index, record) in records.enumerated() {
            let denial = name(record)
            if !record.isDryRun { denials.add(denial) }
            guard index < Self.mostLoggedDenials else { continue }
            let line = denial.line
            log.write(.info, line.message, line.fields)
        }
        unloggedCount += lostCount + UInt64(max(0, records.count - Self.mostLoggedDenials))
    }

    /// Logs how many denials were not, if there are more than ten seconds ago.
    /// - Parameter inKernel: Those that the programs did not tell of, since they were first loaded.
    mutating func tellUnreported(inKernel: () -> UInt64, log: Log) {
        let now = BootClock.sinceBootNanoseconds()
        guard now >= toldUnreportedAt + 10_000_000_000 else { return }
        toldUnreportedAt = now
        let count = inKernel() + unloggedCount
        if let told = toldUnreported, count > told {
            log.warning("denials that are not in this log", LogField("count", .init(count - told)))
        }
        toldUnreported = count
    }

    /// Between two looks of the agent, which are a quarter of a second apart.
    private static let mostLoggedDenials = 100

    /// Writes and counts the reports that came in.
    mutating func takeReports(_ names: NameLookup) throws(KernelError) {
        let (records, lost) = queue.take()
        lostCount += lost
        guard !records.isEmpty else { return }
        let clock = BootClock.now()
        var (reportLines, accessLines): ([String], [String]) = ([], [])
        for record in records {
            let peers = ConnectionPeers(of: record, names)
            connections.add(record) { ConnectionLabels(record.direction, peers) }
            if reports != nil { reportLines.append(ConnectionReportLine.json(record, peers, clock: clock)) }
            if accessLog != nil, let line = AccessLogLine.json(record, peers, clock: clock) { accessLines.append(line) }
        }
        lostCount += UInt64(try reports?.write(reportLines) ?? 0)
        lostCount += UInt64(try accessLog?.write(accessLines) ?? 0)
    }
}
