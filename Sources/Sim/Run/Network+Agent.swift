import Crypto
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

    /// Takes a step of a node's agent. What it publishes is nothing to its kernel.
    mutating func take(
        _ step: EncryptionStep, at node: Int
    ) throws(EncryptionSetupError) -> XFRMDatabase.Outcome {
        switch step {
        case .xfrm(let change):
            do throws(CryptoError) {
                return try nodes[node].xfrm.apply(change)
            } catch {
                throw .cipher(node: nodes[node].name, error)
            }
        case .markPeer, .forgetPeer, .encryptTo, .leaveClear:
            do throws(MapError) {
                try changeMaps(of: node, step)
            } catch .missing {
                return .missing
            } catch {
                throw .map(node: nodes[node].name, error)
            }
        case .publish: break
        }
        return .done
    }

    private mutating func changeMaps(of node: Int, _ step: EncryptionStep) throws(MapError) {
        switch step {
        case .markPeer(let address, let mark): try nodes[node].setPeerMark(mark, of: address)
        case .forgetPeer(let address): try nodes[node].forgetPeerMark(of: address)
        case .encryptTo(let prefix): try nodes[node].nodeInfo.update(NodeInfoKey(prefix), to: 1)
        case .leaveClear(let prefix): try nodes[node].nodeInfo.delete(NodeInfoKey(prefix))
        case .xfrm, .publish: break
        }
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
