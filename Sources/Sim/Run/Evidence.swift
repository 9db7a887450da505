import Model

/// The rules that decided one connection.
struct DecidingReasons: Hashable {
    var reason: Reason
    /// Why there is a waypoint, or none, where that was a question.
    var waypointReason: Reason?

    /// The one or the two of them.
    var all: [Reason] { [reason] + (waypointReason.map { [$0] } ?? []) }
}

/// What a step showed, for its expectations.
struct Evidence {
    /// How many connections ended where; nil is refused.
    var finals: [SocketAddress?: Int] = [:]
    /// First waypoints, and how many connections took none.
    var waypoints: [SocketAddress: Int] = [:]
    var withoutWaypoint = 0
    var verdicts: [ConnectDecision.Verdict: Int] = [:]
    /// The rules that decided the connections, and how many each.
    var reasons: [DecidingReasons: Int] = [:]
    /// What authorization decided, how many times each; nil where nobody did.
    var judgements: [Judgement?: Int] = [:]
    /// The rule of the last hook at the program's side, of steps other than connects.
    var reason: Reason?
    var total = 0
    var requested: [SocketAddress] = []
    /// Of the first connection, or of the step.
    var events: [HookEvent] = []
    var originalDestination: SocketAddress?
    var bytes: [UInt8] = []
    var headerDestination: SocketAddress?
    var server: SocketAddress?
    var seenFrom: SocketAddress?
    /// Of steps that put packets on the network.
    var flow: PacketOutcomes?

    mutating func add(_ result: ConnectResult) {
        if events.isEmpty {
            events = result.events
            originalDestination = result.originalDestination
        }
        finals[result.final, default: 0] += 1
        verdicts[result.decision.verdict, default: 0] += 1
        judgements[result.authorization, default: 0] += 1
        reasons[
            DecidingReasons(reason: result.decision.reason, waypointReason: result.decision.waypointReason),
            default: 0] += 1
        if let waypoint = result.decision.waypoint {
            waypoints[waypoint, default: 0] += 1
        } else {
            withoutWaypoint += 1
        }
    }

    mutating func add(_ result: SendResult) {
        events = result.events
        bytes = result.bytes
        headerDestination = result.headerDestination
        judgements[result.authorization] = 1
        reason = events.last { !$0.isServerSide }?.reason ?? result.reason
    }

    mutating func add(_ result: PacketResult) {
        events = result.events
        judgements[result.authorization] = 1
        reason = result.reason
    }

    mutating func add(_ result: DNSResult) {
        events = result.events
        server = result.server
        seenFrom = result.seenFrom
        originalDestination = result.originalDestination
        reason = events.last?.reason ?? result.reason
    }
}
