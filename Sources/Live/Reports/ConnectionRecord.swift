public import KernelABI
public import Model

/// What a node reports of one connection: km_connection_report by the names of its fields.
public struct ConnectionRecord: Hashable, Sendable {
    /// Which end of the connection the report is from.
    public enum Direction: String, Hashable, Sendable { case inbound, outbound }

    public var direction: Direction
    /// The client.
    public var source: SocketAddress
    /// The server, as the client's packets name it.
    public var destination: SocketAddress
    /// What the client's program asked for, where the mesh changed it.
    public var originalDestination: SocketAddress?
    /// Of this end; they grow as long as the connection lives, and begin anew after 4 GiB.
    public var sentBytes: UInt32
    public var receivedBytes: UInt32
    /// Whether the handshake was completed.
    public var isConnected: Bool
    /// As the kernel numbers them, `enum` in include/net/tcp_states.h.
    public var state: UInt32
    /// Since boot, when the connection was begun.
    public var startNanoseconds: UInt64
    /// From then to this report.
    public var durationNanoseconds: UInt64
    /// Since boot, when this report was made.
    public var reportNanoseconds: UInt64
    /// In eighths of a microsecond.
    public var smoothedRTTEighths: UInt32
    public var minimumRTTMicroseconds: UInt32
    /// They grow as long as the connection lives.
    public var retransmissions: UInt32
    /// Segments that count as lost at this moment.
    public var lostSegments: UInt32

    public init(
        direction: Direction, source: SocketAddress, destination: SocketAddress,
        originalDestination: SocketAddress? = nil, sentBytes: UInt32 = 0, receivedBytes: UInt32 = 0,
        isConnected: Bool = true, state: UInt32, startNanoseconds: UInt64, durationNanoseconds: UInt64,
        reportNanoseconds: UInt64, smoothedRTTEighths: UInt32 = 0, minimumRTTMicroseconds: UInt32 = 0,
        retransmissions: UInt32 = 0, lostSegments: UInt32 = 0
    ) {
        self.direction = direction
        (self.source, self.destination, self.originalDestination) = (source, destination, originalDestination)
        (self.sentBytes, self.receivedBytes) = (sentBytes, receivedBytes)
        (self.isConnected, self.state) = (isConnected, state)
        self.startNanoseconds = startNanoseconds
        self.durationNanoseconds = durationNanoseconds
        self.reportNanoseconds = reportNanoseconds
        self.smoothedRTTEighths = smoothedRTTEighths
        self.minimumRTTMicroseconds = minimumRTTMicroseconds
        (self.retransmissions, self.lostSegments) = (retransmissions, lostSegments)
    }

    /// Reads a record of the ring buffer, nil when it has another size or holds an unknown direction.
    public init?(bytes: [UInt8]) {
        guard bytes.count == MemoryLayout<km_connection_report>.size else { return nil }
        var report = km_connection_report()
        // In bounds: the count is checked above, and the report consists of numbers, which any bytes are.
        unsafe withUnsafeMutableBytes(of: &report) { unsafe $0.copyBytes(from: bytes) }
        self.init(report)
    }

    /// Reads a report; nil when its direction is unknown.
    public init?(_ report: km_connection_report) {
        switch report.direction {
        case UInt32(KM_DIRECTION_INBOUND.rawValue): direction = .inbound
        case UInt32(KM_DIRECTION_OUTBOUND.rawValue): direction = .outbound
        default: return nil
        }
        let original = report.original_dst
        let isV6 = report.type != 0
        if isV6 {
            let tuple = report.tuple.ipv6
            source = SocketAddress(MapAddress(word: tuple.saddr).asV6.unmapped, port: tuple.sport)
            destination = SocketAddress(MapAddress(word: tuple.daddr).asV6.unmapped, port: tuple.dport)
        } else {
            let tuple = report.tuple.ipv4
            source = SocketAddress(.v4(tuple.saddr.bigEndian), port: tuple.sport)
            destination = SocketAddress(.v4(tuple.daddr.bigEndian), port: tuple.dport)
        }
        if !original.addr.isZero || original.port != 0 {
            let address = isV6 ? original.addr.asV6.unmapped : original.addr.asV4
            originalDestination = SocketAddress(address, port: original.port)
        }
        (sentBytes, receivedBytes) = (report.sent_bytes, report.received_bytes)
        isConnected = report.connected != 0
        state = report.tcp_state
        startNanoseconds = report.start_ns
        durationNanoseconds = report.duration_ns
        reportNanoseconds = report.start_ns &+ report.duration_ns
        (smoothedRTTEighths, minimumRTTMicroseconds) = (report.smoothed_rtt, report.minimum_rtt)
        (retransmissions, lostSegments) = (report.retransmissions, report.lost)
    }

    /// Whether this is the connection's last report.
    public var isClosed: Bool { state == Self.closedState }

    static let closedState: UInt32 = 7

    private static let stateNames = [
        "established", "synSent", "synReceived", "finWait1", "finWait2", "timeWait", "closed", "closeWait", "lastAck",
        "listen", "closing", "newSynReceived",
    ]

    /// The state in words, a number for one that is not known.
    public var stateName: String {
        (1...UInt32(Self.stateNames.count)).contains(state) ? Self.stateNames[Int(state) - 1] : "\(state)"
    }
}
