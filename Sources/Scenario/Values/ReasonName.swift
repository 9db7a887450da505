/// Names of the reasons of `enum km_reason` in `kernel_abi.h`, in the order of their numbers.
public enum ReasonName: String, Hashable, Sendable, CaseIterable {
    case nothing = "none"
    case controlManage, controlRelease, notManaged, dnsRedirected, dnsNoProxy, notTCP, noFrontend, frontendDangling
    case workloadDirect, workloadWaypoint, serviceWaypoint, backendWaypoint, loadBalanced, randomEmpty, noEndpoint
    case unknownPolicy, endpointMissing, backendMissing, portNotListed, noUsableEndpoint, familyMismatch
    case tailCallLimit, dnsReplyRestored, dnsReplyUntouched
    case controlManageAddress, controlReleaseAddress, activeEstablished, passiveEstablished, nodeProbe, closed
    case tlvPushed, tlvNotNeeded, tlvPushFailed
    case periodicReport, reportNotDue

    /// The number in the header.
    public var number: UInt32 { UInt32(Self.allCases.firstIndex(of: self) ?? 0) }
}
