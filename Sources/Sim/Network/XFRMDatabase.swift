public import Crypto
public import Model

/// The states and policies of one node, with what Linux counts of them. Changed as `ip xfrm` changes them.
public struct XFRMDatabase {
    /// A state with what it has counted.
    public struct State {
        public let state: XFRMState
        let cipher: ESPCipher
        /// XORed with the sequence number to make the IV of a packet; random in Linux.
        public var ivConstant: UInt64
        /// The number of the last packet sent.
        public var sequence: UInt64 = 0
        public internal(set) var window: ReplayWindow
        /// Inner packets sent or received.
        public internal(set) var packetCount: UInt64 = 0
        /// Of inner packets.
        public internal(set) var byteCount: UInt64 = 0
        /// Packets with a wrong ICV.
        public internal(set) var integrityFailureCount: UInt64 = 0
        /// Packets that the replay window had seen before.
        public internal(set) var replayCount: UInt64 = 0
        /// Packets behind the replay window.
        public internal(set) var tooOldCount: UInt64 = 0
    }

    /// In the order in which they were added.
    public private(set) var states: [State] = []
    private var inPolicies = XFRMPolicyList()
    private var outPolicies = XFRMPolicyList()
    private var forwardPolicies = XFRMPolicyList()
    /// What /proc/net/xfrm_stat shows.
    public internal(set) var counters = XFRMCounters()
    /// Draws the constants of IVs.
    private var generator: SplitMix64

    /// - Parameter seed: Of the IV constants: each state added draws one.
    public init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    /// Policies of one direction, in the order in which they are asked.
    public func policies(_ direction: XFRMPolicy.Direction) -> [XFRMPolicy] { list(direction).policies }

    private func list(_ direction: XFRMPolicy.Direction) -> XFRMPolicyList {
        switch direction {
        case .in: inPolicies
        case .out: outPolicies
        case .fwd: forwardPolicies
        }
    }

    private mutating func change<Result>(
        _ direction: XFRMPolicy.Direction, _ body: (inout XFRMPolicyList) -> Result
    ) -> Result {
        switch direction {
        case .in: body(&inPolicies)
        case .out: body(&outPolicies)
        case .fwd: body(&forwardPolicies)
        }
    }

    // MARK: Changes

    /// `ip xfrm state add`.
    /// - Parameter ivConstant: nil to draw one.
    /// - Returns: false when Linux refuses: a state is found by the same destination, SPI and mark (EEXIST), or the
    ///   replay window is impossible (EINVAL).
    public mutating func add(_ state: XFRMState, ivConstant: UInt64? = nil) throws(CryptoError) -> Bool {
        let drawn = generator.next()
        let mark = PacketMark(rawValue: state.mark.value & state.mark.mask)
        guard inboundState(destination: state.destination, spi: state.spi, mark: mark) == nil,
            let window = ReplayWindow(size: state.replayWindow, isExtended: state.hasExtendedSequence)
        else { return false }
        let cipher = try ESPCipher(state.key, extendedSequence: state.hasExtendedSequence)
        states.append(State(state: state, cipher: cipher, ivConstant: ivConstant ?? drawn, window: window))
        return true
    }

    /// `ip xfrm state delete`.
    /// - Returns: false when there is none (ESRCH).
    public mutating func deleteState(destination: IPAddress, spi: SPI, mark: PacketMark = .none) -> Bool {
        guard let index = inboundState(destination: destination, spi: spi, mark: mark) else { return false }
        states.remove(at: index)
        return true
    }

    /// `ip xfrm state flush`.
    public mutating func removeAllStates() { states.removeAll() }

    /// Changes what a state counts from, or its chance.
    public mutating func withState(_ index: Int, _ body: (inout State) -> Void) { body(&states[index]) }

    /// `ip xfrm policy add`.
    /// - Returns: false when there is one of the same direction, selector and mark (EEXIST).
    public mutating func add(_ policy: XFRMPolicy) -> Bool { change(policy.direction) { $0.add(policy) } }

    /// `ip xfrm policy update`: in the place of the one of the same direction, selector and mark, if there is one.
    public mutating func update(_ policy: XFRMPolicy) { change(policy.direction) { $0.update(policy) } }

    /// `ip xfrm policy delete`.
    /// - Returns: false when there is none (ENOENT).
    public mutating func deletePolicy(
        _ direction: XFRMPolicy.Direction, _ selector: XFRMSelector, mark: MarkSelector = .any
    ) -> Bool {
        change(direction) { $0.delete(selector, mark) }
    }

    /// `ip xfrm policy flush`.
    public mutating func removeAllPolicies() {
        for direction in XFRMPolicy.Direction.allCases { change(direction) { $0 = XFRMPolicyList() } }
    }

    // MARK: Lookups

    /// The state of a received packet: of several the newest. Source: Linux, __xfrm_state_lookup.
    func inboundState(destination: IPAddress, spi: SPI, mark: PacketMark) -> Int? {
        var index = states.count - 1
        while index >= 0 {
            if states[index].state.spi == spi, states[index].state.mark.matches(mark),
                states[index].state.destination == destination
            {
                return index
            }
            index -= 1
        }
        return nil
    }

    /// The state that a template of a policy names: of several the newest. Source: Linux, xfrm_state_find.
    /// - Parameter family: Of the inner packet: a state carries only its own unless it says otherwise.
    func outboundState(_ template: XFRMPolicy.Template, mark: PacketMark, family: AddressFamily) -> Int? {
        var index = states.count - 1
        while index >= 0 {
            if states[index].state.serves(template, mark, family) { return index }
            index -= 1
        }
        return nil
    }

    /// The place of the first policy for a packet in its direction's list.
    func policy(
        _ direction: XFRMPolicy.Direction, source: IPAddress, destination: IPAddress, mark: PacketMark
    ) -> Int? {
        switch direction {
        case .in: inPolicies.first(source, destination, mark)
        case .out: outPolicies.first(source, destination, mark)
        case .fwd: forwardPolicies.first(source, destination, mark)
        }
    }

    func policy(_ direction: XFRMPolicy.Direction, at index: Int) -> XFRMPolicy { list(direction).policies[index] }
}

extension XFRMState {
    fileprivate func serves(_ template: XFRMPolicy.Template, _ mark: PacketMark, _ family: AddressFamily) -> Bool {
        destination == template.destination && source == template.source && requestID == template.requestID
            && (template.spi == nil || template.spi == spi) && self.mark.matches(mark)
            && (takesEitherFamily || family == destination.family)
    }
}
