internal import CLinux
import Glibc
import KernelABI
import Synchronization

/// Reports on their way from the thread that reads the ring buffer to the agent's loop. Bounded: what does not fit is
/// counted as lost.
final class RecordQueue: Sendable {
    private struct Waiting {
        var records: [ConnectionRecord] = []
        var lostCount: UInt64 = 0
    }

    private static let capacity = 65_536
    private let waiting = Mutex(Waiting())

    /// Adds a record of km_tcp_probe.
    func add(_ bytes: RawSpan) {
        guard let report = bytes.record(as: km_connection_report.self), let record = ConnectionRecord(report) else {
            return
        }
        waiting.withLock { waiting in
            if waiting.records.count < Self.capacity {
                waiting.records.append(record)
            } else {
                waiting.lostCount += 1
            }
        }
    }

    /// Takes what waits, in order, and how many were lost since the last time.
    func take() -> (records: [ConnectionRecord], lostCount: UInt64) {
        waiting.withLock { waiting in
            let taken = (waiting.records, waiting.lostCount)
            waiting = Waiting()
            return taken
        }
    }
}
