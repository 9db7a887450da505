public import Model

/// One step of xdp_ingress: what it was given, or a map that was looked up, with what it gave.
public enum IngressStep: Sendable {
    /// The packet, parsed.
    case packet(IngressPacket)
    /// km_verdict, and the generation of now: another one's verdict is stale.
    case verdict(CachedVerdict?, generation: UInt32)
    /// km_authz_dst.
    case destination(IPAddress, AuthorizationDestination?)
    /// km_authz_slot and km_authz_view.
    case view(AuthorizationSlot, AuthorizationView)
    /// km_flow.
    case openedFlow(found: Bool)
    /// km_fragment, and the generation of now.
    case fragment(CachedVerdict?, generation: UInt32)
    /// km_identity.
    case identity(IPAddress, IdentityValue?)
    /// An alternative that matches, and the rule in km_authz_rule that it is of.
    case alternative(Int, AuthorizationRule?)
    /// What upstream's program did.
    case upstream(UpstreamXDPOutcome)
    /// What upstream's user space answered to sockops, and whether a denial was put into km_auth_res.
    case userSpace(UpstreamUserSpaceAuthorization.Decision, isWritten: Bool)
    /// The node's maps are a recording, without policies: nothing is judged.
    case recording
}
