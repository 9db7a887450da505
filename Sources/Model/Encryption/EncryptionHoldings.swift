/// What a node's kernel holds for encryption, as far as its agent may touch it. What others made is not in it.
public struct EncryptionHoldings: Hashable, Sendable {
    /// A state with how many packets it sent or received so far.
    public struct State: Hashable, Sendable {
        public var state: XFRMState
        public var packetCount: UInt64

        public init(_ state: XFRMState, packetCount: UInt64 = 0) {
            self.state = state
            self.packetCount = packetCount
        }
    }

    public private(set) var states: [XFRMState.ID: State] = [:]
    public private(set) var policies: [XFRMPolicy.ID: XFRMPolicy] = [:]
    /// km_nodeinfo: where packets are marked for encryption.
    public private(set) var nodeInfo: Set<Prefix>
    /// km_peer: what ESP packets from a peer's address are marked with (H18).
    public private(set) var peerMarks: [IPAddress: PacketMark]
    /// What the node says of itself to all others, nil where it has said nothing.
    public private(set) var published: NodeEncryption?

    public init(
        states: [State] = [], policies: [XFRMPolicy] = [], nodeInfo: [Prefix] = [],
        peerMarks: [IPAddress: PacketMark] = [:], published: NodeEncryption? = nil
    ) {
        for state in states { self.states[state.state.id] = state }
        for policy in policies { self.policies[policy.id] = policy }
        self.nodeInfo = Set(nodeInfo)
        self.peerMarks = peerMarks
        self.published = published
    }

    /// Takes a step as the kernel does: what it refuses changes nothing.
    /// - Returns: false where it is refused.
    @discardableResult
    public mutating func apply(_ step: EncryptionStep) -> Bool {
        switch step {
        case .xfrm(let change): return apply(change)
        case .markPeer(let address, let mark): peerMarks[address] = mark
        case .forgetPeer(let address): return peerMarks.removeValue(forKey: address) != nil
        case .encryptTo(let prefix): nodeInfo.insert(prefix)
        case .leaveClear(let prefix): return nodeInfo.remove(prefix) != nil
        case .publish(let info): published = info
        }
        return true
    }

    private mutating func apply(_ change: XFRMChange) -> Bool {
        switch change {
        case .addState(let state):
            guard state.rivals.allSatisfy({ states[$0] == nil }) else { return false }
            states[state.id] = State(state)
        case .updateState(let state):
            guard var held = states[state.id] else { return false }
            held.state.encapsulation = state.encapsulation ?? held.state.encapsulation
            held.state.outputMark = state.outputMark ?? held.state.outputMark
            states[state.id] = held
        case .deleteState(let id): return states.removeValue(forKey: id) != nil
        case .flushStates: states = [:]
        case .addPolicy(let policy):
            guard policies[policy.id] == nil else { return false }
            policies[policy.id] = policy
        case .updatePolicy(let policy): policies[policy.id] = policy
        case .deletePolicy(let id): return policies.removeValue(forKey: id) != nil
        case .flushPolicies: policies = [:]
        }
        return true
    }

    /// Counts packets of a state, as the kernel does.
    public mutating func count(_ packetCount: UInt64, of id: XFRMState.ID) {
        states[id]?.packetCount += packetCount
    }
}

extension XFRMState {
    /// What a state of an agent may have been made as that a new one would be taken for. Source: Linux,
    /// __xfrm_state_locate, which looks for the new one's mark under the old one's mask.
    var rivals: [ID] {
        let unmarked = ID(destination: destination, spi: spi)
        return mark == .any ? [id] : [id, unmarked]
    }
}

/// One step of a node's agent.
public enum EncryptionStep: Hashable, Sendable {
    case xfrm(XFRMChange)
    /// An entry of km_peer (H18).
    case markPeer(IPAddress, PacketMark)
    case forgetPeer(IPAddress)
    /// An entry of km_nodeinfo.
    case encryptTo(Prefix)
    case leaveClear(Prefix)
    /// Tells all other nodes.
    case publish(NodeEncryption)
}
