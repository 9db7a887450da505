import BenchmarkSupport
import Glibc

/// One run of another program, waited for.
struct ChildProcess {
    var output: String
    var isSuccess: Bool
    var cpuNanoseconds: UInt64
    var wallNanoseconds: UInt64
    /// The most memory that was resident.
    var peakMemoryByteCount: Int

    /// Runs a program and takes what it prints.
    /// - Returns: nil when it cannot be started.
    init?(_ path: String, _ arguments: [String]) {
        let start = Clock.wallNanoseconds
        var ends: [CInt] = [0, 0]
        // pipe() writes two descriptors.
        guard unsafe pipe(&ends) == 0 else { return nil }
        guard let child = Self.spawn(path, arguments, output: ends[1], closing: ends[0]) else {
            close(ends[0])
            close(ends[1])
            return nil
        }
        close(ends[1])
        output = Self.readAll(ends[0])
        close(ends[0])
        var status: CInt = 0
        var usage = rusage()
        // wait4 writes one status and one rusage.
        guard unsafe wait4(child, &status, 0, &usage) == child else { return nil }
        wallNanoseconds = Clock.wallNanoseconds - start
        isSuccess = status == 0
        peakMemoryByteCount = usage.ru_maxrss * 1024
        cpuNanoseconds = Self.nanoseconds(usage.ru_utime) + Self.nanoseconds(usage.ru_stime)
    }

    private static func spawn(_ path: String, _ arguments: [String], output: CInt, closing: CInt) -> pid_t? {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_addclose(&actions, closing)
        unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        // strdup'd until the child has its own copy; the list ends with nil.
        var strings: [UnsafeMutablePointer<CChar>?] = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe strings.forEach { unsafe free($0) } }
        var child: pid_t = 0
        return unsafe posix_spawn(&child, path, &actions, nil, &strings, environ) == 0 ? child : nil
    }

    private static func readAll(_ descriptor: CInt) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            // Writes at most the buffer's size.
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func nanoseconds(_ time: timeval) -> UInt64 {
        UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_usec) * 1000
    }
}

/// This program.
enum ThisProcess {
    /// The path of the executable.
    static var path: String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            // Writes at most PATH_MAX bytes, without a zero at the end.
            unsafe bytes.withMemoryRebound(to: CChar.self) { text in
                unsafe text.baseAddress.map { unsafe readlink("/proc/self/exe", $0, text.count) } ?? 0
            }
        }
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }

    /// The path of a program in the same directory.
    static func sibling(_ name: String) -> String {
        path.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/\(name)"
    }

    /// The most memory that was resident so far (VmHWM), in bytes.
    static var peakMemoryByteCount: Int? { statusByteCount("VmHWM:") }

    /// Resident memory that no file backs at present (RssAnon), in bytes.
    static var anonymousByteCount: Int? { statusByteCount("RssAnon:") }

    /// A line of /proc/self/status.
    private static func statusByteCount(_ name: String) -> Int? {
        guard let file = unsafe fopen("/proc/self/status", "r") else { return nil }
        defer { unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        // Writes at most the line's size, ended by a zero.
        while unsafe fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix(name) else { continue }
            return text.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        return nil
    }
}
