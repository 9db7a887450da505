import Model

/// Collects connections by where they went.
struct ConnectionGroups {
    private struct Key: Hashable {
        var verdict: ConnectDecision.Verdict
        var final: SocketAddress?
        var waypoint: SocketAddress?
        var reason: Reason
        var authorization: Judgement?
    }

    private var order: [Key] = []
    private var groups: [Key: (first: ConnectResult, count: Int)] = [:]

    mutating func add(_ result: ConnectResult) {
        let key = Key(
            verdict: result.decision.verdict, final: result.final, waypoint: result.decision.waypoint,
            reason: result.decision.reason, authorization: result.authorization)
        if groups[key] == nil { order.append(key) }
        groups[key, default: (result, 0)].count += 1
    }

    /// Most frequent first; equal ones by address, then as they came.
    var sorted: [(ConnectResult, Int)] {
        order.compactMap { groups[$0] }.enumerated()
            .sorted { a, b in
                if a.element.count != b.element.count { return a.element.count > b.element.count }
                if let x = a.element.first.final, let y = b.element.first.final, x != y { return x < y }
                return a.offset < b.offset
            }
            .map { ($0.element.first, $0.element.count) }
    }
}
