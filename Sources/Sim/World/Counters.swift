public import Model

/// What a world counts beside the reasons of its hooks.
public enum Counter: Int, Hashable, Sendable, CaseIterable {
    case connects, left, redirected, refused, viaWaypoint, reports, authorizationRequests, tlvPushed, dnsRedirected
    case mapWrites, barriers
    /// Connects, sends and packets that authorization denied.
    case denied

    /// The name in scenario files and JSON.
    public var name: String { "\(self)" }
}

/// How often what happened. Names are put together for output only: every hook counts.
public struct Counters: Sendable {
    private var counts = [UInt64](repeating: 0, count: Counter.allCases.count)
    /// By `Reason.code`.
    private var reasonCounts = [UInt64](repeating: 0, count: Reason.allCases.count)

    /// Nothing happened yet.
    public init() {}

    /// How often that happened.
    public subscript(counter: Counter) -> UInt64 { counts[counter.rawValue] }
    /// How often a hook ended with a reason.
    public subscript(reason reason: Reason) -> UInt64 { reasonCounts[Int(reason.code)] }

    /// Counts what happened `amount` times.
    mutating func add(_ counter: Counter, _ amount: UInt64 = 1) { counts[counter.rawValue] += amount }
    /// Counts a hook by its reason.
    mutating func add(reason: Reason) { reasonCounts[Int(reason.code)] += 1 }

    /// All of them by name, also those that are 0, in the order of their declaration.
    public var all: [(name: String, count: UInt64)] {
        Counter.allCases.map { ($0.name, self[$0]) }
            + Reason.allCases.map { ("reason.\($0.rawValue)", self[reason: $0]) }
    }

    /// What happened at all, sorted by name.
    public var sorted: [(name: String, count: UInt64)] { all.filter { $0.count > 0 }.sorted { $0.name < $1.name } }
}
