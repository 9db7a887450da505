/// The states and policies of one node, changed as Linux changes them.
public struct XFRMDatabase: Hashable, Sendable {
    /// Why a change is refused.
    public enum Refusal: Error, Hashable, Sendable {
        /// EEXIST.
        case exists
        /// ESRCH or ENOENT.
        case missing
    }

    /// In the order in which they came.
    public private(set) var states: [XFRMState] = []
    /// In the order in which they came.
    public private(set) var policies: [XFRMPolicy] = []

    public init() {}

    /// Applies one change; a refused one changes nothing.
    public mutating func apply(_ change: XFRMChange) throws(Refusal) {
        switch change {
        case .addState(let state):
            guard index(of: state.id) == nil else { throw .exists }
            states.append(state)
        case .updateState(let state):
            guard let index = index(of: state.id) else { throw .missing }
            states[index] = state
        case .deleteState(let id):
            guard let index = index(of: id) else { throw .missing }
            states.remove(at: index)
        case .flushStates: states = []
        case .addPolicy(let policy):
            guard !policies.contains(where: { $0.id == policy.id }) else { throw .exists }
            policies.append(policy)
        case .updatePolicy(let policy):
            if let index = policies.firstIndex(where: { $0.id == policy.id }) {
                policies[index] = policy
            } else {
                policies.append(policy)
            }
        case .deletePolicy(let id):
            guard let index = policies.firstIndex(where: { $0.id == id }) else { throw .missing }
            policies.remove(at: index)
        case .flushPolicies: policies = []
        }
    }

    /// The state found by an identity: the first whose mark selector the value of the given mark fits, so that one
    /// without mark hides all others of its destination and SPI. Source: Linux, __xfrm_state_lookup.
    private func index(of id: XFRMState.ID) -> Int? {
        let mark = PacketMark(rawValue: id.mark.value & id.mark.mask)
        return states.firstIndex { state in
            state.destination == id.destination && state.spi == id.spi && state.mark.matches(mark)
        }
    }
}
