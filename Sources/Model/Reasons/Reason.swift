/// Why a hook did what it did: the Swift names of `enum km_reason` in kernel_abi.h, in the order of its numbers. The raw
/// value is the name in scenario files and JSON.
public enum Reason: String, Hashable, Sendable, CaseIterable {
    case none
    case controlManage
    case controlRelease
    case notManaged
    case dnsRedirected
    case dnsNoProxy
    case notTCP
    case noFrontend
    case frontendDangling
    case workloadDirect
    case workloadWaypoint
    case serviceWaypoint
    case backendWaypoint
    case loadBalanced
    case randomEmpty
    case noEndpoint
    case unknownPolicy
    case endpointMissing
    case backendMissing
    case portNotListed
    case noUsableEndpoint
    case familyMismatch
    case tailCallLimit
    case dnsReplyRestored
    case dnsReplyUntouched
    case controlManageAddress
    case controlReleaseAddress
    case activeEstablished
    case passiveEstablished
    case nodeProbe
    case closed
    case tlvPushed
    case tlvNotNeeded
    case tlvPushFailed
    case periodicReport
    case reportNotDue
    case passthrough
    case notIP
    case notJudged
    case noPolicy
    case reply
    case allowedBefore
    case deniedBefore
    case allowedByPolicy
    case allowedByDefault
    case deniedByPolicy
    case deniedByDefault
    case malformedPassed
    case malformedDropped
    case fragmentAllowed
    case fragmentDropped
    case policiesMissing
    case reset
    case noDenial
    case dryRunDenies
    case dryRunAllows
    case denialUnreported
    case flowUnrecorded
    case verdictUnasked
    case markedForPeer
    case notForPeer
    case decrypted
    case espFromPeer
    case espUnmarked
    case inClear
    case strayMarkCleared
    case clearFromPeer
    case unreadablePassed
    case unreadableDropped

    /// The number in the header.
    public var code: UInt32 { UInt32(Self.allCases.firstIndex(of: self) ?? 0) }
}

extension Reason {
    /// One sentence for people.
    public var sentence: String {
        switch self {
        case .none: "no decision"
        case .controlManage: "control address: the caller's namespace is managed from now on"
        case .controlRelease: "control address: the caller's namespace is released from the mesh"
        case .notManaged: "the caller's namespace is not managed by the mesh"
        case .dnsRedirected: "port 53: redirected to the DNS proxy"
        case .dnsNoProxy: "port 53, but no DNS proxy is set (no backend 0)"
        case .notTCP: "not TCP"
        case .noFrontend: "nothing in the mesh owns the address"
        case .frontendDangling: "the frontend names neither a service nor a workload that is known"
        case .workloadDirect: "the address of a workload without waypoint"
        case .workloadWaypoint: "the workload has a waypoint"
        case .serviceWaypoint: "the service has a waypoint"
        case .backendWaypoint: "the picked workload has a waypoint"
        case .loadBalanced: "load balanced to an endpoint"
        case .randomEmpty: "the service has no endpoint at priority 0"
        case .noEndpoint: "the service's policy finds no endpoint"
        case .unknownPolicy: "the service's load balancing policy is unknown"
        case .endpointMissing: "the picked endpoint slot is empty"
        case .backendMissing: "the picked endpoint names a workload that is not known"
        case .portNotListed: "the service does not list the port"
        case .noUsableEndpoint: "every endpoint that was tried is missing or has the other address family"
        case .familyMismatch: "the waypoint has the other address family"
        case .tailCallLimit: "waypoints lead to each other: the limit of tail calls is reached"
        case .dnsReplyRestored: "a DNS reply: the source shows as the server that was asked"
        case .dnsReplyUntouched: "the datagram's source stays"
        case .controlManageAddress: "control address: the socket's address is managed from now on"
        case .controlReleaseAddress: "control address: the socket's address is released"
        case .activeEstablished: "an outbound connection is established"
        case .passiveEstablished: "an inbound connection is established"
        case .nodeProbe: "the peer is this node itself (a probe)"
        case .closed: "the connection is closed"
        case .tlvPushed: "the original destination was put before the payload"
        case .tlvNotNeeded: "no waypoint ahead, or its header is already sent"
        case .tlvPushFailed: "the original destination could not be put before the payload"
        case .periodicReport: "a long connection: its periodic report is due"
        case .reportNotDue: "no periodic report is due"
        case .passthrough: "the service asks for no load balancing"
        case .notIP: "neither IPv4 nor IPv6"
        case .notJudged: "the destination is no address that is judged"
        case .noPolicy: "no policy applies to the destination"
        case .reply: "a reply: the pod opened this flow"
        case .allowedBefore: "allowed, by the verdict on an earlier packet"
        case .deniedBefore: "denied, by the verdict on an earlier packet"
        case .allowedByPolicy: "a rule of an ALLOW policy matches"
        case .allowedByDefault: "no DENY policy matches, and no ALLOW policy applies"
        case .deniedByPolicy: "a rule of a DENY policy matches"
        case .deniedByDefault: "ALLOW policies apply, and none matches"
        case .malformedPassed: "the packet cannot be parsed, and no policy applies to its destination"
        case .malformedDropped: "the packet cannot be parsed, and policies may apply to its destination"
        case .fragmentAllowed: "a later fragment, whose first was let in"
        case .fragmentDropped: "a later fragment, whose first was not let in"
        case .policiesMissing: "the destination's policies could not be compiled"
        case .reset: "user space denied the connection: the packet becomes a reset"
        case .noDenial: "user space has not denied the connection"
        case .dryRunDenies: "allowed, but a dry run would deny it"
        case .dryRunAllows: "denied, but a dry run would allow it"
        case .denialUnreported: "a denial was not reported: too many of them"
        case .flowUnrecorded: "a flow that the pod opens could not be recorded"
        case .verdictUnasked: "user space could not be asked for a verdict"
        case .markedForPeer: "it goes to a peer's pods: marked for encryption"
        case .notForPeer: "it goes to no peer's pods"
        case .decrypted: "it was decrypted here"
        case .espFromPeer: "ESP from a peer: it has that peer's mark now"
        case .espUnmarked: "ESP that gets no mark: of no peer, or peers have none"
        case .inClear: "in clear"
        case .strayMarkCleared: "in clear: the mark that it had is cleared"
        case .clearFromPeer: "in clear from the pods of a peer whose packets must be encrypted"
        case .unreadablePassed: "it cannot be read, and passes"
        case .unreadableDropped: "it cannot be read: it may be from a peer's pods, or to them"
        }
    }
}
