public import Model

/// All that the agent's metrics tell, at one moment.
public struct AgentFigures: Sendable {
    /// How often a hook ended with a reason, since the programs were loaded.
    public struct HookExits: Hashable, Sendable {
        public var hook: Hook
        public var reason: Reason
        public var count: UInt64

        public init(_ hook: Hook, _ reason: Reason, _ count: UInt64) {
            self.hook = hook
            self.reason = reason
            self.count = count
        }
    }

    /// One map in the kernel.
    public struct MapFigures: Hashable, Sendable {
        public var name: String
        /// nil where nobody counted them.
        public var entryCount: UInt64?
        public var capacity: UInt64
        /// Entries written and removed by the agent.
        public var writes: UInt64
        /// Of those, how many the kernel refused.
        public var writeFailures: UInt64

        public init(
            _ name: String, entryCount: UInt64?, capacity: UInt64, writes: UInt64 = 0, writeFailures: UInt64 = 0
        ) {
            self.name = name
            self.entryCount = entryCount
            self.capacity = capacity
            self.writes = writes
            self.writeFailures = writeFailures
        }
    }

    /// Resources of a kind in the mesh.
    public struct ResourceFigures: Hashable, Sendable {
        /// Such as `service`.
        public var kind: String
        public var count: UInt64

        public init(_ kind: String, _ count: UInt64) {
            self.kind = kind
            self.count = count
        }
    }

    public var version: String
    public var node: String
    public var hookExits: [HookExits] = []
    public var connections: [(labels: ConnectionLabels, totals: ConnectionTotals)] = []
    public var openConnections: UInt64 = 0
    /// Connections that `ConnectionCounters` forgot.
    public var forgottenConnections: UInt64 = 0
    public var maps: [MapFigures] = []
    /// How often the agent waited until no program uses what it is about to remove.
    public var barriers: UInt64 = 0
    public var resources: [ResourceFigures] = []
    public var managedPods: UInt64 = 0
    public var authorization = AuthorizationFigures()
    /// nil where nothing is encrypted.
    public var encryption: EncryptionFigures?
    /// Changes of the mesh that reached the maps.
    public var changesApplied: UInt64 = 0
    /// Changes that were refused.
    public var changesRefused: UInt64 = 0
    /// Things in the mesh that the maps cannot express, now.
    public var problems: UInt64 = 0
    /// Input files that cannot be read, now.
    public var badFiles: UInt64 = 0
    /// nil before the first.
    public var lastApplied: WallTime?
    /// How long applying took, in seconds.
    public var applySeconds: MetricHistogram?
    /// Events and reports that found a full buffer.
    public var eventsLost: UInt64 = 0
    public var residentBytes: UInt64 = 0

    public init(version: String, node: String) {
        self.version = version
        self.node = node
    }
}
