import Glibc
import Synchronization

/// The cgroup in which the process is.
enum Membership {
    /// Moves the process: sockets made from now on belong to the cgroup.
    static func join(_ directory: String) throws {
        let path = "\(directory)/cgroup.procs"
        let file = unsafe open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw BenchmarkError("open \(path)", errno) }
        defer { close(file) }
        var zero = UInt8(ascii: "0")
        // One byte of one variable; 0 is the writer.
        guard unsafe write(file, &zero, 1) == 1 else { throw BenchmarkError("join \(directory)", errno) }
    }
}

private let isInterrupted = Atomic(false)

/// Ctrl-C ends the benchmark as an error does: what it made is removed.
enum Interruption {
    static func watch() {
        for number in [SIGINT, SIGTERM] { signal(number) { _ in isInterrupted.store(true, ordering: .relaxed) } }
    }

    static func check() throws {
        if isInterrupted.load(ordering: .relaxed) { throw BenchmarkError("interrupted") }
    }
}
