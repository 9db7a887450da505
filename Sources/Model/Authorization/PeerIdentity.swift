/// Who a workload is to authorization policies.
public struct PeerIdentity: Hashable, Sendable {
    public var trustDomain: String
    public var namespace: String
    public var serviceAccount: String

    public init(trustDomain: String, namespace: String, serviceAccount: String) {
        self.trustDomain = trustDomain
        self.namespace = namespace
        self.serviceAccount = serviceAccount
    }

    /// The identity that a workload's certificate would have.
    public init(of workload: Workload) {
        self.init(
            trustDomain: workload.trustDomain, namespace: workload.namespace, serviceAccount: workload.serviceAccount)
    }

    /// `trust-domain/ns/namespace/sa/service-account`: a SPIFFE id without its scheme, as policies write it.
    public var principal: String { "\(trustDomain)/ns/\(namespace)/sa/\(serviceAccount)" }
}

extension PeerIdentity: Comparable {
    public static func < (a: PeerIdentity, b: PeerIdentity) -> Bool {
        (a.trustDomain, a.namespace, a.serviceAccount) < (b.trustDomain, b.namespace, b.serviceAccount)
    }
}
