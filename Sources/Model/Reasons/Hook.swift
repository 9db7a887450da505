/// The hooks by name; the same names as the programs in the kernel.
public enum Hook: String, Hashable, Sendable, CaseIterable {
    case connect4, connect6, sendmsg4, recvmsg4, sockOps, skMsg, cgroupSkb, xdpIngress, tcPod, tcUplink
}
