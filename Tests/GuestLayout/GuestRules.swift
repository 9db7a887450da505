public import Model

/// What nodes publish and share where no agent runs.
public enum GuestRules {
    /// The key of all nodes for SPI 1.
    public static let keys: EncryptionKeys = {
        guard let key = AEADKey(bytes: Array(1...20)) else { preconditionFailure("20 bytes are no key") }
        return EncryptionKeys(EncryptionKey(spi: SPI(rawValue: 1), key: key))
    }()

    /// - Parameter outer: The family between nodes.
    public static func published(_ node: GuestNode, outer: AddressFamily) -> NodeEncryption {
        NodeEncryption(
            spi: SPI(rawValue: 1), addresses: [node.address(outer)],
            bootID: "00000000-0000-0000-0000-00000000000\(node.number)",
            podPrefixes: AddressFamily.both.map(node.prefix))
    }

    /// What upstream's agents apply, node by node, peer after peer.
    public static func upstream(
        _ nodes: [GuestNode], outer: AddressFamily, digest: ([UInt8]) -> [UInt8]
    ) throws(KeyDerivationError) -> [(node: GuestNode, change: XFRMChange)] {
        var changes: [(GuestNode, XFRMChange)] = []
        for local in nodes {
            for remote in nodes where remote != local {
                let rules = try EncryptionRules(
                    local: published(local, outer: outer), remote: published(remote, outer: outer), keys: keys,
                    options: .upstream, receivedMark: { _ in .none }, digest: digest)
                changes += (rules.receiving + rules.sending).map { (local, $0) }
            }
        }
        return changes
    }
}
