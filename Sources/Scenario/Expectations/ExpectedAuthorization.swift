import Model

/// What is looked at in what authorization decided; nil is not.
public struct ExpectedAuthorization: Hashable, Sendable {
    /// A verdict by its word in a scenario file.
    public enum Verdict: String, Hashable, Sendable, CaseIterable {
        case allowed, denied
    }

    /// The policy that decides.
    public enum PolicyName: Hashable, Sendable {
        /// None decides.
        case none
        /// `namespace/name`, unchecked.
        case named(String)
    }

    /// What dry runs would change.
    public enum DryRun: String, Hashable, Sendable, CaseIterable {
        /// Denied now, and allowed if they were enforced.
        case allowed
        /// Allowed now, and denied if they were enforced.
        case denied
        /// Nothing.
        case none
    }

    /// A packet that nobody judged is allowed.
    public var verdict: Verdict?
    public var policy: PolicyName?
    /// From 1.
    public var rule: Int?
    public var engine: AuthorizationEngine?
    public var dryRun: DryRun?

    /// Expects nothing.
    init() {}
}
