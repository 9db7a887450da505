public import Model

/// Sums of what connections with the same labels did.
public struct ConnectionTotals: Hashable, Sendable {
    public var opened: UInt64 = 0
    public var closed: UInt64 = 0
    /// Closed without ever having been established.
    public var failed: UInt64 = 0
    public var sentBytes: UInt64 = 0
    public var receivedBytes: UInt64 = 0
    public var retransmissions: UInt64 = 0

    public init() {}
}

/// Turns reports of connections into counters.
///
/// A report holds sums since the connection's start, and long connections are reported again and again: what counts is
/// the difference to the report before, which is kept for each open connection. Both tables are bounded:
/// - of `connectionLimit` open connections at most; then the eighth that was silent for longest is forgotten;
/// - of `labelLimit` label sets at most; then further ones are summed with all labels but the reporter "other".
///
/// What a connection did before it was first seen does not count when it was begun before the counters, or before one
/// that is forgotten: that would count twice. So the counters fall behind under such load, and never run ahead. Byte
/// counts in reports have 32 bits: what exceeds 4 GiB between two reports is lost.
public struct ConnectionCounters: Sendable {
    public static let defaultLabelLimit = 2000
    public static let defaultConnectionLimit = 65_536

    private let labelLimit: Int
    private let connectionLimit: Int
    private var totals: [ConnectionLabels: ConnectionTotals] = [:]
    private var open: [Key: Entry] = [:]
    /// Connections begun up to this time since boot and not in the table may have been counted.
    private var horizonNanoseconds: UInt64
    /// Connections that were forgotten for want of room.
    public private(set) var forgottenCount: UInt64 = 0
    /// Label sets that were summed under "other", each time that one was met for a connection.
    public private(set) var otherCount: UInt64 = 0

    /// One end of a connection.
    private struct Key: Hashable {
        var direction: ConnectionRecord.Direction
        var source: SocketAddress
        var destination: SocketAddress
        var startNanoseconds: UInt64

        init(_ record: ConnectionRecord) {
            direction = record.direction
            (source, destination) = (record.source, record.destination)
            startNanoseconds = record.startNanoseconds
        }
    }

    /// What the latest report said.
    private struct Entry {
        var labels: ConnectionLabels
        var sentBytes: UInt32
        var receivedBytes: UInt32
        var retransmissions: UInt32
        var reportNanoseconds: UInt64
    }

    /// - Parameter startNanoseconds: Since boot: now, when the counters begin at 0.
    public init(
        startNanoseconds: UInt64, labelLimit: Int = defaultLabelLimit, connectionLimit: Int = defaultConnectionLimit
    ) {
        precondition(labelLimit >= 0 && connectionLimit > 0, "limits \(labelLimit), \(connectionLimit)")
        horizonNanoseconds = startNanoseconds
        self.labelLimit = labelLimit
        self.connectionLimit = connectionLimit
    }

    /// All sums, ordered by labels.
    public var sorted: [(labels: ConnectionLabels, totals: ConnectionTotals)] {
        totals.map { (labels: $0.key, totals: $0.value) }.sorted { $0.labels < $1.labels }
    }

    /// Connections that are known to be open.
    public var openCount: Int { open.count }

    /// Counts a report. Labels are asked for once for each connection.
    public mutating func add(_ record: ConnectionRecord, labels: () -> ConnectionLabels) {
        let key = Key(record)
        var entry = open[key] ?? firstSeen(record, labels())
        guard record.reportNanoseconds >= entry.reportNanoseconds else { return }
        // Dropped with its workload: whoever the peers are now.
        if totals[entry.labels] == nil { entry.labels = labelsWithRoom(labels()) }
        update(entry.labels) { totals in
            totals.sentBytes += UInt64(record.sentBytes &- entry.sentBytes)
            totals.receivedBytes += UInt64(record.receivedBytes &- entry.receivedBytes)
            totals.retransmissions += UInt64(record.retransmissions &- entry.retransmissions)
            guard record.isClosed else { return }
            if record.isConnected { totals.closed += 1 } else { totals.failed += 1 }
        }
        if record.isClosed {
            open[key] = nil
        } else {
            entry.sentBytes = record.sentBytes
            entry.receivedBytes = record.receivedBytes
            entry.retransmissions = record.retransmissions
            entry.reportNanoseconds = record.reportNanoseconds
            if open.count >= connectionLimit, open[key] == nil { forgetSilent() }
            open[key] = entry
        }
    }

    /// Drops the sums of a workload that is gone, on either end: when none is left of its owner.
    public mutating func drop(workload owner: String, namespace: String) {
        totals = totals.filter { !$0.key.mentions(workload: owner, namespace: namespace) }
    }

    /// Drops the sums of a service that is gone.
    public mutating func drop(service: ServiceName) {
        totals = totals.filter { !$0.key.mentions(service: service) }
    }

    /// The entry to compare a connection's first report with.
    private mutating func firstSeen(_ record: ConnectionRecord, _ labels: ConnectionLabels) -> Entry {
        let labels = labelsWithRoom(labels)
        var entry = Entry(
            labels: labels, sentBytes: 0, receivedBytes: 0, retransmissions: 0,
            reportNanoseconds: 0)
        if record.startNanoseconds <= horizonNanoseconds {
            entry.sentBytes = record.sentBytes
            entry.receivedBytes = record.receivedBytes
            entry.retransmissions = record.retransmissions
        } else if record.isConnected {
            update(labels) { $0.opened += 1 }
        }
        return entry
    }

    private mutating func update(_ labels: ConnectionLabels, _ change: (inout ConnectionTotals) -> Void) {
        change(&totals[labels, default: ConnectionTotals()])
    }

    private mutating func labelsWithRoom(_ labels: ConnectionLabels) -> ConnectionLabels {
        // The very texts of the table, so that connections with the same labels share them.
        if let known = totals.index(forKey: labels) { return totals[known].key }
        guard totals.count >= labelLimit else { return labels }
        otherCount += 1
        return ConnectionLabels(otherOf: labels.reporter)
    }

    /// Makes room: their closing was not reported, or they have nothing to say.
    private mutating func forgetSilent() {
        let bySilence = open.sorted {
            ($0.value.reportNanoseconds, $0.key.startNanoseconds) < (
                $1.value.reportNanoseconds, $1.key.startNanoseconds
            )
        }
        for (key, _) in bySilence.prefix(max(1, connectionLimit / 8)) {
            open[key] = nil
            horizonNanoseconds = max(horizonNanoseconds, key.startNanoseconds)
            forgottenCount += 1
        }
    }
}
