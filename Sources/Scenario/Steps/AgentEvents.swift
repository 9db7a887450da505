import Model

/// The key file of nodes is another one.
public struct KeyRotation: Sendable {
    /// Unchecked, no name twice; empty for every node that encrypts.
    public var nodes: [Located<String>]
    public var key: KeyReference
    public var reaction: AgentReaction
}

/// What agents do about an event.
public enum AgentReaction: Hashable, Sendable {
    /// All that follows from it, at once, also what others do when the agent publishes.
    case atOnce
    /// Nothing, until `encryptionStep` steps make them.
    case waits
}

/// Node infos on their way from some nodes to others. Names are unchecked; an empty list stands for every node.
public struct UpdatePath: Sendable {
    public var sources: [Located<String>]
    public var targets: [Located<String>]
}

/// What was held back arrives, or what was lost is sent once more: always what the nodes publish now.
public struct UpdateDelivery: Sendable {
    public var path: UpdatePath
    public var reaction: AgentReaction
}

/// Agents stop and begin anew: of keys they know the file's only, and they read every node info.
public struct AgentRestart: Sendable {
    /// Unchecked, no name twice, not empty.
    public var nodes: [Located<String>]
    public var reaction: AgentReaction
}

/// A node boots: its kernel has nothing, and another boot id.
public struct NodeRestart: Sendable {
    /// Unchecked.
    public var node: Located<String>
    /// nil for one that is made up.
    public var bootID: String?
    public var reaction: AgentReaction
}

/// A node goes: its kernel stops, and its info is deleted.
public struct NodeRemoval: Sendable {
    /// Unchecked.
    public var node: Located<String>
    public var reaction: AgentReaction
}

/// Single steps of one agent.
public struct AgentSteps: Sendable {
    /// How far it goes.
    public enum Extent: Hashable, Sendable {
        /// So many steps, or fewer where there are no more; not 0.
        case count(Int)
        /// Up to what it publishes next, that included; all, where it publishes nothing.
        case publication
        /// All that it wants to do now.
        case all
    }

    /// The words of `until`.
    public enum End: String, Hashable, Sendable, CaseIterable {
        case publication, end
    }

    /// Unchecked.
    public var node: Located<String>
    public var extent: Extent
}
