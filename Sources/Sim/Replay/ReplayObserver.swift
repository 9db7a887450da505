public import Model

/// What a capture says of one packet beside its bytes.
public struct PacketRecord: Hashable, Sendable {
    /// From 1 over all captures, or whatever tells the packet to people.
    public var number: UInt64
    /// Nanoseconds; only differences matter.
    public var timestamp: UInt64
    /// What its frame carries.
    public var etherType: EtherType
    /// From the network layer on, on the wire; the capture may hold less.
    public var originalByteCount: Int
    /// Index of the capture's vantage in those that the engine was made with.
    public var vantage: Int

    @inlinable
    public init(number: UInt64, timestamp: UInt64, etherType: EtherType, originalByteCount: Int, vantage: Int = 0) {
        self.number = number
        self.timestamp = timestamp
        self.etherType = etherType
        self.originalByteCount = originalByteCount
        self.vantage = vantage
    }
}

/// What became of one packet, with what belongs to it.
public struct PacketResolution: Hashable, Sendable {
    public var record: PacketRecord
    public var disposition: Disposition
    /// How it was in clear where it had to be encrypted; nil where it was not.
    public var leak: Leak?
    /// Whether ESP carried it.
    public var isEncrypted: Bool
    /// Who allowed or denied it, where policies were asked about this packet.
    public var judgement: Judgement?

    /// Whether it was in clear where it had to be encrypted.
    public var isLeak: Bool { leak != nil }
}

/// One step of a packet's way, for people.
public enum ReplayStep: Sendable {
    /// A hook ran.
    case hook(HookEvent)
    /// Source or destination was rewritten, as the connect decided.
    case translated(from: PacketFlow, to: PacketFlow)
    /// The packet belongs to a connection that began before the capture.
    case midCapture(requested: SocketAddress, service: ServiceName?, final: SocketAddress?)
    /// The header that tells a waypoint the original destination was put before the payload.
    case header([UInt8], destination: SocketAddress)
    /// Sequence numbers, or acknowledgements, moved by the size of that header.
    case shifted(by: Int)
    /// It is larger than the interface's MTU: segmentation offload; the kernel cuts it into so many segments.
    case segmented(into: Int)
}

/// Watches a replay, and packets on their way through the network. What it does not ask for is not put together.
public protocol ReplayObserver: JourneyRecorder {
    /// Whether the steps of a packet are wanted. Such a packet takes the whole way, nothing of it from memory.
    func wantsSteps(of record: PacketRecord) -> Bool
    /// A step of the packet that is being processed.
    mutating func step(_ step: @autoclosure () -> ReplayStep)
    /// A packet has come to its end.
    mutating func resolved(_ resolution: @autoclosure () -> PacketResolution)
    /// A flow has ended.
    mutating func ended(_ flow: @autoclosure () -> FlowSummary)
}

/// Watches nothing and costs nothing.
public struct NoObserver: ReplayObserver {
    @inlinable public init() {}
    @inlinable public func wantsSteps(of record: PacketRecord) -> Bool { false }
    @inlinable public mutating func step(_ step: @autoclosure () -> ReplayStep) {}
    @inlinable public mutating func resolved(_ resolution: @autoclosure () -> PacketResolution) {}
    @inlinable public mutating func ended(_ flow: @autoclosure () -> FlowSummary) {}
    @inlinable public static var wantsBytes: Bool { false }
    @inlinable public mutating func record(node: Int, _ step: @autoclosure () -> JourneyStep) {}
    @inlinable public mutating func observe(
        _ point: ObservationPoint, node: Int, mark: PacketMark, _ packet: RawSpan, byteCount: Int
    ) {}
}
