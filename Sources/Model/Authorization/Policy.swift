/// An authorization policy, as the workload API has it (`istio.security.Authorization`).
///
/// A policy matches when any of its rules does, a rule when all its clauses do, a clause when any of its matches does.
/// A rule without clauses and a clause without matches match; a policy without rules does not.
public struct Policy: Hashable, Sendable {
    /// What a matching policy does.
    public enum Action: String, Hashable, Sendable, CaseIterable {
        case allow, deny
    }

    /// To which workloads it applies.
    public enum Scope: String, Hashable, Sendable, CaseIterable {
        /// All of the mesh.
        case global
        /// All of the policy's namespace.
        case namespace
        /// Those that list it by name.
        case workload
    }

    /// Clauses that all have to match.
    public struct Rule: Hashable, Sendable {
        public var clauses: [Clause]

        public init(_ clauses: [Clause] = []) { self.clauses = clauses }
    }

    /// Matches of which one suffices.
    public struct Clause: Hashable, Sendable {
        public var matches: [PolicyMatch]

        public init(_ matches: [PolicyMatch] = []) { self.matches = matches }
    }

    public var name: String
    public var namespace: String
    public var scope: Scope
    public var action: Action
    public var rules: [Rule]
    /// Evaluated and reported, never enforced.
    public var isDryRun: Bool

    public init(
        name: String, namespace: String, scope: Scope, action: Action, rules: [Rule] = [], isDryRun: Bool = false
    ) {
        self.name = name
        self.namespace = namespace
        self.scope = scope
        self.action = action
        self.rules = rules
        self.isDryRun = isDryRun
    }

    /// `namespace/name`, by which ids are hashed.
    public var resourceName: String { "\(namespace)/\(name)" }
}
