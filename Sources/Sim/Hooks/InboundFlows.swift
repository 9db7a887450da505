public import KernelABI
public import Model

/// A verdict on a flow, as km_verdict holds it.
public enum FlowVerdict: UInt32, Hashable, Sendable {
    case denied = 0
    case allowed = 1
    /// The pod opened the flow, and its packets are replies.
    case reply = 2
}

extension CachedVerdict {
    /// The verdict, nil when policies of another generation gave it.
    func verdict(in generation: UInt32) -> FlowVerdict? {
        self.generation == generation ? FlowVerdict(rawValue: verdict) : nil
    }
}

/// What xdp_ingress keeps from packet to packet, of all pods of a node: verdicts, flows that pods opened, and datagrams
/// whose first fragment was let in. Everything is bounded, and what falls out is judged anew.
public struct InboundFlows: Sendable {
    /// Most entries of each map.
    public struct Capacities: Hashable, Sendable {
        public var verdicts: Int
        public var opened: Int
        public var fragments: Int

        public init(verdicts: Int, opened: Int, fragments: Int) {
            self.verdicts = verdicts
            self.opened = opened
            self.fragments = fragments
        }

        /// Those of the programs.
        public static let standard = Capacities(verdicts: 65_536, opened: 65_536, fragments: 8_192)
    }

    /// km_verdict: the latest verdict on each flow of packets to pods.
    public internal(set) var verdicts: LeastRecentlyUsedMap<ConnectionTuple, CachedVerdict>
    /// km_flow: flows that pods opened, as their replies have them.
    public internal(set) var opened: LeastRecentlyUsedMap<ConnectionTuple, OpenedFlow>
    /// km_fragment: datagrams whose first fragment was let in.
    public internal(set) var fragments: LeastRecentlyUsedMap<FragmentKey, CachedVerdict>
    /// The second of the latest report, and how many it has had.
    private var reportSecond: UInt64 = 0
    private var reportCount: UInt32 = 0

    public init(capacities: Capacities = .standard) {
        verdicts = LeastRecentlyUsedMap(capacity: capacities.verdicts)
        opened = LeastRecentlyUsedMap(capacity: capacities.opened)
        fragments = LeastRecentlyUsedMap(capacity: capacities.fragments)
    }

    /// Records a flow that a pod opens; `SockOps.Decision.openedReplies` is one.
    /// - Parameters:
    ///   - replies: The flow as its replies have it: the pod is the destination.
    ///   - now: Nanoseconds since boot.
    public mutating func open(_ replies: PacketFlow, now: UInt64) {
        opened.update(ConnectionTuple(replies), to: OpenedFlow(opened_ns: now))
    }

    /// The pod has accepted a connection with the addresses and ports of a flow that it may have opened before; from now
    /// on it is the peer's. `SockOps.Decision.acceptedFlow` is one.
    public mutating func accept(_ flow: PacketFlow) {
        let tuple = ConnectionTuple(flow)
        // Most often the pod never opened one.
        try? opened.delete(tuple)
        try? verdicts.delete(tuple)
    }

    /// Whether one more denial may be reported in this second; if so, it counts as reported.
    mutating func takeReport(now: UInt64, limit: UInt32) -> Bool {
        let second = now / 1_000_000_000
        if second != reportSecond { (reportSecond, reportCount) = (second, 0) }
        guard reportCount < limit else { return false }
        reportCount += 1
        return true
    }
}
