import Glibc

/// One of the two descriptors a tool writes to.
public enum StandardStream: Int32, Sendable {
    /// Standard output, for results.
    case output = 1
    /// Standard error, for messages and progress.
    case error = 2

    /// Whether a person is likely to be reading, see isatty(3).
    public var isTerminal: Bool { isatty(rawValue) == 1 }
}

extension Style {
    /// The style for a stream: `.ansi` on a terminal unless the environment sets `NO_COLOR` to something.
    ///
    /// Reads the environment, so call it before other threads could change it. Source: no-color.org.
    public init(for stream: StandardStream) {
        // getenv returns NULL or a terminated string, so the first byte can be read.
        let refused = unsafe getenv("NO_COLOR").map { unsafe $0.pointee != 0 } ?? false
        self = stream.isTerminal && !refused ? .ansi : .plain
    }
}
