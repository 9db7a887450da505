import Glibc

/// A write that the kernel refused.
public struct OutputError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was written to, such as `standard output`.
    public let object: String
    /// From write(2).
    public let errno: Int32

    /// Whether the reader went away, as after `| head`; a tool then ends without a message.
    public var isBrokenPipe: Bool { errno == EPIPE }

    /// One line in lower case, without a period.
    public var description: String {
        // strerror returns a terminated string that is copied at once.
        "cannot write to \(object): \(unsafe String(cString: strerror(errno)))"
    }
}

/// Collects text and writes it to a stream in large pieces.
///
/// Text still buffered when the value ends is lost: only `flush()` can report an error, so call it last.
public struct Output: ~Copyable {
    /// Buffered bytes that trigger a write.
    private static let capacity = 1 << 16

    private let descriptor: Int32
    private let object: String
    private var buffer: [UInt8] = []

    /// Writes to one of the standard streams, which is not closed.
    public init(_ stream: StandardStream) {
        self.init(descriptor: stream.rawValue, object: stream == .output ? "standard output" : "standard error")
    }

    /// Writes to `descriptor`, which stays open and must outlive the value.
    init(descriptor: Int32, object: String) {
        self.descriptor = descriptor
        self.object = object
    }

    /// Turns a write to a closed pipe into an `OutputError` instead of the end of the process by SIGPIPE.
    ///
    /// Holds for the whole process; the executable calls it first.
    public static func reportBrokenPipes() {
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Ends the process as a closed pipe ends one that does not look: by SIGPIPE, which shells tell from a failure.
    public static func endByBrokenPipe() -> Never {
        _ = signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        exit(128 + SIGPIPE)
    }

    /// Adds text as it is, and writes if enough has come together.
    public mutating func write(_ text: String) throws(OutputError) {
        buffer += text.utf8
        if buffer.count >= Self.capacity { try flush() }
    }

    /// Adds text and a newline.
    public mutating func writeLine(_ text: String = "") throws(OutputError) {
        try write(text)
        try write("\n")
    }

    /// Writes everything buffered. The buffer is empty afterwards even if the write fails.
    public mutating func flush() throws(OutputError) {
        var written = 0
        defer { buffer.removeAll(keepingCapacity: true) }
        while written < buffer.count {
            // In bounds: `written` is less than the count, and the rest is what remains after it.
            let count = unsafe buffer.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno != EINTR {
                throw OutputError(object: object, errno: errno)
            }
        }
    }
}
