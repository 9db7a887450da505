import Inputs

/// What the maps hold after a step.
public struct ExpectedMaps: Sendable {
    /// What is said about one map.
    public enum Content: Sendable {
        /// How many entries it has.
        case count(CountRange)
        /// There is an entry, and it is like this value, of which only what is written is compared.
        case entry(key: Located<String>, value: DocumentNode)
        /// There is no such entry.
        case absent(key: Located<String>)
    }

    /// One statement about one map.
    public struct Statement: Sendable {
        /// The map that is looked into.
        public var map: MapName
        /// What it must hold.
        public var content: Content
        /// Where the key of the statement stands.
        public var place: Place
    }

    /// The node whose maps are meant; nil means every node.
    public var node: Located<String>?
    /// Not empty, in file order.
    public var statements: [Statement]
}
