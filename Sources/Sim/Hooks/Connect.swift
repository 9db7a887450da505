public import KernelABI
public import Model

/// A socket call as a hook sees it.
public struct SocketCall: Sendable {
    /// The network namespace of the caller.
    public var cookie: UInt64
    /// What the program asked for (connect, sendmsg), or what the datagram came from (recvmsg).
    public var destination: SocketAddress
    public var isTCP: Bool
    /// Nanoseconds since boot.
    public var now: UInt64

    @inlinable
    public init(cookie: UInt64, destination: SocketAddress, isTCP: Bool, now: UInt64) {
        self.cookie = cookie
        self.destination = destination
        self.isTCP = isTCP
        self.now = now
    }
}

/// What a connect hook did, and why.
public struct ConnectDecision: Hashable, Sendable {
    public enum Verdict: String, Hashable, Sendable {
        /// The connect goes where the program asked.
        case leave
        /// It goes somewhere else.
        case rewrite
        /// It fails with ECONNREFUSED.
        case refuse
    }

    public var verdict: Verdict
    /// Where the connect goes; for a refused one where it wanted to.
    public var destination: SocketAddress
    /// The rule that ended the lookup.
    public var reason: Reason
    /// The first waypoint on the way, and the rule that led there.
    public var waypoint: SocketAddress?
    public var waypointReason: Reason?

    @inlinable
    init(_ verdict: Verdict, _ destination: SocketAddress, _ reason: Reason) {
        self.verdict = verdict
        self.destination = destination
        self.reason = reason
    }
}

/// What connect4 and connect6 share: steps 1 to 10 of the connect chain.
public struct ConnectHook: Sendable {
    /// More tail calls than these the kernel refuses.
    @usableFromInline static let tailCallLimit = Int(KM_TAIL_CALL_LIMIT)

    @usableFromInline let options: DataplaneOptions
    /// False when the tail-call slots are empty: the chain ends at a waypoint's address.
    @usableFromInline let hasTailCalls: Bool

    @inlinable
    public init(options: DataplaneOptions, hasTailCalls: Bool = true) {
        self.options = options
        self.hasTailCalls = hasTailCalls
    }

    /// Runs the program, and again for each waypoint.
    @inlinable
    func run(
        _ call: SocketCall, redirectsDNS: Bool, maps: inout some MapAccess, storage: inout SocketStorage?,
        generator: inout SplitMix64, recorder: inout some DecisionRecorder
    ) -> ConnectDecision {
        if let stored = storage, stored.has_set_ip | stored.via_waypoint != 0 {
            recorder.record(.option(.originalDestination))
        }
        if options.originalDestination == .eachConnect { storage = nil }
        var decision = ConnectDecision(.leave, call.destination, .none)
        var current = call
        var passes = 0
        while true {
            passes += 1
            recorder.record(.pass(passes, destination: current.destination))
            let step = pass(
                current, redirectsDNS: redirectsDNS, maps: &maps, storage: &storage, generator: &generator,
                recorder: &recorder)
            recorder.record(.rule(step.reason))
            decision.reason = step.reason
            guard let next = step.rewritten else {
                if step.isRefused { decision.verdict = .refuse }
                return decision
            }
            decision.verdict = .rewrite
            decision.destination = next
            guard step.isWaypoint else { return decision }
            if decision.waypoint == nil {
                decision.waypoint = next
                decision.waypointReason = step.reason
            }
            guard hasTailCalls else { return decision }
            guard passes <= Self.tailCallLimit else {
                recorder.record(.rule(.tailCallLimit))
                decision.reason = .tailCallLimit
                return decision
            }
            current.destination = next
        }
    }

    /// What one pass of the program did.
    @usableFromInline
    struct Step {
        @usableFromInline var reason: Reason
        @usableFromInline var rewritten: SocketAddress?
        @usableFromInline var isWaypoint = false
        @usableFromInline var isRefused = false

        @inlinable
        init(_ reason: Reason, to rewritten: SocketAddress? = nil, isWaypoint: Bool = false, isRefused: Bool = false) {
            self.reason = reason
            self.rewritten = rewritten
            self.isWaypoint = isWaypoint
            self.isRefused = isRefused
        }
    }

    @inlinable
    func pass(
        _ call: SocketCall, redirectsDNS: Bool, maps: inout some MapAccess, storage: inout SocketStorage?,
        generator: inout SplitMix64, recorder: inout some DecisionRecorder
    ) -> Step {
        let gate = Gate(options: options)
        if let reason = gate.control(call, maps: &maps, recorder: &recorder) { return Step(reason) }
        guard gate.isManaged(call.cookie, maps: &maps, recorder: &recorder) else { return Step(.notManaged) }
        let address = call.destination.address
        if redirectsDNS && call.destination.port == UInt16(KM_DNS_PORT) {
            guard let proxy = gate.dnsProxy(maps: &maps, recorder: &recorder) else { return Step(.dnsNoProxy) }
            remember(call.destination, in: &storage)
            return Step(.dnsRedirected, to: SocketAddress(proxy, port: call.destination.port))
        }
        guard call.isTCP else { return Step(.notTCP) }
        if storage == nil { storage = SocketStorage() }
        storage?.connect_ns = call.now

        let looked = address.unmapped
        let chain = ServiceChain(options: options, family: looked.family)
        let result = chain.resolve(
            SocketAddress(looked, port: call.destination.port), maps: &maps, generator: &generator,
            recorder: &recorder)
        switch result {
        case .leave(let reason):
            return Step(reason)
        case .refuse(let reason):
            return Step(reason, isRefused: true)
        case .stay(let reason):
            remember(call.destination, in: &storage)
            return Step(reason)
        case .backend(let backend, let port):
            remember(call.destination, in: &storage)
            return Step(.loadBalanced, to: SocketAddress(address.isMapped ? backend.mapped : backend, port: port))
        case .waypoint(let waypoint, let port, let reason):
            remember(call.destination, in: &storage)
            storage?.via_waypoint = 1
            let target = SocketAddress(address.isMapped ? waypoint.mapped : waypoint, port: port)
            return Step(reason, to: target, isWaypoint: true)
        }
    }

    /// The first destination that is remembered stays: of all connects, or since this connect began.
    @inlinable
    func remember(_ destination: SocketAddress, in storage: inout SocketStorage?) {
        if storage == nil { storage = SocketStorage() }
        if storage?.has_set_ip == 0 { storage?.remember(destination) }
    }
}
