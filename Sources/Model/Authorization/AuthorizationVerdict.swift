/// Where a rule stands: a policy and the index of the rule in it.
public struct RuleReference: Hashable, Sendable {
    /// `namespace/name`.
    public var policy: String
    /// From 0.
    public var rule: Int

    public init(policy: String, rule: Int) {
        self.policy = policy
        self.rule = rule
    }
}

/// What authorization decides, and by what.
public enum AuthorizationVerdict: Hashable, Sendable {
    /// No ALLOW policy applies, and no DENY policy matches.
    case allowedByDefault
    /// No DENY policy matches, and this rule of an ALLOW policy does.
    case allowed(by: RuleReference)
    /// This rule of a DENY policy matches.
    case denied(by: RuleReference)
    /// ALLOW policies apply and none matches.
    case deniedByDefault

    public var isAllowed: Bool {
        switch self {
        case .allowedByDefault, .allowed: true
        case .denied, .deniedByDefault: false
        }
    }

    /// The rule that decides, nil where none does.
    public var rule: RuleReference? {
        switch self {
        case .allowed(let rule), .denied(let rule): rule
        case .allowedByDefault, .deniedByDefault: nil
        }
    }
}
