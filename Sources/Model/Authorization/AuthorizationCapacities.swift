import KernelABI

/// Most entries of the maps of compiled policies.
public struct AuthorizationCapacities: Hashable, Sendable {
    public var identities: Int
    /// Addresses that are judged, and views.
    public var destinations: Int
    /// `AuthorizationRow`s.
    public var rows: Int
    public var ranges: Int
    public var ranges6: Int
    /// Alternatives of all views.
    public var rules: Int

    public init(identities: Int, destinations: Int, rows: Int, ranges: Int, ranges6: Int, rules: Int) {
        self.identities = identities
        self.destinations = destinations
        self.rows = rows
        self.ranges = ranges
        self.ranges6 = ranges6
        self.rules = rules
    }

    /// Room for a node with more pods than Kubernetes runs on one, each with hundreds of rules of its own.
    public static let large = AuthorizationCapacities(
        identities: 420_000, destinations: 2_048, rows: 65_536, ranges: 131_072, ranges6: 32_768, rules: 131_072)

    /// Most alternatives of one view.
    public static let mostAlternatives = Int(KM_ROW_LIMIT) * 64 * Int(KM_ROW_WORD_COUNT)
    /// Most ranges of one axis.
    public static let mostRanges = Int(KM_RANGE_LIMIT)
}
