public import Model

/// Why upstream's XDP programs let a packet pass, drop it or turn it into a reset.
public enum UpstreamXDPReason: String, Error, Hashable, Sendable, CaseIterable {
    // Both programs: what cannot be read passes.
    case truncated, notIP, notTCP
    // Offload on.
    case cachedAllow, cachedDenial, noFrontend, noPolicies, stateFull
    case allowMatched, denyMatched, nothingMatched, allowMissed, policyWithoutRules, policyMissing, handedOver
    // Offload off.
    case noVerdict, verdictNotDenial, reset

    /// Whether the packet goes on to the socket, maybe as a reset.
    public var passes: Bool {
        switch self {
        case .cachedDenial, .denyMatched, .allowMissed: false
        default: true
        }
    }
}

/// What upstream's XDP programs did with one packet.
public struct UpstreamXDPOutcome: Hashable, Sendable {
    public var reason: UpstreamXDPReason
    /// The sender, as the program reads the packet; nil when it cannot.
    public var source: SocketAddress?
    /// The receiver, likewise.
    public var destination: SocketAddress?
    /// The rule that decides, nil where none does.
    public var hit: UpstreamRuleHit?
    /// The policy that decides, as `namespace/name`: that of `hit`, the first ALLOW policy that missed, the first whose
    /// names were not looked at, or the one without rules.
    public var policy: String?
    /// The id of a policy that the walk ended at, because it is not in km_authz_policy.
    public var missingPolicy: ResourceID?
    /// Whether the verdict was put into km_auth_res.
    public var isCached = false
    /// Whether an entry stays in km_tcargs, where nothing ever removes it unless a later packet of the flow matches.
    public var leavesState = false

    init(_ reason: UpstreamXDPReason, _ frame: UpstreamFrame? = nil) {
        self.reason = reason
        source = frame?.tuple.source
        destination = frame?.tuple.destination
    }

    public var passes: Bool { reason.passes }
    /// Whether the program tail-called the one of the user-space mode.
    public var handsOver: Bool { reason == .handedOver }
}

extension UpstreamXDPReason: CustomStringConvertible {
    /// A sentence without its full stop.
    public var description: String {
        switch self {
        case .truncated: "the frame ends before the headers that XDP reads: it passes"
        case .notIP: "what follows the Ethernet header has neither version 4 nor 6: it passes"
        case .notTCP: "the IP header names another protocol than TCP: it passes"
        case .cachedAllow: "km_auth_res holds an allow for the connection"
        case .cachedDenial: "km_auth_res holds a denial for the connection"
        case .noFrontend: "the destination is not in km_frontend: it passes"
        case .noPolicies: "the destination has no entry in km_wlpolicy: it passes"
        case .stateFull: "km_tcargs is full: no policy is looked at and it passes"
        case .allowMatched: "the first policy that matches is an ALLOW"
        case .denyMatched: "the first policy that matches is a DENY"
        case .nothingMatched: "no listed policy matches, and none that was looked at is an ALLOW"
        case .allowMissed: "no listed policy matches, and an ALLOW is among them"
        case .policyWithoutRules: "the walk ends at a policy without rules: it passes"
        case .policyMissing: "the walk ends at a policy that km_authz_policy does not hold: it passes"
        case .handedOver: "a match that failed names namespaces or principals: it is handed to user space and passes"
        case .noVerdict: "km_auth_res holds nothing for the connection: it passes"
        case .verdictNotDenial: "km_auth_res holds no denial for the connection: it passes"
        case .reset: "km_auth_res holds a denial: the packet becomes a reset, the denial is forgotten"
        }
    }
}
