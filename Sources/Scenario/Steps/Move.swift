/// Workloads or a node are somewhere else from now on.
public enum Move: Hashable, Sendable {
    /// Workloads run on another node. Not empty, no name twice.
    case workloads([Located<String>], toNode: Located<String>)
    /// Workloads stay where they are, their locality changes. Not empty, no name twice.
    case workloadLocality([Located<String>], LocalityChange)
    /// A node's locality changes.
    case node(Located<String>, LocalityChange)
}
