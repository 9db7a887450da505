public import Model

/// What a program at a node's interface (tc) did with a packet, and why.
public struct InterfaceDecision: Hashable, Sendable {
    public enum Verdict: String, Hashable, Sendable {
        /// The filters that follow at the interface are asked, or the packet passes at once: see `DataplaneOptions.TCParser`.
        case pass
        case drop
    }

    public var reason: Reason
    /// The packet's mark afterwards.
    public var mark: PacketMark

    init(_ reason: Reason, mark: PacketMark) {
        self.reason = reason
        self.mark = mark
    }

    public var verdict: Verdict { reason == .clearFromPeer || reason == .unreadableDropped ? .drop : .pass }
}

/// The maps that the programs at a node's interfaces read.
public protocol InterfaceMaps {
    /// Whether km_nodeinfo has an address: a pod of a peer has it.
    func isOfPeer(_ address: IPAddress) -> Bool
    /// The mark of ESP from an address, by km_peer; nil for an address that is no peer's.
    func peerMark(of address: IPAddress) -> PacketMark?
}

/// These maps by themselves.
public struct InterfaceMapStore: InterfaceMaps, Sendable {
    public var nodeInfo: LongestPrefixMap
    /// By addresses as mapped ones.
    public var peers: HashMap<MapAddress, UInt32>

    /// - Parameter capacity: Of either map.
    public init(capacity: Int) {
        nodeInfo = LongestPrefixMap(capacity: capacity)
        peers = HashMap(capacity: capacity)
    }

    public func isOfPeer(_ address: IPAddress) -> Bool { nodeInfo.covers(address) }

    public func peerMark(of address: IPAddress) -> PacketMark? {
        peers.lookup(MapAddress(address.mapped)).map { PacketMark(rawValue: $0) }
    }
}

extension LongestPrefixMap {
    /// Whether a prefix covers an address, as the programs look it up.
    func covers(_ address: IPAddress) -> Bool {
        lookup(MapAddress(address), bitCount: address.family == .v4 ? 32 : 128) != nil
    }
}

extension DataplaneOptions.TCParser {
    /// What becomes of a frame whose addresses cannot be told.
    func decision(onUnreadable mark: PacketMark) -> InterfaceDecision {
        InterfaceDecision(self == .headerChain ? .unreadableDropped : .unreadablePassed, mark: mark)
    }
}
