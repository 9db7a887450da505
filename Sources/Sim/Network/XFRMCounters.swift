public import Model

/// What /proc/net/xfrm_stat shows of one node.
public struct XFRMCounters: Hashable, Sendable {
    private var counts = [UInt64](repeating: 0, count: XFRMCounter.allCases.count)

    public init() {}

    public subscript(counter: XFRMCounter) -> UInt64 { counts[Self.index(of: counter)] }

    /// Those that are not 0, in the order of the file.
    public var raised: [(counter: XFRMCounter, count: UInt64)] {
        XFRMCounter.allCases.map { ($0, self[$0]) }.filter { $0.1 > 0 }
    }

    mutating func add(_ counter: XFRMCounter) { counts[Self.index(of: counter)] += 1 }

    private static func index(of counter: XFRMCounter) -> Int { XFRMCounter.allCases.firstIndex(of: counter) ?? 0 }
}
