public import Model

/// What a node reports of one connection: the fields of km_connection_report, by name.
public struct ConnectionReport: Hashable, Sendable {
    public enum Direction: String, Hashable, Sendable { case inbound, outbound }

    /// TCP states as the kernel numbers them.
    public enum State: UInt32, Hashable, Sendable {
        case established = 1
        case close = 7
    }

    public var direction: Direction
    /// The client's view.
    public var source: SocketAddress
    public var destination: SocketAddress
    /// What the program asked for, where the mesh changed it.
    public var originalDestination: SocketAddress?
    public var sentBytes: UInt32
    public var receivedBytes: UInt32
    public var state: State
    public var isConnected: Bool
    public var startNanoseconds: UInt64
    public var durationNanoseconds: UInt64
    public var lastReportNanoseconds: UInt64
    /// Upstream never writes it (0).
    public var protocolNumber: UInt32
    /// µs × 8. The simulated network has no delay, so this and what follows is 0 here.
    public var smoothedRTT: UInt32
    /// µs.
    public var minimumRTT: UInt32
    public var retransmissions: UInt32
    public var lost: UInt32
}

/// A socket's connection as sockops and cgroup_skb see it.
public struct Connection: Hashable, Sendable {
    public var local: SocketAddress
    public var remote: SocketAddress
    /// The network namespace of the socket.
    public var cookie: UInt64
    public var sentBytes: UInt32
    public var receivedBytes: UInt32

    public init(
        local: SocketAddress, remote: SocketAddress, cookie: UInt64, sentBytes: UInt32 = 0, receivedBytes: UInt32 = 0
    ) {
        self.local = local
        self.remote = remote
        self.cookie = cookie
        self.sentBytes = sentBytes
        self.receivedBytes = receivedBytes
    }
}

extension ConnectionReport {
    /// The report of a connection now; `storage` is the socket's. A mapped one is reported as what it is on the wire,
    /// IPv4.
    init(
        _ direction: Direction, _ connection: Connection, _ storage: SocketStorage, state: State, now: UInt64
    ) {
        let isOutbound = direction == .outbound
        self.direction = direction
        source = (isOutbound ? connection.local : connection.remote).unmapped
        destination = (isOutbound ? connection.remote : connection.local).unmapped
        originalDestination = storage.originalDestination(connection.local.address.family)?.unmapped
        sentBytes = connection.sentBytes
        receivedBytes = connection.receivedBytes
        self.state = state
        isConnected = storage.connect_success != 0
        startNanoseconds = storage.connect_ns
        durationNanoseconds = now - storage.connect_ns
        lastReportNanoseconds = storage.last_report_ns
        protocolNumber = 0
        smoothedRTT = 0
        minimumRTT = 0
        retransmissions = 0
        lost = 0
    }
}
