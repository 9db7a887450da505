import Model

/// What is in the maps of encryption, and packets that meet the programs at a node's interfaces.
struct InterfaceCase {
    struct Packet {
        /// `.tcPod` or `.tcUplink`.
        var hook: Hook
        var mark: PacketMark
        var frame: [UInt8]
        /// The EtherType of a VLAN tag that the kernel has taken out of the frame.
        var tag: EtherType?
        /// Whether the IP header is outside of the linear part of the buffer.
        var isSplit = false

        /// The frame with that tag, as it was on the wire.
        var wholeFrame: [UInt8] {
            guard let tag else { return frame }
            let bytes = [UInt8(tag.rawValue >> 8), UInt8(truncatingIfNeeded: tag.rawValue), 0, 1]
            return Array(frame.prefix(12)) + bytes + frame.dropFirst(12)
        }
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
    var description: String {
        "\(hook.rawValue), mark \(mark), frame \(Digits.hexadecimal(frame))\(tag.map { ", tag \($0)" } ?? "")"
    }
}

extension InterfaceCase: CustomStringConvertible {
    var description: String {
        "km_nodeinfo \(nodeInfo.map { "\($0.prefix)=\($0.value)" }), "
            + "km_peer \(peers.map { "\($0.address)=\($0.mark)" })"
    }
}
