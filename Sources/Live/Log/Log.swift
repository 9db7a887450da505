import CommandLineTool
import Glibc
import Synchronization

/// How a line of the log looks.
public enum LogFormat: String, Hashable, Sendable, CaseIterable {
    /// `2026-11-21T09:00:00.123Z info message key=value …`
    case text
    /// `{"time":"2026-11-21T09:00:00.123Z","level":"info","message":"…","key":"value",…}`
    case json
}

/// The agent's log: lines with a level, a message and fields, each written at once.
///
/// Can be used from several threads. A class, because it stands for one stream and a count.
public final class Log: Sendable {
    /// Lines that matter less than this are left out.
    public let level: LogLevel
    private let format: LogFormat
    private let descriptor: CInt
    private let clock: @Sendable () -> WallTime
    /// Keeps lines apart that take more than one write(2).
    private let stream = Mutex(Stream())

    private struct Stream {
        var lostCount: UInt64 = 0
        /// Whether the last line that was written lacks its end.
        var isTorn = false
    }

    /// - Parameters:
    ///   - descriptor: Where the lines go; stays open, and is not closed here.
    ///   - clock: Tells the time of each line.
    public init(
        level: LogLevel = .info, format: LogFormat = .text, descriptor: CInt = STDERR_FILENO,
        clock: @escaping @Sendable () -> WallTime = WallTime.now
    ) {
        self.level = level
        self.format = format
        self.descriptor = descriptor
        self.clock = clock
    }

    /// How many lines could not be written.
    public var lostCount: UInt64 { stream.withLock { $0.lostCount } }

    /// Whether lines of a level are written: ask before working out costly fields.
    public func takes(_ level: LogLevel) -> Bool { level <= self.level }

    public func error(_ message: String, _ fields: LogField...) { write(.error, message, fields) }
    public func warning(_ message: String, _ fields: LogField...) { write(.warning, message, fields) }
    public func info(_ message: String, _ fields: LogField...) { write(.info, message, fields) }
    public func debug(_ message: String, _ fields: LogField...) { write(.debug, message, fields) }

    /// Writes a line, if lines of its level are written at all.
    public func write(_ level: LogLevel, _ message: String, _ fields: [LogField]) {
        guard takes(level) else { return }
        let line = Array((Self.line(clock(), level, message, fields, format: format) + "\n").utf8)
        stream.withLock { stream in
            // The rest of a torn line is lost, but the next one begins anew.
            let bytes = stream.isTorn ? [UInt8(ascii: "\n")] + line : line
            let count = writtenCount(bytes)
            if count < bytes.count { stream.lostCount += 1 }
            if count > 0 { stream.isTorn = count < bytes.count }
        }
    }

    /// A line without its end.
    static func line(
        _ time: WallTime, _ level: LogLevel, _ message: String, _ fields: [LogField], format: LogFormat
    ) -> String {
        switch format {
        case .text:
            let start = "\(time) \(level.rawValue) \(LogText.message(message))"
            return fields.reduce(start) { "\($0) \($1.name)=\($1.value.text)" }
        case .json:
            let members = [
                JSONValue.Member("time", .string(time.description)), .init("level", .string(level.rawValue)),
                .init("message", .string(message)),
            ]
            return JSONValue.object(members + fields.map { .init($0.name, $0.value.json) }).compact
        }
    }

    /// One write(2) as a rule; the rest follows where a pipe takes only a part. A log that nobody takes is no reason to
    /// stop: what cannot be written is lost.
    private func writtenCount(_ bytes: [UInt8]) -> Int {
        var written = 0
        while written < bytes.count {
            // In bounds: `written` is less than the count, and the rest is what remains after it.
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno != EINTR {
                break
            }
        }
        return written
    }
}
