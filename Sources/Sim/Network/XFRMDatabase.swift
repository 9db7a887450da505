public import Crypto
public import Model

/// The states and policies of one node, with what Linux counts of them. Changed as `ip xfrm` changes them.
public struct XFRMDatabase {
    /// A state with what it has counted.
    public struct State {
        public internal(set) var state: XFRMState
        let cipher: ESPCipher
        /// XORed with the sequence number to make the IV of a packet; random in Linux.
        public internal(set) var ivConstant: UInt64
        /// The number of the last packet sent.
        public internal(set) var sequence: UInt64 = 0
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

    /// What becomes of a change.
    public enum Outcome: Hashable, Sendable {
        case done
        /// Something of the same identity is there (EEXIST).
        case exists
        /// There is nothing of that identity (ESRCH, ENOENT).
        case missing
        /// A replay window that Linux refuses (EINVAL).
        case invalid
    }

    /// Does what `ip xfrm` does.
    /// - Throws: where libcrypto cannot use a key.
    @discardableResult
    public mutating func apply(_ change: XFRMChange) throws(CryptoError) -> Outcome {
        switch change {
        case .addState(let state): return try add(state)
        case .updateState(let state): return update(state)
        case .deleteState(let id):
            guard let index = index(of: id) else { return .missing }
            states.remove(at: index)
        case .flushStates: states.removeAll()
        case .addPolicy(let policy):
            guard self.change(policy.direction, { $0.add(policy) }) else { return .exists }
        case .updatePolicy(let policy): self.change(policy.direction) { $0.update(policy) }
        case .deletePolicy(let id):
            guard self.change(id.direction, { $0.delete(id.selector, id.mark) }) else { return .missing }
        case .flushPolicies:
            for direction in XFRMPolicy.Direction.allCases { self.change(direction) { $0 = XFRMPolicyList() } }
        }
        return .done
    }

    private mutating func add(_ state: XFRMState) throws(CryptoError) -> Outcome {
        // Drawn in any case, so that what follows does not depend on what is refused.
        let constant = generator.next()
        guard index(of: state.id) == nil else { return .exists }
        guard let window = ReplayWindow(size: state.replayWindow, isExtended: state.hasExtendedSequence) else {
            return .invalid
        }
        let cipher = try ESPCipher(state.key, extendedSequence: state.hasExtendedSequence)
        states.append(State(state: state, cipher: cipher, ivConstant: constant, window: window))
        return .done
    }

    /// Of a state in use only these can change, not its key. Source: Linux, xfrm_state_update.
    private mutating func update(_ state: XFRMState) -> Outcome {
        guard let index = index(of: state.id) else { return .missing }
        states[index].state.encapsulation = state.encapsulation ?? states[index].state.encapsulation
        states[index].state.outputMark = state.outputMark ?? states[index].state.outputMark
        return .done
    }

    /// The state that a new one would be taken for. Source: Linux, __xfrm_state_locate.
    private mutating func index(of id: XFRMState.ID) -> Int? {
        inboundState(
            destination: id.destination, spi: id.spi, mark: PacketMark(rawValue: id.mark.value & id.mark.mask))
    }

    /// Sets what the IVs of a state's packets are made of: that of a recording, in a comparison.
    /// - Returns: false when there is no such state.
    @discardableResult
    public mutating func setIVConstant(_ constant: UInt64, of id: XFRMState.ID) -> Bool {
        guard let index = index(of: id) else { return false }
        states[index].ivConstant = constant
        return true
    }

    /// Sets the numbers of the last packet sent by a state, and of the highest received, as a listing tells them.
    /// - Returns: false when there is no such state.
    @discardableResult
    public mutating func setSequence(sent: UInt64, received: UInt64, of id: XFRMState.ID) -> Bool {
        guard let index = index(of: id) else { return false }
        let state = states[index].state
        states[index].sequence = sent
        states[index].window =
            ReplayWindow(size: state.replayWindow, isExtended: state.hasExtendedSequence, highest: received)
            ?? states[index].window
        return true
    }

    mutating func withState(_ index: Int, _ body: (inout State) -> Void) { body(&states[index]) }

    // MARK: Lookups
    // Nothing changes. They are mutating because a node is reached in place then, in its array; else it would be copied, with
    // a reference to count for each array that it has.

    /// The state of a received packet: of several the newest. Source: Linux, __xfrm_state_lookup.
    mutating func inboundState(destination: IPAddress, spi: SPI, mark: PacketMark) -> Int? {
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
    mutating func outboundState(_ template: XFRMPolicy.Template, mark: PacketMark, family: AddressFamily) -> Int? {
        var index = states.count - 1
        while index >= 0 {
            if states[index].state.serves(template, mark, family) { return index }
            index -= 1
        }
        return nil
    }

    mutating func outputMark(of index: Int) -> PacketMark? { states[index].state.outputMark }

    mutating func innerMTU(of link: Int, by index: Int) -> Int { states[index].state.innerMTU(of: link) }

    mutating func isInUDP(_ index: Int) -> Bool { states[index].state.encapsulation != nil }

    mutating func cipher(of index: Int) -> ESPCipher { states[index].cipher }

    mutating func check(_ sequence: UInt32, of index: Int) -> ReplayWindow.Check {
        states[index].window.check(sequence)
    }

    /// The place of the first policy for a packet in its direction's list.
    mutating func policy(
        _ direction: XFRMPolicy.Direction, source: IPAddress, destination: IPAddress, icmpType: UInt8? = nil,
        mark: PacketMark
    ) -> Int? {
        switch direction {
        case .in: inPolicies.first(source, destination, icmpType, mark)
        case .out: outPolicies.first(source, destination, icmpType, mark)
        case .fwd: forwardPolicies.first(source, destination, icmpType, mark)
        }
    }

    mutating func policy(_ direction: XFRMPolicy.Direction, at index: Int) -> XFRMPolicy {
        list(direction).policies[index]
    }
}

extension XFRMState {
    fileprivate func serves(_ template: XFRMPolicy.Template, _ mark: PacketMark, _ family: AddressFamily) -> Bool {
        destination == template.destination && source == template.source && requestID == template.requestID
            && (template.spi == nil || template.spi == spi) && self.mark.matches(mark)
            && (takesEitherFamily || family == destination.family)
    }
}
