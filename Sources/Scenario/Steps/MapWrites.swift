import Inputs

/// Entries of the maps change behind the compiler's back.
public struct MapWrites: Sendable {
    /// One entry. Keys and values are text that the runner understands.
    public enum Write: Sendable {
        case delete(MapName, key: Located<String>)
        case put(MapName, key: Located<String>, value: DocumentNode)
    }

    /// nil means every node.
    public var node: Located<String>?
    /// Not empty; deletions first, then file order.
    public var writes: [Write]
}
