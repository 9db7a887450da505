import Model

/// A packet on its way, beside its bytes.
struct Transit {
    var head: PacketHead
    var mark = PacketMark.none
    /// The state of the node where the packet is that decrypted it.
    var decryptedBy: Int?
    /// Of an ESP packet that the capture holds too little for: how many bytes of its front there are. What it would carry
    /// is `Network.concealed`.
    var frontByteCount: Int?
    /// Whether this is the node's own ESP packet, or a fragment of it.
    var isSealedHere = false
    /// Whether the bytes are not those that entered but for time to live and ECN.
    var isRebuilt = false

    init(_ head: PacketHead, mark: PacketMark = .none) {
        self.head = head
        self.mark = mark
    }
}

/// An inner packet of which the capture holds only the beginning: it goes on as if encrypted, and its bytes lie as they
/// are behind outer header, SPI, sequence number and IV.
struct Concealed {
    var head: PacketHead
    /// What would have encrypted it, by node and place in its list: opening compares keys instead of an ICV.
    var sender: Int
    var state: Int
    var sequence: UInt64
}
