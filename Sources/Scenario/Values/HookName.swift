/// The hooks that a step's packets and system calls pass, as traces name them.
public enum HookName: String, Hashable, Sendable, CaseIterable {
    case connect4, connect6, sendmsg4, recvmsg4, sockOps, skMsg, cgroupSkb
}
