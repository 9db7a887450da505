import Glibc

/// A write of a capture that the system refused.
public struct CaptureWriteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The path, or `standard output`.
    public let file: String
    public let errno: Int32

    /// Whether the reader went away, as after `| head`.
    public var isBrokenPipe: Bool { errno == EPIPE }

    public var description: String {
        // strerror returns a terminated string that is copied at once.
        "cannot write to \(file): \(unsafe String(cString: strerror(errno)))"
    }
}

/// Collects bytes and writes them to a file in large pieces.
///
/// What is still buffered when the value ends is lost: only `finish` can report an error, so call it last.
struct BufferedFile: ~Copyable {
    /// Buffered bytes that trigger a write.
    private static let capacity = 1 << 16

    let file: String
    private let descriptor: CInt
    private var buffer: [UInt8] = []

    /// Creates or replaces a file.
    /// - Parameters:
    ///   - path: `-` is standard output.
    ///   - isSecret: Whether nobody else may read a file that is created.
    init(path: String, isSecret: Bool) throws(CaptureWriteError) {
        file = path == "-" ? "standard output" : path
        // open(2) reads the path up to its end, which Swift provides.
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
        descriptor = unsafe path == "-" ? STDOUT_FILENO : open(path, flags, isSecret ? 0o600 : 0o644)
        guard descriptor >= 0 else { throw CaptureWriteError(file: file, errno: errno) }
        buffer.reserveCapacity(2 * Self.capacity)
    }

    deinit { if descriptor > STDOUT_FILENO { close(descriptor) } }

    mutating func write(_ bytes: [UInt8]) throws(CaptureWriteError) {
        buffer += bytes
        if buffer.count >= Self.capacity { try flush() }
    }

    mutating func write(_ bytes: RawSpan) throws(CaptureWriteError) {
        // In bounds: the buffer is appended to before the span ends.
        unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
        if buffer.count >= Self.capacity { try flush() }
    }

    /// The lowest byte first.
    mutating func write(_ numbers: UInt32...) throws(CaptureWriteError) {
        for number in numbers { buffer.append(number) }
        if buffer.count >= Self.capacity { try flush() }
    }

    /// Writes all that is buffered. The buffer is empty afterwards even if that fails.
    mutating func flush() throws(CaptureWriteError) {
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
                throw CaptureWriteError(file: file, errno: errno)
            }
        }
    }
}

extension [UInt8] {
    /// Appends a number, the lowest byte first.
    mutating func append(_ number: UInt32) {
        append(UInt16(truncatingIfNeeded: number))
        append(UInt16(truncatingIfNeeded: number >> 16))
    }

    /// Appends a number, the lowest byte first.
    mutating func append(_ number: UInt16) {
        append(UInt8(truncatingIfNeeded: number))
        append(UInt8(truncatingIfNeeded: number >> 8))
    }
}
