public import Crypto
public import Model

/// Why a network cannot be given its rules of encryption.
public enum EncryptionSetupError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The boot ids of two nodes, and what is wrong with one of them.
    case key(local: String, remote: String, KeyDerivationError)
    case cipher(node: String, CryptoError)
    case map(node: String, MapError)

    public var description: String {
        switch self {
        case .key(let local, let remote, let error): "the keys between \(local) and \(remote): \(error)"
        case .cipher(let node, let error): "node \(node): \(error)"
        case .map(let node, let error): "km_nodeinfo of node \(node): \(error)"
        }
    }
}

extension Network {
    /// Gives every node that publishes for encryption its rules for every other, receiving ones first, as agents do
    /// that have all read the same keys. What a node refuses as existing stays out, as in the preset `upstream` with
    /// more than two nodes.
    /// - Returns: What does not become encrypted as it is meant, a sentence each without its full stop.
    public mutating func encrypt(_ mesh: Mesh, keys: EncryptionKeys) throws(EncryptionSetupError) -> [String] {
        let peers = nodes.indices.compactMap { index in
            mesh.nodes[nodes[index].name]?.encryption.map { (node: index, published: $0) }
        }
        var notes: [String] = []
        for local in peers {
            let name = nodes[local.node].name
            if keys[local.published.spi] == nil {
                notes.append("node \(name) publishes SPI \(local.published.spi), which no key file has")
            }
            var marks: [IPAddress: PacketMark] = [:]
            for (number, address) in peers.filter({ $0.node != local.node }).flatMap(\.published.addresses).enumerated()
            {
                marks[address] = .received(fromPeer: UInt16(truncatingIfNeeded: number + 1))
            }
            for remote in peers where remote.node != local.node {
                notes += try addPeer(remote, to: local, keys, marks)
            }
        }
        return notes
    }

    private typealias Peer = (node: Int, published: NodeEncryption)

    private mutating func addPeer(
        _ remote: Peer, to local: Peer, _ keys: EncryptionKeys, _ marks: [IPAddress: PacketMark]
    ) throws(EncryptionSetupError) -> [String] {
        let (name, peer) = (nodes[local.node].name, nodes[remote.node].name)
        let rules: EncryptionRules
        do throws(KeyDerivationError) {
            rules = try EncryptionRules(
                local: local.published, remote: remote.published, keys: keys, options: options,
                receivedMark: { marks[$0] ?? .none }, digest: SHA512.digest)
        } catch {
            throw .key(local: name, remote: peer, error)
        }
        var refused = 0
        for change in rules.receiving + rules.sending where try apply(change, at: local.node) == .exists {
            refused += 1
        }
        do throws(MapError) {
            if options.inboundState == .peer {
                for address in remote.published.addresses {
                    try nodes[local.node].setPeerMark(marks[address] ?? .none, of: address)
                }
            }
            for prefix in remote.published.podPrefixes {
                try nodes[local.node].nodeInfo.update(NodeInfoKey(prefix), to: 1)
            }
        } catch {
            throw .map(node: name, error)
        }
        var notes: [String] = []
        if !rules.encrypts {
            let instead = options.unknownSPI == .block ? "blocks it" : "sends it in clear"
            notes.append("node \(name) cannot encrypt what it sends to the pods of \(peer), and \(instead)")
        }
        if refused > 0 {
            notes.append("node \(name) refuses the state for what \(peer) sends: another peer has the same SPI")
        }
        return notes
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

extension EncryptionRules {
    /// Whether anything is sent by them.
    fileprivate var encrypts: Bool {
        sending.contains { if case .addState = $0 { true } else { false } }
    }
}

extension XFRMPolicy {
    /// Whether it is for packets that tc marks by km_nodeinfo.
    fileprivate var marksPackets: Bool { direction == .out && mark == .exactly(.encrypt) }
}
