internal import CBPF

/// The programs by their names in the kernel.
enum HookProgram: String, CaseIterable {
    case connect4 = "km_connect4"
    case connect4Waypoint = "km_connect4_wp"
    case connect6 = "km_connect6"
    case connect6Waypoint = "km_connect6_wp"
    case sendmsg4 = "km_sendmsg4"
    case recvmsg4 = "km_recvmsg4"
    case sockOps = "km_sockops"
    case skMsg = "km_sk_msg"
    case skbIngress = "km_skb_ingress"
    case skbEgress = "km_skb_egress"
    case xdpIngress = "km_xdp_ingress"
    case tcPod = "km_tc_pod"
    case tcUplink = "km_tc_uplink"

    /// Where the program is attached to the cgroup; nil for those that are reached in other ways.
    var cgroupAttachType: bpf_attach_type? {
        switch self {
        case .connect4: BPF_CGROUP_INET4_CONNECT
        case .connect6: BPF_CGROUP_INET6_CONNECT
        case .sendmsg4: BPF_CGROUP_UDP4_SENDMSG
        case .recvmsg4: BPF_CGROUP_UDP4_RECVMSG
        case .sockOps: BPF_CGROUP_SOCK_OPS
        case .skbIngress: BPF_CGROUP_INET_INGRESS
        case .skbEgress: BPF_CGROUP_INET_EGRESS
        case .connect4Waypoint, .connect6Waypoint, .skMsg, .xdpIngress, .tcPod, .tcUplink: nil
        }
    }

    /// The slot of a prog array through which a waypoint's address is looked up.
    var tailCall: (map: String, slot: UInt32)? {
        switch self {
        case .connect4Waypoint: ("km_cgr_tailcall", 0)
        case .connect6Waypoint: ("km_cgr_tail6", 1)
        default: nil
        }
    }

    /// Whether the program runs only where long connections are reported again and again.
    var isForPeriodicReports: Bool { self == .skbIngress || self == .skbEgress }

    /// The name of the pinned link.
    var linkName: String { "link_\(rawValue)" }

    /// In the order of attachment: what a connect relies on comes before connect.
    static let attachmentOrder: [HookProgram] = [
        .skbIngress, .skbEgress, .sockOps, .recvmsg4, .sendmsg4, .connect6, .connect4,
    ]
}
