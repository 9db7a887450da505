import Glibc

/// A file that lines are added to, or standard output.
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
    public borrowing func write(_ lines: [String]) throws(KernelError) {
        guard !lines.isEmpty else { return }
        var bytes = Array((lines.joined(separator: "\n") + "\n").utf8)[...]
        while !bytes.isEmpty {
            // In bounds: the kernel reads as many bytes as the slice has.
            let written = descriptor.withRaw { raw in
                unsafe bytes.withUnsafeBytes { unsafe Glibc.write(raw, $0.baseAddress, $0.count) }
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw .last("write to", name) }
            bytes = bytes.dropFirst(written)
        }
    }
}
