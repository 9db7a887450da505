public import Model

/// tc: packets that leave a pod, at the node's end of the veth. What goes to a peer's pods is marked for encryption.
public struct TCPod: Sendable {
    private let parser: DataplaneOptions.TCParser

    public init(_ options: DataplaneOptions) { parser = options.tcParser }

    /// Runs on an Ethernet frame.
    public func run(_ frame: [UInt8], mark: PacketMark, maps: borrowing some InterfaceMaps) -> InterfaceDecision {
        run(InterfacePacket(parsing: frame, by: parser), mark: mark, maps: maps)
    }

    /// Runs on a packet that was read before.
    public func run(
        _ packet: InterfacePacket, mark: PacketMark, maps: borrowing some InterfaceMaps
    ) -> InterfaceDecision {
        switch packet {
        case .notIP: return InterfaceDecision(.notIP, mark: mark)
        case .unreadable: return parser.decision(onUnreadable: mark)
        case .ip(let addresses, _):
            guard maps.isOfPeer(addresses.destination) else { return InterfaceDecision(.notForPeer, mark: mark) }
            return InterfaceDecision(.markedForPeer, mark: .encrypt)
        }
    }
}
