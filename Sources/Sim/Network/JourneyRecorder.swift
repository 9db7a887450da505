public import Model

/// Where a packet's bytes are seen on their way.
public enum ObservationPoint: String, Hashable, Sendable, CaseIterable {
    /// The pod's end of its interface, leaving the pod.
    case pod
    /// The node's end of that, behind tc.
    case hostInterface
    /// Between nodes: what the sending node's uplink puts there.
    case wire
    /// The receiving node's uplink, where a decrypted packet is seen again.
    case decrypted
    /// The destination pod's interface, arriving.
    case arrival
}

/// Where netfilter has its say. Source: Linux, enum nf_inet_hooks.
public enum NetfilterHook: String, Hashable, Sendable, CaseIterable {
    case prerouting = "PREROUTING"
    case input = "INPUT"
    case forward = "FORWARD"
    case output = "OUTPUT"
    case postrouting = "POSTROUTING"
}

/// Where a node sends a packet. Numbers are indices in `Network.nodes` and `Network.pods`.
public enum NetworkRoute: Hashable, Sendable {
    /// To the node itself.
    case local
    /// To a pod of this node.
    case pod(Int)
    /// By the uplink to another node.
    case node(Int)
    /// To an address of this node's prefixes that no pod has.
    case nobody
    /// By the uplink to what is no part of the mesh.
    case outside
}

/// One step of a packet on its way.
public enum JourneyStep: Hashable, Sendable {
    /// tc at the node's end of a pod's interface: whether km_nodeinfo has the destination, and the mark it got.
    case podMark(found: Bool, PacketMark)
    /// tc at the uplink: the mark before and after.
    case uplinkMark(before: PacketMark, after: PacketMark)
    case netfilter(NetfilterHook)
    case route(NetworkRoute)
    /// XFRM policy: its place in the node's list of that direction, nil without one.
    case policy(XFRMPolicy.Direction, Int?)
    /// XFRM state: its place in the node's list, nil without one.
    case state(SPI, Int?)
    /// Before and after.
    case timeToLive(UInt8, UInt8)
    /// The packet's size and what the way lets through, in bytes.
    case size(Int, limit: Int)
    case encrypted(state: Int, sequence: UInt64)
    /// What the replay window says of a number, before the ICV is looked at.
    case replay(ReplayWindow.Check)
    case decrypted(state: Int, mark: PacketMark)
    /// The packet goes on in so many fragments.
    case fragmented(Int)
    /// With this fragment its packet, of so many bytes, is whole.
    case reassembled(Int)
    /// The node tells the sender; steps of that packet follow up to its end.
    case error(ICMPError)
    /// An option made a difference here.
    case option(OptionName)
    case end(JourneyEnd)
}

/// Takes the steps of journeys as they happen. Generic, so that recording nothing costs nothing.
public protocol JourneyRecorder {
    /// A step at a node, by its index in `Network.nodes`.
    mutating func record(node: Int, _ step: @autoclosure () -> JourneyStep)

    /// Whether `observe` is of any use: bytes need to be put together for it.
    static var wantsBytes: Bool { get }

    /// A packet's bytes from the IP header on.
    /// - Parameter byteCount: Its size; `packet` holds less of it where the capture did, or where what was captured is
    ///   too little to be encrypted: then only the outer header.
    mutating func observe(
        _ point: ObservationPoint, node: Int, mark: PacketMark, _ packet: RawSpan, byteCount: Int)
}

/// Records nothing.
public struct NoJourneyRecorder: JourneyRecorder {
    @inlinable
    public init() {}

    @inlinable
    public mutating func record(node: Int, _ step: @autoclosure () -> JourneyStep) {}

    @inlinable
    public static var wantsBytes: Bool { false }

    @inlinable
    public mutating func observe(
        _ point: ObservationPoint, node: Int, mark: PacketMark, _ packet: RawSpan, byteCount: Int
    ) {}
}

/// Keeps steps and packets in the order in which they came.
public struct JourneyTrace: JourneyRecorder, Sendable {
    public enum Entry: Hashable, Sendable {
        case step(node: Int, JourneyStep)
        case packet(ObservedPacket)
    }

    public private(set) var entries: [Entry] = []

    public init() {}

    public mutating func record(node: Int, _ step: @autoclosure () -> JourneyStep) {
        entries.append(.step(node: node, step()))
    }

    public static var wantsBytes: Bool { true }

    public mutating func observe(
        _ point: ObservationPoint, node: Int, mark: PacketMark, _ packet: RawSpan, byteCount: Int
    ) {
        let bytes = (0..<packet.byteCount).map { packet.byte(at: $0) }
        entries.append(
            .packet(ObservedPacket(point: point, node: node, mark: mark, bytes: bytes, byteCount: byteCount)))
    }

    /// For the next packet.
    public mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

    /// The steps alone.
    public var steps: [JourneyStep] {
        entries.compactMap { if case .step(_, let step) = $0 { step } else { nil } }
    }

    /// The packets alone.
    public var packets: [ObservedPacket] {
        entries.compactMap { if case .packet(let packet) = $0 { packet } else { nil } }
    }
}

/// A packet as it was seen at one place.
public struct ObservedPacket: Hashable, Sendable {
    public var point: ObservationPoint
    public var node: Int
    public var mark: PacketMark
    /// From the IP header on.
    public var bytes: [UInt8]
    /// More than `bytes` holds where the capture held less.
    public var byteCount: Int
}
