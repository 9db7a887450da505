import Inputs

/// Something that describes a mesh or a part of one.
public struct MeshSourceReference: Sendable {
    /// Where the description is.
    public enum Content: Sendable {
        /// A file or a directory as the scenario wrote it: `Scenario.resolved(path:)` tells where it is. `node` is the
        /// node whose maps a directory of map dumps holds, where the source says so.
        case path(String, node: Located<String>?)
        /// Objects written into the scenario. Not empty, each a mapping.
        case objects([DocumentNode])
        /// YAML documents in a block of text. They can be parsed; their positions count from the block's first line.
        case text(String)
    }

    /// What it is, or where.
    public var content: Content
    /// Where the source begins; of a block of text, where its `|` stands.
    public var place: Place
}
