public import Model

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
