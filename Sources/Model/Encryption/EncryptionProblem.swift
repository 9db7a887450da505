/// Why a node cannot encrypt to another, or cannot take part at all, and what would be right.
public struct EncryptionProblem: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// It publishes SPI 0.
        case reservedSPI
        /// It publishes a key version that no key file here has had; the second is the newest that one had.
        case unknownSPI(SPI, newest: SPI)
        case shortBootID(String)
        case noAddress
        /// It has addresses of this family alone, and the node here has none of it.
        case noCommonFamily(AddressFamily)
        case noPods
        /// An address that another node has too.
        case sharedAddress(IPAddress, with: String)
        /// A prefix of its pods has addresses that are also in one of another node's.
        case overlappingPods(Prefix, with: String, Prefix)
        /// There are no marks left to tell its packets from others' (H18).
        case tooManyPeers
    }

    /// The node that must be mended.
    public var node: String
    public var kind: Kind

    public init(node: String, _ kind: Kind) {
        self.node = node
        self.kind = kind
    }

    public var description: String {
        switch kind {
        case .reservedSPI: "node \(node) publishes SPI 0, which is reserved; its key file must have a version from 1 on"
        case .unknownSPI(let spi, let newest):
            "node \(node) publishes SPI \(spi), which no key file here has had (the newest had \(newest)); all nodes need "
                + "the same key files"
        case .shortBootID(let text):
            "node \(node) has the boot id \"\(text)\" with fewer than \(AEADKey.bootIDByteCount) characters; its "
                + "/proc/sys/kernel/random/boot_id has them"
        case .noAddress: "node \(node) has no address; its tunnels need one that the other nodes reach"
        case .noCommonFamily(let family):
            "node \(node) has only \(family == .v4 ? "IPv4" : "IPv6") addresses, and this node has none of them; tunnels "
                + "need a family that both have"
        case .noPods: "node \(node) has no pod prefix (podCIDRs); without one nothing that its pods get is encrypted"
        case .sharedAddress(let address, let other):
            "nodes \(node) and \(other) both have the address \(address); every node needs addresses of its own"
        case .overlappingPods(let own, let other, let others):
            "the pod prefix \(own) of node \(node) overlaps \(others) of node \(other); every node needs prefixes of its own"
        case .tooManyPeers:
            "node \(node) is one too many: no more than \(PacketMark.peerNumbers.count) addresses of peers can be told apart"
        }
    }

    /// Whether nothing can be set up to send to the node. With an unknown SPI it waits for a key.
    public var isFault: Bool {
        if case .unknownSPI = kind { return false }
        return true
    }

    /// Whether it is a fault of the node's pod prefixes alone: the node is received from all the same.
    var isOfPods: Bool {
        switch kind {
        case .noPods, .overlappingPods: true
        default: false
        }
    }
}
