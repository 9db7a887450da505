import Glibc
import KernelABI
import Model
import Synchronization

/// Listens to what the programs decide. They send only as long as this value lives, and some seconds more; there can be
/// one listener at a time.
public struct EventListener: ~Copyable {
    /// What the programs send.
    public enum Record: Hashable, Sendable {
        case event(EventRecord)
        case report(ConnectionRecord)
    }

    /// What was read and not handed out yet.
    private final class Inbox: Sendable {
        let records = Mutex<[Record]>([])

        func add(_ bytes: RawSpan) {
            if let event = bytes.record(as: km_event.self) {
                records.withLock { $0.append(.event(EventRecord(event))) }
            } else if let report = bytes.record(as: km_connection_report.self).flatMap({ ConnectionRecord($0) }) {
                records.withLock { $0.append(.report(report)) }
            }
        }
    }

    /// For how long the programs go on without hearing from the listener.
    private static let lease: UInt64 = 3_000_000_000

    /// Knows where the variables are: programs that were loaded anew have others.
    private let pinned: PinnedMaps
    private let buffer: RingBuffer
    /// The directory of pins, locked: two readers of one buffer would each get a part of it.
    private let lock: Descriptor
    private let inbox: Inbox
    private var renewedAt: UInt64 = 0

    /// - Throws: `.refused` when another process listens.
    public init(_ pins: PinDirectory) throws(AgentError) {
        let pinned = try PinnedMaps(pins)
        let lock = try Self.lock(pins)
        let inbox = Inbox()
        let buffer = try pinned.openEvents { inbox.add($0) }
        // What nobody read in an earlier time is of no interest.
        _ = try AgentError.wrapping { try buffer.consume() }
        inbox.records.withLock { $0 = [] }
        self.pinned = pinned
        self.buffer = buffer
        self.inbox = inbox
        self.lock = lock
    }

    /// A descriptor of the directory that nobody else has locked. The lock goes with it, also when the process is killed.
    private static func lock(_ pins: PinDirectory) throws(AgentError) -> Descriptor {
        // The path is lent for the call.
        let raw = unsafe open(pins.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { throw .kernel(.last("open", pins.path)) }
        let descriptor = Descriptor(adopting: raw)
        guard flock(raw, LOCK_EX | LOCK_NB) == 0 else {
            throw .refused("another process watches the events of \(pins.path); end it first")
        }
        return descriptor
    }

    deinit {
        // Without it the programs stop by themselves a little later.
        try? pinned.openVariables().listen(untilNanoseconds: 0)
    }

    /// Waits for records, a quarter of a second at most.
    public mutating func next() throws(AgentError) -> [Record] {
        let now = BootClock.sinceBootNanoseconds()
        if now > renewedAt + Self.lease / 3 {
            let variables = try pinned.openVariables()
            try AgentError.wrapping { try variables.listen(untilNanoseconds: now + Self.lease) }
            renewedAt = now
        }
        buffer.withPollDescriptor { raw in
            var entry = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
            // In bounds: one entry.
            _ = unsafe poll(&entry, 1, 250)
        }
        _ = try AgentError.wrapping { try buffer.consume() }
        return inbox.records.withLock { records in
            defer { records = [] }
            return records
        }
    }
}
