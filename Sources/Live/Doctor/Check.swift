/// One thing that the agent needs or profits from: what was found, and what to do about it.
public struct Check: Hashable, Sendable {
    /// How it stands.
    public enum State: String, Hashable, Sendable, CaseIterable {
        case ok
        /// The agent runs, but not as well as it could.
        case warning
        /// The agent does not run, or a part of it does not.
        case missing
        /// It cannot be told, mostly for want of privilege.
        case unknown
    }

    /// Short and stable: scripts look for it.
    public let name: String
    public let state: State
    /// What was found.
    public let detail: String
    /// What to do; nil where nothing is to be done.
    public let remedy: String?

    init(_ name: String, _ state: State, _ detail: String, remedy: String? = nil) {
        self.name = name
        self.state = state
        self.detail = detail
        self.remedy = remedy
    }

    /// Whether the agent can run as far as this goes.
    public var isSufficient: Bool { state == .ok || state == .warning }
}
