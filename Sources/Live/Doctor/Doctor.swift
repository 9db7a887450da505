/// Examines whether the agent can run on this host, and what to do where it cannot.
public enum Doctor {
    /// What the agent would be given.
    public struct Subject: Hashable, Sendable {
        /// nil for the root of the mounted cgroup v2.
        public var cgroup: String?
        public var pinDirectory: String
        public var stateDirectory: String

        /// The agent's defaults.
        public init() {
            pinDirectory = PinDirectory.standard.path
            stateDirectory = AgentConfiguration.standardStateDirectory
        }
    }

    /// Looks at the host and judges what it finds. Changes nothing.
    public static func examine(_ subject: Subject) -> [Check] {
        let facts = HostFacts(subject)
        return facts.checks + [programCheck(canAsk: facts.canAsk)]
    }
}
