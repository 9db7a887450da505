public import Model

/// A namespace, and how others name it.
public struct NamespaceMade: Hashable, Sendable {
    public var number: NamespaceNumber
    /// What the programs call it (bpf_get_netns_cookie).
    public var cookie: UInt64
    /// Where others can open it while the helper runs.
    public var path: String

    public init(number: NamespaceNumber, cookie: UInt64, path: String) {
        self.number = number
        self.cookie = cookie
        self.path = path
    }
}

/// The server's end of a connection.
public struct AcceptedEnd: Hashable, Sendable {
    public var socket: SocketNumber
    public var localEnd: SocketAddress
    public var remoteEnd: SocketAddress
    public var cookie: UInt64

    public init(socket: SocketNumber, localEnd: SocketAddress, remoteEnd: SocketAddress, cookie: UInt64) {
        self.socket = socket
        self.localEnd = localEnd
        self.remoteEnd = remoteEnd
        self.cookie = cookie
    }
}

/// How a connect ended and what the socket is then.
public struct ConnectOutcome: Hashable, Sendable {
    /// 0, ECONNREFUSED, EPERM, ETIMEDOUT, …
    public var errno: Int32
    /// Stays open, unless an ending was asked for.
    public var socket: SocketNumber
    /// As after connect, before any ending.
    public var state: SocketState
    /// nil if nobody of ours accepts there.
    public var accepted: AcceptedEnd?

    public init(errno: Int32, socket: SocketNumber, state: SocketState, accepted: AcceptedEnd?) {
        self.errno = errno
        self.socket = socket
        self.state = state
        self.accepted = accepted
    }
}

/// What the kernel tells of a socket.
public struct SocketState: Hashable, Sendable {
    /// getsockname
    public var localEnd: SocketAddress
    /// getpeername; nil of a socket that is not connected.
    public var remoteEnd: SocketAddress?
    public var cookie: UInt64
    /// A TCP state of <net/tcp_states.h>: 1 established, 7 closed; nil of UDP.
    public var tcpState: UInt8?
    /// The bytes of km_sockstorage_value; nil without storage, or without a map.
    public var storage: [UInt8]?

    public init(localEnd: SocketAddress, remoteEnd: SocketAddress?, cookie: UInt64, tcpState: UInt8?, storage: [UInt8]?)
    {
        self.localEnd = localEnd
        self.remoteEnd = remoteEnd
        self.cookie = cookie
        self.tcpState = tcpState
        self.storage = storage
    }
}

/// A datagram with the addresses that the receiver sees.
public struct Datagram: Hashable, Sendable {
    public var bytes: [UInt8]
    public var source: SocketAddress
    /// With the receiving socket's port.
    public var destination: SocketAddress

    public init(bytes: [UInt8], source: SocketAddress, destination: SocketAddress) {
        self.bytes = bytes
        self.source = source
        self.destination = destination
    }
}

/// How often something was seen.
public struct Tally<Value: WireValue & Hashable>: Hashable, Sendable {
    public var value: Value
    public var count: UInt32

    public init(value: Value, count: UInt32) {
        self.value = value
        self.count = count
    }
}

/// One connect of many.
public struct HammerAttempt: Hashable, Sendable {
    /// Index of the destination in the request.
    public var destination: UInt32
    /// Before and after connect(2), in nanoseconds of the monotonic clock.
    public var start: UInt64
    public var end: UInt64
    public var errno: Int32
    /// nil when the connect failed.
    public var remoteEnd: SocketAddress?

    public init(destination: UInt32, start: UInt64, end: UInt64, errno: Int32, remoteEnd: SocketAddress?) {
        self.destination = destination
        self.start = start
        self.end = end
        self.errno = errno
        self.remoteEnd = remoteEnd
    }
}

/// What many connects gave.
public struct HammerOutcome: Hashable, Sendable {
    /// Errors by number, 0 for success; ascending.
    public var errors: [Tally<Int32>]
    /// Where the successful ones ended; ascending.
    public var remoteEnds: [Tally<SocketAddress>]
    /// Of connect(2) alone, over all of them.
    public var minimumNanoseconds: UInt64
    public var p50Nanoseconds: UInt64
    public var p90Nanoseconds: UInt64
    public var p99Nanoseconds: UInt64
    /// The message form of each attempt, which takes longer to read than to send: empty unless it was asked for.
    public var trace: [UInt8]

    /// Each connect, in order, if the request asked for a trace.
    public var attempts: [HammerAttempt] {
        var reader = WireReader(trace)
        var attempts: [HammerAttempt] = []
        while reader.remainingCount > 0, let attempt = try? reader.read() as HammerAttempt { attempts.append(attempt) }
        return attempts
    }

    public init(
        errors: [Tally<Int32>], remoteEnds: [Tally<SocketAddress>], minimumNanoseconds: UInt64, p50Nanoseconds: UInt64,
        p90Nanoseconds: UInt64, p99Nanoseconds: UInt64, trace: [UInt8] = []
    ) {
        self.errors = errors
        self.remoteEnds = remoteEnds
        self.minimumNanoseconds = minimumNanoseconds
        self.p50Nanoseconds = p50Nanoseconds
        self.p90Nanoseconds = p90Nanoseconds
        self.p99Nanoseconds = p99Nanoseconds
        self.trace = trace
    }
}

/// What a program wrote, and how it ended.
public struct ProgramOutcome: Hashable, Sendable {
    public var isRunning: Bool
    /// The exit code, or 128 + the number of the signal that ended it.
    public var code: Int32
    public var output: [UInt8]
    public var errors: [UInt8]

    public init(isRunning: Bool, code: Int32, output: [UInt8], errors: [UInt8]) {
        self.isRunning = isRunning
        self.code = code
        self.output = output
        self.errors = errors
    }
}
