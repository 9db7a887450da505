import Model

/// The reasons that each hook can give. Those that are not here cannot happen:
///
/// - recvmsg4 never meets a control address: Linux sends nothing from 0.0.0.2.
/// - sk_msg: tlvPushFailed needs a kernel without memory, which a test cannot force.
/// - A hook never ends without a reason (none).
enum ReachableExits {
    /// Of a connect of either family.
    private static let connect: [Reason] = [
        .controlManage, .controlRelease, .notManaged, .notTCP, .noFrontend, .frontendDangling, .workloadDirect,
        .workloadWaypoint, .serviceWaypoint, .backendWaypoint, .loadBalanced, .randomEmpty, .noEndpoint,
        .unknownPolicy, .endpointMissing, .backendMissing, .portNotListed, .noUsableEndpoint, .familyMismatch,
        .tailCallLimit, .passthrough,
    ]

    private static let reasons: [(Hook, [Reason])] = [
        (.connect4, connect + [.dnsRedirected, .dnsNoProxy]),
        (.connect6, connect),
        (.sendmsg4, [.controlManage, .controlRelease, .notManaged, .notTCP, .dnsRedirected, .dnsNoProxy]),
        (.recvmsg4, [.notManaged, .dnsReplyRestored, .dnsReplyUntouched, .dnsNoProxy]),
        (
            .sockOps,
            [
                .controlManageAddress, .controlReleaseAddress, .notManaged, .activeEstablished, .passiveEstablished,
                .nodeProbe, .closed,
            ]
        ),
        (.skMsg, [.tlvPushed, .tlvNotNeeded]),
        (.cgroupSkb, [.notManaged, .periodicReport, .reportNotDue]),
    ]

    static let all: [StepOutcome.Exit] = reasons.flatMap { hook, list in list.map { .init(hook: hook, reason: $0) } }
}
