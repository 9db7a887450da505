/// An authorization policy, held for its name, scope and selection; its rules are decided by the authorization engine.
public struct Policy: Hashable, Sendable {
    /// What a matching policy does.
    public enum Action: String, Hashable, Sendable, CaseIterable {
        case allow, deny
    }

    /// To which workloads it applies.
    public enum Scope: String, Hashable, Sendable, CaseIterable {
        case global, namespace, workload
    }

    public var name: String
    public var namespace: String
    public var scope: Scope
    public var action: Action
    /// How many rules it has; a policy without rules never matches.
    public var ruleCount: Int
    /// Evaluated and reported, never enforced.
    public var isDryRun: Bool

    public init(
        name: String, namespace: String, scope: Scope, action: Action, ruleCount: Int = 0, isDryRun: Bool = false
    ) {
        self.name = name
        self.namespace = namespace
        self.scope = scope
        self.action = action
        self.ruleCount = ruleCount
        self.isDryRun = isDryRun
    }

    /// `namespace/name`, by which ids are hashed.
    public var resourceName: String { "\(namespace)/\(name)" }
}
