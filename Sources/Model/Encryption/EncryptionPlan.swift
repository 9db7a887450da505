/// Steps in the making, by the order in which they are to be taken, against what is held.
struct EncryptionPlan {
    enum Stage {
        case receiving, sending
    }

    let held: EncryptionHoldings
    /// What the node tells others, after the receiving steps.
    var publication: NodeEncryption?
    private var marks: [EncryptionStep] = []
    private var receiving: [EncryptionStep] = []
    private var sending: [EncryptionStep] = []
    /// Those that are wanted, and those that give way to them.
    private var states: Set<XFRMState.ID> = []
    private var policies: [XFRMPolicy.ID: XFRMPolicy] = [:]
    private var clearPrefixes: [Prefix] = []
    private var removedPolicies: [XFRMPolicy.ID] = []
    private var removedStates: [XFRMState.ID] = []
    private var forgotten: [IPAddress] = []

    init(held: EncryptionHoldings) { self.held = held }

    /// Also of a state that gives way to another.
    func wants(_ id: XFRMState.ID) -> Bool { states.contains(id) }
    func wants(_ id: XFRMPolicy.ID) -> Bool { policies[id] != nil }

    /// - Precondition: A step that marks a peer.
    mutating func mark(_ step: EncryptionStep) {
        guard case .markPeer(let address, let mark) = step else { preconditionFailure("\(step) marks no peer") }
        if held.peerMarks[address] != mark { marks.append(step) }
    }

    /// Brings about what a rule wants: a state that differs gives way, for no kernel changes the key of one.
    mutating func want(_ change: XFRMChange, _ stage: Stage) {
        switch change {
        case .addState(let state):
            guard states.insert(state.id).inserted, held.states[state.id]?.state != state else { return }
            for id in state.rivals where held.states[id] != nil {
                states.insert(id)
                add(.xfrm(.deleteState(id)), stage)
            }
            add(.xfrm(change), stage)
        case .updatePolicy(let policy):
            guard (policies.updateValue(policy, forKey: policy.id) ?? held.policies[policy.id]) != policy else {
                return
            }
            add(.xfrm(change), stage)
        default: preconditionFailure("no rule wants \(change)")
        }
    }

    private mutating func add(_ step: EncryptionStep, _ stage: Stage) {
        switch stage {
        case .receiving: receiving.append(step)
        case .sending: sending.append(step)
        }
    }

    /// Wants the state of a template as it is.
    mutating func keep(_ template: XFRMPolicy.Template) {
        if let id = template.stateID { states.insert(id) }
    }

    mutating func encrypt(to prefix: Prefix) {
        if !held.nodeInfo.contains(prefix) { sending.append(.encryptTo(prefix)) }
    }

    mutating func leaveClear(_ prefix: Prefix) { clearPrefixes.append(prefix) }
    mutating func remove(_ id: XFRMPolicy.ID) { removedPolicies.append(id) }
    mutating func remove(_ id: XFRMState.ID) { removedStates.append(id) }
    mutating func forget(_ address: IPAddress) { forgotten.append(address) }

    var steps: [EncryptionStep] {
        marks + receiving + (publication.map { [.publish($0)] } ?? []) + sending
            + clearPrefixes.sorted { $0.orderingKey < $1.orderingKey }.map(EncryptionStep.leaveClear)
            + removedPolicies.inOrder.map { .xfrm(.deletePolicy($0)) }
            + removedStates.inOrder.map { .xfrm(.deleteState($0)) }
            + forgotten.sorted { $0.halves < $1.halves }.map(EncryptionStep.forgetPeer)
    }
}

extension XFRMPolicy.Template {
    /// The state of the sender that it names.
    var stateID: XFRMState.ID? { spi.map { XFRMState.ID(destination: destination, spi: $0) } }
}
