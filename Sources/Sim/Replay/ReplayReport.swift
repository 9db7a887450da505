public import Model

/// What a replay comes to. Rows are bounded in number, and the totals add up: every packet that was read is in exactly
/// one row of `dispositions`, and every packet of a flow in exactly one row of `connections`.
public struct ReplayReport: Hashable, Sendable {
    /// Packets that became the same for the same reason.
    public struct DispositionRow: Hashable, Sendable {
        public var disposition: Disposition
        public var traffic: Traffic
        /// Numbers of the first such packets, at most `ReplayReport.exampleLimit`.
        public var firstPackets: [UInt64]
    }

    /// Packets between two nodes' pods that were in clear where they had to be encrypted.
    public struct LeakRow: Hashable, Sendable {
        public var leak: Leak
        /// Names of the pods, or their addresses where nobody has them.
        public var source: String
        public var destination: String
        public var traffic: Traffic
        /// Numbers of the first such packets, at most `ReplayReport.exampleLimit`.
        public var firstPackets: [UInt64]
    }

    /// Connections alike: of the same pods, to the same destination, with the same end.
    public struct ConnectionRow: Hashable, Sendable {
        /// The client's `namespace/owner`, or its address.
        public var client: String
        /// What was asked for: the service's or the pod's name, or the address.
        public var requested: String
        public var requestedPort: UInt16
        public var protocolNumber: IPProtocol
        /// The `namespace/owner` of the pods that the connections went to, or the address; nil where that is not known.
        public var final: String?
        public var finalPort: UInt16?
        public var isViaWaypoint: Bool
        public var isMidCapture: Bool
        public var outcome: FlowOutcome
        /// Why packets were stopped, where some were.
        public var stopReason: DispositionReason?
        /// Who allowed or denied.
        public var judgement: Judgement?
        public var connectReason: Reason?
        public var encryption: FlowEncryption
        public var flows: UInt64
        public var traffic: Traffic
        public var leaks: UInt64
        public var stopped: UInt64
        /// Number of the first packet of the first such connection.
        public var firstPacket: UInt64
    }

    /// Connections that found no row of their own: there were too many kinds of them.
    public struct Others: Hashable, Sendable {
        public var flows: UInt64 = 0
        public var traffic = Traffic()
        public var leaks: UInt64 = 0
        public var stopped: UInt64 = 0
    }

    /// Most packet numbers that a row names.
    public static let exampleLimit = 5

    /// All packets that were read.
    public var total = Traffic()
    /// Packets of flows; the others have none (not IP, malformed, not TCP or UDP, cut short).
    public var inFlows = Traffic()
    /// By kind, then by count, the most frequent first.
    public var dispositions: [DispositionRow] = []
    /// The most frequent first.
    public var leaks: [LeakRow] = []
    /// Leaks between pairs that found no row of their own.
    public var otherLeaks = Traffic()
    /// The most packets first.
    public var connections: [ConnectionRow] = []
    public var others = Others()
    public var flowCount: UInt64 = 0
    /// Most flows that were followed at once.
    public var mostLiveFlows: Int = 0
    /// Capture time between the first and the last packet.
    public var durationNanoseconds: UInt64 = 0
    /// What people should know about the replay, one sentence each without full stop.
    public var notes: [String] = []

    /// Rows that say that packets were dropped, reset or refused.
    public var drops: [DispositionRow] {
        dispositions.filter { [.dropped, .reset, .refused].contains($0.disposition.kind) }
    }

    /// Packets of one kind.
    public func traffic(_ kind: Disposition.Kind) -> Traffic {
        dispositions.reduce(into: Traffic()) { if $1.disposition.kind == kind { $0 += $1.traffic } }
    }
}
