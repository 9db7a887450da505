import Glibc

/// A file that lines are added to, or standard output. Who does not read what is written holds nobody up: lines that a
/// full pipe does not take are lost, and counted.
public struct LineFile: ~Copyable {
    private let name: String
    private let descriptor: Descriptor

    /// Opens the file for appending (mode 0640); nil stands for standard output.
    public init(path: String?) throws(KernelError) {
        name = path ?? "standard output"
        // The path is lent for the call.
        let raw = path.map { unsafe open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640) } ?? dup(STDOUT_FILENO)
        guard raw >= 0 else { throw .last("open", name) }
        descriptor = Descriptor(adopting: raw)
    }

    /// Adds lines, each without its end.
    /// - Returns: how many were lost.
    public borrowing func write(_ lines: [String]) throws(KernelError) -> Int {
        for (index, line) in lines.enumerated() {
            guard isWritable else { return lines.count - index }
            let bytes = Array((line + "\n").utf8)
            // A line is shorter than what a pipe takes at once (PIPE_BUF), so that it is written as a whole.
            let written = descriptor.withRaw { raw in
                // In bounds: the kernel reads as many bytes as the array has.
                unsafe bytes.withUnsafeBytes { unsafe Glibc.write(raw, $0.baseAddress, $0.count) }
            }
            guard written == bytes.count else {
                if written >= 0 || errno == EINTR || errno == EAGAIN { return lines.count - index }
                throw .last("write to", name)
            }
        }
        return 0
    }

    /// Whether a write would not wait.
    private var isWritable: Bool {
        descriptor.withRaw { raw in
            var entry = pollfd(fd: raw, events: Int16(POLLOUT), revents: 0)
            // In bounds: one entry.
            return unsafe poll(&entry, 1, 0) == 1
        }
    }
}
