public import Model

/// tc: packets that reach a node by its uplink. Those that XFRM decrypted come by here once more, with the mark of the
/// state. Other marks mean nothing here, and in clear nothing comes from a peer's pods.
public struct TCUplink: Sendable {
    private let parser: DataplaneOptions.TCParser
    private let dropsClear: Bool
    private let marksESP: Bool

    public init(_ options: DataplaneOptions) {
        parser = options.tcParser
        dropsClear = options.clearPackets == .drop
        marksESP = options.inboundState == .peer
    }

    /// Runs on an Ethernet frame.
    public func run(_ frame: [UInt8], mark: PacketMark, maps: borrowing some InterfaceMaps) -> InterfaceDecision {
        guard mark != .decrypted else { return InterfaceDecision(.decrypted, mark: mark) }
        return run(InterfacePacket(parsing: frame, by: parser), mark: mark, maps: maps)
    }

    /// Runs on a packet that was read before.
    public func run(
        _ packet: InterfacePacket, mark: PacketMark, maps: borrowing some InterfaceMaps
    ) -> InterfaceDecision {
        guard mark != .decrypted else { return InterfaceDecision(.decrypted, mark: mark) }
        switch packet {
        case .notIP: return InterfaceDecision(.notIP, mark: mark)
        case .unreadable: return parser.decision(onUnreadable: mark)
        case .ip(let addresses, isESP: true): return markESP(from: addresses.source, mark: mark, maps: maps)
        case .ip(let addresses, isESP: false):
            if dropsClear, maps.isOfPeer(addresses.source) { return InterfaceDecision(.clearFromPeer, mark: mark) }
            return InterfaceDecision(mark == .none ? .inClear : .strayMarkCleared, mark: .none)
        }
    }

    /// ESP between nodes has addresses of nodes. A pod's own ESP has not: from a peer's pod it is in clear as anything
    /// else, because what that node sends for its pods comes in ESP of the node.
    private func markESP(
        from source: IPAddress, mark: PacketMark, maps: borrowing some InterfaceMaps
    ) -> InterfaceDecision {
        if marksESP, let mark = maps.peerMark(of: source) { return InterfaceDecision(.espFromPeer, mark: mark) }
        if dropsClear, maps.isOfPeer(source) { return InterfaceDecision(.clearFromPeer, mark: mark) }
        // Lest a mark that it came with finds a peer's state.
        return InterfaceDecision(.espUnmarked, mark: marksESP ? .none : mark)
    }
}
