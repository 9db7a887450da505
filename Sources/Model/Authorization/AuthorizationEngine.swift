/// Who decides about a connection to a pod.
public enum AuthorizationEngine: String, Hashable, Sendable, CaseIterable {
    /// The compiled policies in xdp_ingress, with the verdict that Istio defines.
    case istio
    /// Upstream's XDP program.
    case xdp
    /// Upstream's user space, asked when a connection is established.
    case userSpace
}
