/// How much a text says about decisions.
public enum TraceDetail: String, Hashable, Sendable, CaseIterable {
    /// Nothing but failed checks and the summary.
    case off
    /// For connections that went the same way one line: where to, how many, by which rule and option.
    case decisions
    /// Every hook with every map it looked into.
    case full
}
