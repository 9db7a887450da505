/// Where connections end up. An expectation names at most one.
public enum Outcome: Hashable, Sendable {
    /// Every connection is made to this.
    case destination(TargetPattern)
    /// Every connection is made to one of these. Not empty, nothing twice.
    case oneOf([TargetPattern])
    case shares(Shares)
    /// `refused: true`: every connection is refused.
    case refused
    /// `refused: false`: every connection is made, wherever to.
    case notRefused
    /// `leftAlone: true`: every connection goes to the address that the program asked for.
    case leftAlone
    /// `leftAlone: false`: every connection is made to another address than the program asked for.
    case redirected
}

extension Outcome {
    /// Whether such a connection may have gone to a waypoint.
    public var allowsWaypoint: Bool {
        switch self {
        case .refused, .leftAlone: false
        case .destination, .oneOf, .shares, .notRefused, .redirected: true
        }
    }
}

/// How a repeated `connect` spreads.
public struct Shares: Hashable, Sendable {
    /// The part of the connections that one destination gets.
    public struct Share: Hashable, Sendable {
        /// Compared with where a connection is made to.
        public var destination: TargetPattern
        /// Of all connections of the step.
        public var fraction: Fraction
    }

    /// Not empty, nothing twice; the sum is at most 1, but for rounding (0.01 or the tolerance for each).
    public var shares: [Share]
    /// How far off a share may be; nil: 4 standard deviations of the binomial distribution at this repeat count.
    public var tolerance: Fraction?
    /// Where a connection may end up at all (`oneOf` beside `share`), nil for anywhere.
    public var allowed: [TargetPattern]?
}
