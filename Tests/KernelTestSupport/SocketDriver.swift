import CSocketCalls
import Glibc
import SocketDriverProtocol

/// What the helper could not do.
public struct DriverError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The request as it was made.
    public var request: String
    /// EPIPE when the helper is gone.
    public var errno: Int32

    public var description: String {
        // The text is a constant of the C library, or a buffer of this thread.
        unsafe "\(request): \(String(cString: strerror(errno)))"
    }
}

/// A process of its own with sockets and network namespaces: the executable `socket-driver`, which lies beside the
/// tests. It, and with it all that it made, ends with this value, at the end of the scope: declare it after the cgroup
/// that it joins. When the tests are killed, it sees the end of its input and leaves.
public struct SocketDriver: ~Copyable {
    private let helper: Helper
    private var channel: MessageChannel

    /// The helper's process id.
    public var process: CInt { helper.process }

    private struct Helper {
        var process: CInt
        /// Our ends of the pipes to it.
        var requests: CInt
        var replies: CInt
    }

    /// Starts the helper.
    /// - Parameter cgroup: The directory of the cgroup that it joins first.
    public init(inCgroup cgroup: String? = nil) throws(DriverError) {
        let helper = try Self.start(program: try Self.helperPath())
        var channel = MessageChannel(input: helper.replies, output: helper.requests)
        do throws(DriverError) {
            if let cgroup { _ = try Self.ask(.joinCgroup(directory: cgroup), &channel) }
        } catch {
            Self.end(helper)
            throw error
        }
        (self.helper, self.channel) = (helper, channel)
    }

    deinit { Self.end(helper) }

    private static func end(_ helper: Helper) {
        // The helper sees the end of its input, kills its programs and leaves.
        Glibc.close(helper.requests)
        Glibc.close(helper.replies)
        var status: CInt = 0
        // The C function fills one number.
        if unsafe sc_wait_process(helper.process, 2000, &status) == 0 {
            kill(helper.process, SIGKILL)
            _ = unsafe sc_wait_process(helper.process, -1, &status)
        }
    }

    /// The directory of the running test is that of everything which is built.
    private static func helperPath() throws(DriverError) -> String {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        // In bounds: the array's own count; the kernel writes no final zero.
        let count = unsafe readlink("/proc/self/exe", &bytes, bytes.count)
        guard count > 0 else { throw DriverError(request: "find the helper", errno: Glibc.errno) }
        let path = String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex) + "/socket-driver"
    }

    private static func start(program path: String) throws(DriverError) -> Helper {
        var (toHelper, fromHelper) = ([CInt](repeating: -1, count: 2), [CInt](repeating: -1, count: 2))
        // In bounds: each array has room for the two ends.
        var failure = unsafe min(sc_pipe(&toHelper), 0)
        if failure == 0 { failure = unsafe sc_pipe(&fromHelper) }
        var process: CInt = -1
        if failure == 0 {
            // The copy is freed; the list ends with nil.
            let argument = unsafe strdup(path)
            process = unsafe [argument, nil].withUnsafeBufferPointer { arguments in
                var program = unsafe sc_program(
                    arguments: arguments.baseAddress, input: toHelper[0], output: fromHelper[1], errors: STDERR_FILENO,
                    dies_with_parent: 0)
                return unsafe sc_spawn(&program)
            }
            unsafe free(argument)
            failure = min(process, 0)
        }
        let unused = failure == 0 ? [toHelper[0], fromHelper[1]] : toHelper + fromHelper
        for end in unused where end >= 0 { Glibc.close(end) }
        guard failure == 0 else { throw DriverError(request: "start \(path)", errno: -failure) }
        return Helper(process: process, requests: toHelper[1], replies: fromHelper[0])
    }

    /// Makes a request and waits for the reply.
    private static func ask(
        _ request: DriverRequest, _ channel: inout MessageChannel
    ) throws(DriverError) -> WireReader {
        var message = WireWriter()
        message.write(request)
        guard channel.send(message.bytes), let reply = channel.receive() else {
            throw DriverError(request: "\(request)", errno: EPIPE)
        }
        var reader = WireReader(reply)
        let errno = (try? reader.read() as Int32) ?? EPROTO
        guard errno == 0 else { throw DriverError(request: "\(request)", errno: errno) }
        return reader
    }

    /// The same, of a request whose reply holds a value.
    mutating func value<Reply: WireValue>(_ request: DriverRequest) throws(DriverError) -> Reply {
        var reader = try Self.ask(request, &channel)
        guard let reply = try? reader.read() as Reply, reader.remainingCount == 0 else {
            throw DriverError(request: "\(request)", errno: EPROTO)
        }
        return reply
    }

    /// The same, of a request whose reply is empty.
    mutating func perform(_ request: DriverRequest) throws(DriverError) {
        _ = try Self.ask(request, &channel)
    }
}
