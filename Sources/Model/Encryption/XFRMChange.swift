/// One step that a node's states and policies take. Source: `ip xfrm`, XFRM_MSG_* of Linux.
public enum XFRMChange: Hashable, Sendable {
    /// Refused where a state is found by the new one's identity.
    case addState(XFRMState)
    /// Replaces what it keeps its counters from; refused where there is none.
    case updateState(XFRMState)
    case deleteState(XFRMState.ID)
    case flushStates
    /// Refused where there is one of its identity.
    case addPolicy(XFRMPolicy)
    /// Adds it, or replaces the one of its identity.
    case updatePolicy(XFRMPolicy)
    case deletePolicy(XFRMPolicy.ID)
    case flushPolicies
}

extension XFRMState {
    /// By what a state is found: neither its source nor its key tells two apart. Source: Linux, xfrm_state_lookup.
    public struct ID: Hashable, Sendable {
        public var destination: IPAddress
        public var spi: SPI
        public var mark: MarkSelector

        public init(destination: IPAddress, spi: SPI, mark: MarkSelector = .any) {
            self.destination = destination
            self.spi = spi
            self.mark = mark
        }
    }

    public var id: ID { ID(destination: destination, spi: spi, mark: mark) }
}

extension XFRMPolicy {
    /// By what a policy is found. Source: Linux, xfrm_policy_insert.
    public struct ID: Hashable, Sendable {
        public var direction: Direction
        public var selector: XFRMSelector
        public var mark: MarkSelector

        public init(_ direction: Direction, _ selector: XFRMSelector, mark: MarkSelector = .any) {
            self.direction = direction
            self.selector = selector
            self.mark = mark
        }
    }

    public var id: ID { ID(direction, selector, mark: mark) }
}
