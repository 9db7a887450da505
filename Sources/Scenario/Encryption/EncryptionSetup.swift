import Model

/// Which nodes encrypt what their pods send each other, and how they begin.
public struct EncryptionSetup: Sendable {
    /// A node with an agent. What is nil comes from the node's KmeshNodeInfo, else from the node itself.
    public struct NodeSetup: Sendable {
        /// A node's name, unchecked.
        public var name: Located<String>
        /// nil for the key that all have.
        public var key: KeyReference?
        /// At least as long as keys need it; nil for one that is made up.
        public var bootID: String?
        /// Where its tunnels end.
        public var addresses: [IPAddress]?
        public var podPrefixes: [Prefix]?
        /// Whether it takes sequence numbers of 64 bits.
        public var hasExtendedSequence: Bool?

        /// Of which only the name is said.
        public init(name: Located<String>) { self.name = name }
    }

    /// The key file of every node that has none of its own; nil only where each has one.
    public var key: KeyReference?
    /// nil: every node with a KmeshNodeInfo, or, where none has one, every node.
    public var nodes: [NodeSetup]?
    /// Where the section begins.
    public var place: Place
}

/// A key file.
public enum KeyReference: Sendable {
    /// A path, unchecked: `Scenario.resolved(path:)` tells where it is.
    case file(Located<String>)
    /// Written into the scenario, so that everybody knows it.
    case test(Located<EncryptionKey>)

    /// Where it stands.
    public var place: Place {
        switch self {
        case .file(let path): path.place
        case .test(let key): key.place
        }
    }
}
