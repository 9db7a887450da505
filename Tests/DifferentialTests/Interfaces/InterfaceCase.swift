import Model

/// What is in the maps of encryption, and packets that meet the programs at a node's interfaces.
struct InterfaceCase {
    struct Packet {
        /// `.tcPod` or `.tcUplink`.
        var hook: Hook
        var mark: PacketMark
        var frame: [UInt8]
    }

    var nodeInfo: [(prefix: Prefix, value: UInt32)] = []
    var peers: [(address: IPAddress, mark: PacketMark)] = []
    var packets: [Packet] = []
}

/// What a twin did with a packet.
struct InterfaceOutcome: Equatable {
    /// As linux/pkt_cls.h names it.
    var verdict: String
    var mark: PacketMark
    var isFrameChanged = false
}

extension InterfaceCase.Packet: CustomStringConvertible {
    var description: String { "\(hook.rawValue), mark \(mark), frame \(Digits.hexadecimal(frame))" }
}

extension InterfaceCase: CustomStringConvertible {
    var description: String {
        "km_nodeinfo \(nodeInfo.map { "\($0.prefix)=\($0.value)" }), "
            + "km_peer \(peers.map { "\($0.address)=\($0.mark)" })"
    }
}
