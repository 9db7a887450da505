import Model

extension Network {
    /// What a node's kernel holds for encryption.
    /// - Parameter published: What the others can read of it.
    func holdings(of node: Int, published: NodeEncryption?) -> EncryptionHoldings {
        let kernel = nodes[node]
        return EncryptionHoldings(
            states: kernel.xfrm.states.map { .init($0.state, packetCount: $0.packetCount) },
            policies: XFRMPolicy.Direction.allCases.flatMap { kernel.xfrm.policies($0) },
            nodeInfo: kernel.nodeInfo.sortedEntries.compactMap { entry in
                Prefix(entry.key.addr.address, length: Int(entry.key.prefix_length))
            }, peerMarks: kernel.markedPeers, published: published)
    }

    /// A node boots: nothing of what its kernel held is there any more, and its counters are 0.
    /// - Parameter seed: Of what chance gives to its packets from now on.
    mutating func reboot(_ node: Int, seed: UInt64) {
        let old = nodes[node]
        nodes[node] = NodeNetwork(
            old.name, addresses: old.addresses, podPrefixes: old.podPrefixes, gateways: old.gateways, seed: seed)
        nodes[node].uplinkMTU = old.uplinkMTU
        nodes[node].podMTU = old.podMTU
    }
}
