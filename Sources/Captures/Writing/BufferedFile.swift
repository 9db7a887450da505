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
/// A regular file appears under its name with `finish`, whole: what stood there before, which may be what is being read,
/// stays until then, and for ever where something fails.
struct BufferedFile: ~Copyable {
    /// Buffered bytes that trigger a write.
    private static let capacity = 1 << 16

    let file: String
    private let descriptor: CInt
    /// What the file is called until it is whole; nil for what is no regular file.
    private var unfinished: String?
    private var buffer: [UInt8] = []

    /// Creates or replaces a file.
    /// - Parameters:
    ///   - path: `-` is standard output.
    ///   - isSecret: Whether nobody else may read a file that is created.
    init(path: String, isSecret: Bool) throws(CaptureWriteError) {
        file = path == "-" ? "standard output" : path
        var status = stat()
        // stat(2) and open(2) read the path up to its end, which Swift provides, and stat(2) fills one structure.
        let isSpecial = unsafe path == "-" || (stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG)
        unfinished = isSpecial ? nil : path + ".part"
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
        descriptor =
            unsafe path == "-" ? STDOUT_FILENO : open(unfinished ?? path, flags, isSecret ? 0o600 : 0o644)
        guard descriptor >= 0 else { throw CaptureWriteError(file: file, errno: errno) }
        buffer.reserveCapacity(2 * Self.capacity)
    }

    deinit {
        if descriptor > STDOUT_FILENO { close(descriptor) }
        // unlink(2) reads the path up to its end, which Swift provides. What cannot be removed stays, under a name that
        // says what it is.
        if let unfinished { _ = unsafe unlink(unfinished) }
    }

    /// Writes what is buffered, and gives the file its name.
    mutating func finish() throws(CaptureWriteError) {
        try flush()
        guard let unfinished else { return }
        // rename(2) reads the paths up to their ends, which Swift provides.
        guard unsafe rename(unfinished, file) == 0 else { throw CaptureWriteError(file: file, errno: errno) }
        self.unfinished = nil
    }

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
