public import Crypto
public import Inputs
public import Model

/// Why a network cannot be given its rules of encryption.
public enum EncryptionSetupError: Error, Hashable, Sendable, CustomStringConvertible {
    case cipher(node: String, CryptoError)
    case map(node: String, MapError)

    public var description: String {
        switch self {
        case .cipher(let node, let error): "node \(node): \(error)"
        case .map(let node, let error): "km_nodeinfo of node \(node): \(error)"
        }
    }
}

extension Network {
    /// Gives every node that publishes for encryption its rules for every other, as agents do that have all read the same
    /// keys. What a node refuses as existing stays out, as in the preset `upstream` with more than two nodes.
    /// - Returns: What does not become encrypted as it is meant, a sentence each without its full stop.
    public mutating func encrypt(_ mesh: Mesh, keys: EncryptionKeys) throws(EncryptionSetupError) -> [String] {
        let peers = nodes.indices.compactMap { index in
            mesh.nodes[nodes[index].name]?.encryption.map { Peer(index: index, name: nodes[index].name, published: $0) }
        }
        var notes: [String] = []
        for local in peers { notes += try setUp(local, with: peers, keys) }
        return notes
    }

    private struct Peer {
        var index: Int
        var name: String
        var published: NodeEncryption
    }

    /// Does what the agent of one node does.
    private mutating func setUp(
        _ local: Peer, with peers: [Peer], _ keys: EncryptionKeys
    ) throws(EncryptionSetupError) -> [String] {
        var controller = EncryptionController(
            node: local.name, local: local.published, keys: keys, options: options)
        for peer in peers { controller.take(peer.published, of: peer.name) }
        var refused: Set<IPAddress> = []
        var sentTo: Set<IPAddress> = []
        for step in controller.steps(from: EncryptionHoldings(), isThorough: true, digest: SHA512.digest) {
            let outcome = try apply(step, at: local.index)
            guard case .xfrm(.addState(let state)) = step else { continue }
            if outcome == .exists { refused.insert(state.source) }
            if state.outputMark == nil { sentTo.insert(state.destination) }
        }
        var notes: [String] = []
        if keys[local.published.spi] == nil {
            notes.append("node \(local.name) publishes SPI \(local.published.spi), which no key file has")
        }
        notes += controller.problems.filter { $0.isFault && $0.node != local.name }.map(\.description)
        for peer in peers where peer.index != local.index {
            if sentTo.isDisjoint(with: peer.published.addresses) {
                let instead = options.unknownSPI == .block ? "blocks it" : "sends it in clear"
                notes.append(
                    "node \(local.name) cannot encrypt what it sends to the pods of \(peer.name), and \(instead)")
            }
            if !refused.isDisjoint(with: peer.published.addresses) {
                notes.append(
                    "node \(local.name) refuses the state for what \(peer.name) sends: another peer has the same SPI")
            }
        }
        return notes
    }

    /// Takes a step of a node's agent. What it publishes is nothing to the node itself.
    /// - Returns: What the kernel says to it.
    public mutating func apply(
        _ step: EncryptionStep, at node: Int
    ) throws(EncryptionSetupError) -> XFRMDatabase.Outcome {
        if case .xfrm(let change) = step { return try apply(change, at: node) }
        do throws(MapError) {
            switch step {
            case .markPeer(let address, let mark): try nodes[node].setPeerMark(mark, of: address)
            case .forgetPeer(let address): try nodes[node].forgetPeerMark(of: address)
            case .encryptTo(let prefix): try nodes[node].nodeInfo.update(NodeInfoKey(prefix), to: 1)
            case .leaveClear(let prefix): try nodes[node].nodeInfo.delete(NodeInfoKey(prefix))
            case .xfrm, .publish: break
            }
        } catch .missing {
            return .missing
        } catch {
            throw .map(node: nodes[node].name, error)
        }
        return .done
    }

    /// Applies what was recorded of a node, or typed there. km_nodeinfo gets the prefixes that out policies ask to be
    /// encrypted for marked packets.
    /// - Returns: What the node refuses, as Linux would, a sentence each without its full stop.
    public mutating func apply(_ changes: [XFRMChange], at node: Int) throws(EncryptionSetupError) -> [String] {
        var refusals: [String] = []
        for change in changes {
            switch try apply(change, at: node) {
            case .done: break
            case .exists: refusals.append("node \(nodes[node].name) has such a state or policy already")
            case .missing: refusals.append("node \(nodes[node].name) has no such state or policy")
            case .invalid: refusals.append("node \(nodes[node].name) refuses the replay window")
            }
            switch change {
            case .addPolicy(let policy) where policy.marksPackets, .updatePolicy(let policy) where policy.marksPackets:
                do throws(MapError) {
                    try nodes[node].nodeInfo.update(NodeInfoKey(policy.selector.destination), to: 1)
                } catch {
                    throw .map(node: nodes[node].name, error)
                }
            default: break
            }
        }
        return refusals
    }

    /// Applies what a listing shows of a node. Numbers begin with the first packet, for nobody knows whether the listing
    /// was made before the packets or after them; of extended ones the half that packets do not carry is as listed.
    /// - Returns: What the node refuses, as Linux would, a sentence each without its full stop.
    public mutating func apply(_ listing: XFRMListing, at node: Int) throws(EncryptionSetupError) -> [String] {
        let refusals = try apply(
            listing.states.map { .addState($0.state) } + listing.policies.map(XFRMChange.addPolicy), at: node)
        for entry in listing.states where entry.state.hasExtendedSequence {
            nodes[node].xfrm.setSequence(
                sent: entry.sent & (.max << 32), received: entry.received & (.max << 32), of: entry.state.id)
        }
        return refusals
    }

    private mutating func apply(
        _ change: XFRMChange, at node: Int
    ) throws(EncryptionSetupError) -> XFRMDatabase.Outcome {
        do throws(CryptoError) {
            return try nodes[node].xfrm.apply(change)
        } catch {
            throw .cipher(node: nodes[node].name, error)
        }
    }
}

extension XFRMPolicy {
    /// Whether it is for packets that tc marks by km_nodeinfo.
    fileprivate var marksPackets: Bool { direction == .out && mark == .exactly(.encrypt) }
}
