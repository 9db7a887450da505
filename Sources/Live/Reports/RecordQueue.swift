import Synchronization

/// Records on their way from the thread that reads a ring buffer to the agent's loop. Bounded: what does not fit is
/// counted as lost.
final class RecordQueue<Record: Sendable>: Sendable {
    private struct Waiting {
        var records: [Record] = []
        var lostCount: UInt64 = 0
    }

    private let waiting = Mutex(Waiting())
    /// nil for what is no such record.
    private let read: @Sendable (RawSpan) -> Record?

    init(_ read: @escaping @Sendable (RawSpan) -> Record?) { self.read = read }

    /// Adds what was read from the ring buffer.
    func add(_ bytes: RawSpan) {
        if let record = read(bytes) { add(record) }
    }

    func add(_ record: Record) {
        waiting.withLock { waiting in
            if waiting.records.count < 65_536 {
                waiting.records.append(record)
            } else {
                waiting.lostCount += 1
            }
        }
    }

    /// Takes what waits, in order, and how many were lost since the last time.
    func take() -> (records: [Record], lostCount: UInt64) {
        waiting.withLock { waiting in
            let taken = (waiting.records, waiting.lostCount)
            waiting = Waiting()
            return taken
        }
    }
}
