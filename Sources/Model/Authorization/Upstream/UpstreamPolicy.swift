/// An authorization policy as upstream Kmesh's schema holds it: what its two engines see.
///
/// The schema is older than Istio's of today: it has no presence matches, no service accounts and no dry runs. Ports
/// are 32 bits wide on the wire.
public struct UpstreamPolicy: Hashable, Sendable {
    /// A condition on a name.
    public enum StringMatch: Hashable, Sendable {
        case exact(String)
        case prefix(String)
        case suffix(String)
        /// A kind of match that the schema does not know, read as none at all.
        case unset
    }

    /// Conditions by kind, as in `PolicyMatch`.
    public struct Match: Hashable, Sendable {
        public var namespaces = PolicyMatch.Values<StringMatch>()
        public var principals = PolicyMatch.Values<StringMatch>()
        public var sourceBlocks = PolicyMatch.Values<Prefix>()
        public var destinationBlocks = PolicyMatch.Values<Prefix>()
        /// As they came over the wire: above 65,535 is possible.
        public var destinationPorts = PolicyMatch.Values<UInt32>()

        /// A match that names nothing.
        public init() {}

        /// Whether no kind is named.
        public var isEmpty: Bool {
            namespaces.isEmpty && principals.isEmpty && sourceBlocks.isEmpty && destinationBlocks.isEmpty
                && destinationPorts.isEmpty
        }
    }

    /// Matches of which one suffices.
    public typealias Clause = [Match]
    /// Clauses that all have to match.
    public typealias Rule = [Clause]

    public var name: String
    public var namespace: String
    public var scope: Policy.Scope
    public var action: Policy.Action
    /// Rules of which one suffices.
    public var rules: [Rule]

    /// A policy of the schema.
    public init(
        name: String, namespace: String, scope: Policy.Scope = .workload, action: Policy.Action, rules: [Rule] = []
    ) {
        self.name = name
        self.namespace = namespace
        self.scope = scope
        self.action = action
        self.rules = rules
    }

    /// `namespace/name`, by which ids are hashed.
    public var resourceName: String { "\(namespace)/\(name)" }
}

/// A rule that matches, and by what.
public struct UpstreamRuleHit: Hashable, Sendable {
    /// `namespace/name`.
    public var policy: String
    /// The index of the rule, from 0.
    public var rule: Int
    /// For each clause, in order, the index of the match that holds; nil for a clause without matches.
    public var matches: [Int?]

    public init(policy: String, rule: Int, matches: [Int?]) {
        self.policy = policy
        self.rule = rule
        self.matches = matches
    }
}
