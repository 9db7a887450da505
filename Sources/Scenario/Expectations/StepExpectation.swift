import Model

/// What must be true after a step. Whatever is nil is not looked at; what stands here can apply to the step.
public struct StepExpectation: Sendable {
    /// An address that was remembered or pushed, or that there is none.
    public enum RememberedAddress: Hashable, Sendable {
        case absent
        case target(Target)
    }

    /// Whether a pod is in the mesh's care.
    public struct ManagedPod: Hashable, Sendable {
        /// A name, unchecked.
        public var pod: Located<String>
        /// Whether the mesh takes care of it.
        public var isManaged: Bool
    }

    /// What a counter shows.
    public struct Counter: Hashable, Sendable {
        /// A name, unchecked.
        public var name: Located<String>
        /// Values that are right.
        public var counts: CountRange
    }

    /// The SPI that a node publishes.
    public struct PublishedSPI: Hashable, Sendable {
        /// A name, unchecked.
        public var node: Located<String>
        /// nil: it publishes nothing.
        public var spi: SPI?
    }

    /// Problems that the compiler has with the configuration after the step.
    public enum Problems: Hashable, Sendable {
        case count(CountRange)
        /// Each text is part of at least one problem. Not empty.
        case mentioning([Located<String>])
    }

    /// Connections only.
    public var outcome: Located<Outcome>?
    /// The waypoint that connections go to first. TCP connections only.
    public var via: Located<TargetPattern>?
    /// What authorization decided. TCP connections, what is sent on them, and packets only.
    public var authorization: Located<ExpectedAuthorization>?
    /// Why the last hook that decided did so. Steps with a socket only.
    public var reason: Located<Reason>?
    /// The hooks that were passed, in order; may be empty. Steps with a socket only.
    public var hooks: Located<[Hook]>?
    /// What the socket's storage remembers. `connect` and `dns` only.
    public var originalDestination: Located<RememberedAddress>?
    /// What leaves the socket, TLV included. `send` only.
    public var bytes: Located<[UInt8]>?
    /// The original destination in the TLV before the payload. `send` only.
    public var tlv: Located<RememberedAddress>?
    /// Where a question really went. `dns` only.
    public var server: Located<TargetPattern>?
    /// Where the answer came from in the program's eyes. `dns` only.
    public var seenFrom: Located<TargetPattern>?
    /// Not empty when not nil.
    public var managed: [ManagedPod]?
    /// Not empty when not nil.
    public var counters: [Counter]?
    /// Those that this step made.
    public var reports: Located<Reports>?
    /// After the step.
    public var maps: Located<ExpectedMaps>?
    /// Steps that change the configuration, those of encryption, and `check`.
    public var problems: Located<Problems>?
    /// How packets crossed the wire. `flow` and `inject` only, as the four that follow.
    public var encryption: Located<ExpectedEncryption>?
    /// Packets that did not arrive.
    public var loss: Located<CountRange>?
    /// What stopped packets; where several were stopped, each of them.
    public var drop: Located<ExpectedDrop>?
    /// Packets between nodes that encrypt, and quotes of them, that crossed the wire in clear.
    public var leaks: Located<CountRange>?
    /// The ICMP errors of nodes about the packets.
    public var nodeErrors: Located<ExpectedNodeError>?
    /// After the step. Not empty when not nil.
    public var published: [PublishedSPI]?
    /// XFRM states that nodes have after the step, by the nodes' names. Not empty when not nil.
    public var states: [Counter]?

    /// Expects nothing.
    init() {}
}

extension StepExpectation {
    /// This expectation with everything that `other` says in place of what this one says about the same.
    func overridden(by other: StepExpectation) -> StepExpectation {
        var result = self
        if let outcome = other.outcome {
            result.outcome = outcome
            if !outcome.value.allowsWaypoint { result.via = nil }
        }
        result.via = other.via ?? result.via
        result.authorization = other.authorization ?? authorization
        result.reason = other.reason ?? reason
        result.hooks = other.hooks ?? hooks
        result.originalDestination = other.originalDestination ?? originalDestination
        result.bytes = other.bytes ?? bytes
        result.tlv = other.tlv ?? tlv
        result.server = other.server ?? server
        result.seenFrom = other.seenFrom ?? seenFrom
        result.managed = other.managed ?? managed
        result.counters = other.counters ?? counters
        result.reports = other.reports ?? reports
        result.maps = other.maps ?? maps
        result.problems = other.problems ?? problems
        result.encryption = other.encryption ?? encryption
        result.loss = other.loss ?? loss
        result.drop = other.drop ?? drop
        result.leaks = other.leaks ?? leaks
        result.nodeErrors = other.nodeErrors ?? nodeErrors
        result.published = other.published ?? published
        result.states = other.states ?? states
        return result
    }
}

/// The expectations of a step under each preset.
public struct PresetExpectations: Sendable {
    private let upstream: StepExpectation
    private let hardened: StepExpectation
    /// Where the `expect` mapping stands.
    public let place: Place

    /// What a preset says overrides what is said for both.
    init(_ common: StepExpectation, upstream: StepExpectation?, hardened: StepExpectation?, at place: Place) {
        self.upstream = upstream.map(common.overridden(by:)) ?? common
        self.hardened = hardened.map(common.overridden(by:)) ?? common
        self.place = place
    }

    /// What is expected under a preset; may expect nothing.
    public subscript(preset: Preset) -> StepExpectation {
        switch preset {
        case .upstream: upstream
        case .hardened: hardened
        }
    }
}
