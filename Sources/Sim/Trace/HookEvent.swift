public import Model

/// The hooks by name; the same names as the programs in the kernel.
public enum Hook: String, Hashable, Sendable, CaseIterable {
    case connect4, connect6, sendmsg4, recvmsg4, sockOps, skMsg, cgroupSkb
}

/// One run of a hook: where, what it decided, and the steps that led there.
public struct HookEvent: Sendable {
    public var hook: Hook
    public var node: String
    /// The end of the connection at which it ran.
    public var isServerSide: Bool
    public var reason: Reason
    public var steps: [LookupStep]

    init(_ hook: Hook, node: String, isServerSide: Bool = false, _ reason: Reason, _ steps: [LookupStep]) {
        self.hook = hook
        self.node = node
        self.isServerSide = isServerSide
        self.reason = reason
        self.steps = steps
    }
}
