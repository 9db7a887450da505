import Model

/// What a look at the kernel found for encryption.
struct EncryptionListing: Sendable {
    /// What is ours: what the record names.
    var held = EncryptionHoldings()
    /// The numbers of the last packets that states of ours sent.
    var sent: [XFRMState.ID: UInt64] = [:]
    /// Of others, by what the kernel finds them.
    var otherStates: Set<XFRMState.ID> = []
    var otherPolicies: Set<XFRMPolicy.ID> = []

    /// Nothing.
    init() {}

    /// Looks at all of it.
    /// - Parameters:
    ///   - maps: nil where there are none yet.
    ///   - ours: What the record names.
    ///   - published: What the node has told others.
    ///   - known: What was held before. A kernel that is locked down tells no keys, and zeros in their place: a state whose
    ///     key is not told is taken for the one that was there.
    init(
        _ socket: borrowing XFRMSocket, _ maps: borrowing EncryptionKernelMaps?,
        ours: (states: Set<XFRMState.ID>, policies: Set<XFRMPolicy.ID>), published: NodeEncryption?,
        known: EncryptionHoldings = EncryptionHoldings()
    ) throws(KernelError) {
        let states = try socket.states()
        let policies = try socket.policies()
        otherStates = Set(states.lazy.map(\.id).filter { !ours.states.contains($0) })
        otherPolicies = Set(policies.lazy.map(\.id).filter { !ours.policies.contains($0) })
        for found in states where ours.states.contains(found.id) && found.state?.outputMark == nil {
            sent[found.id] = found.sent
        }
        held = EncryptionHoldings(
            states: states.compactMap { found in
                guard ours.states.contains(found.id), let state = found.state else { return nil }
                return .init(state.withKey(of: known.states[found.id]?.state), packetCount: found.packetCount)
            },
            policies: policies.compactMap { ours.policies.contains($0.id) ? $0.policy : nil },
            nodeInfo: try maps?.prefixes() ?? [], peerMarks: try maps?.peerMarks() ?? [:], published: published)
    }

    /// Whether somebody else has what a step would make.
    func isOthers(_ step: EncryptionStep) -> Bool {
        step.madeState.map { otherStates.contains($0) } ?? step.madePolicy.map { otherPolicies.contains($0) } ?? false
    }
}

extension XFRMState {
    /// With another one's key in the place of one that was not told, if it is of the same size.
    func withKey(of known: XFRMState?) -> XFRMState {
        guard let known, known.key.byteCount == key.byteCount, known.key.icvByteCount == key.icvByteCount,
            AEADKey(bytes: [UInt8](repeating: 0, count: key.byteCount), icvByteCount: key.icvByteCount) == key
        else { return self }
        var state = self
        state.key = known.key
        return state
    }
}
