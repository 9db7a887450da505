public import Model

/// One end of a flow, with what the mesh calls it.
public struct FlowParty: Hashable, Sendable {
    public var address: SocketAddress
    /// `namespace/pod`, or the service's `namespace/hostname`; nil where nobody in the mesh has the address.
    public var name: String?
    /// Whose the address is, where it is a pod's.
    public var workload: WorkloadUID?
    /// The service whose virtual address this is.
    public var service: ServiceName?
}

/// Packets and their bytes, from the network layer on, as they were on the wire.
public struct Traffic: Hashable, Sendable {
    public var packets: UInt64
    public var bytes: UInt64

    /// Nothing yet.
    public init(packets: UInt64 = 0, bytes: UInt64 = 0) {
        self.packets = packets
        self.bytes = bytes
    }

    public static func + (a: Traffic, b: Traffic) -> Traffic {
        Traffic(packets: a.packets &+ b.packets, bytes: a.bytes &+ b.bytes)
    }

    public static func += (a: inout Traffic, b: Traffic) { a = a + b }
}

/// How much of what went between nodes was encrypted.
public enum FlowEncryption: String, Hashable, Sendable, CaseIterable {
    /// Nothing crossed the wire between nodes.
    case none
    /// All of what crossed it was in clear, and had not to be encrypted.
    case clear
    case all
    /// A part of it was in clear.
    case some
}

/// What became of a flow on the whole.
public enum FlowOutcome: String, Hashable, Sendable, CaseIterable {
    /// Packets of it arrived, or left the mesh, and none was stopped.
    case passed
    /// Some packets were stopped.
    case partly
    /// All packets were dropped.
    case dropped
    /// Authorization denied it.
    case denied
    /// Its connect was refused.
    case refused
    /// Its way cannot be told.
    case undetermined
}

/// Why a flow is no longer followed.
public enum FlowEnding: String, Hashable, Sendable, CaseIterable {
    /// Both ends have said FIN.
    case closed
    /// An end said RST.
    case reset
    /// Nothing was seen of it for so long that connection tracking would forget it.
    case idle
    /// The same addresses and ports began another connection.
    case replaced
    /// There were too many flows (`ReplayOptions.flowLimit`).
    case crowdedOut
    /// The capture ended.
    case captureEnded
}

/// What is known of one flow when it ends.
public struct FlowSummary: Hashable, Sendable {
    public var protocolNumber: IPProtocol
    /// Who sent the first packet; of a connection that began before the capture, whoever seems to be the client.
    public var client: FlowParty
    /// What the client asked for.
    public var requested: FlowParty
    /// Where its packets go; nil where several are possible and the capture does not tell which, or where the connect
    /// was refused.
    public var final: FlowParty?
    /// The first waypoint on the way.
    public var waypoint: SocketAddress?
    /// The rule that ended the connect; nil where none ran.
    public var connectReason: Reason?
    /// Whether it began before the capture.
    public var isMidCapture: Bool
    /// What the client sent.
    public var sent: Traffic
    /// What the client was answered.
    public var received: Traffic
    public var outcome: FlowOutcome
    /// Who allowed or denied it; nil where no policy was looked at.
    public var judgement: Judgement?
    public var encryption: FlowEncryption
    /// Packets that were in clear where they had to be encrypted, whatever became of them then.
    public var leaks: UInt64
    /// Packets that were dropped or turned into a reset, refused ones included.
    public var stopped: UInt64
    /// Why the first of these was stopped.
    public var stopReason: DispositionReason?
    /// Packets that another capture, or the same, showed before.
    public var seenAgain: UInt64
    /// Number of its first packet, which names the flow.
    public var firstPacket: UInt64
    /// Of its first packet, in nanoseconds as the capture has them.
    public var firstTimestamp: UInt64
    /// Of its last packet, to about a millisecond.
    public var lastTimestamp: UInt64
    public var ending: FlowEnding
}
