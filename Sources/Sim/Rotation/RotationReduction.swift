import Model

/// Shows that a reduced search has left out nothing that matters, from all states in which nodes were found.
///
/// An agent's steps up to its publication, or after it, are taken as one, as soon as there is something to do. Nobody else
/// notices before the publication, so whatever others do between two such steps they may as well do before the first or
/// after the last. What must be shown is that a packet then fares no better:
///
/// - Between two steps a node sends to each other as before the first or as after the last. Where it sends as before to
///   all, it receives all that it received before; else all that it received before and receives afterwards.
/// - What an agent hears while it has something to do comes to the same as if it had heard it before or afterwards.
/// - Where a state is taken away that a peer has left, all that is received afterwards was received before.
struct RotationReduction {
    private var table: RotationTable

    init(_ table: RotationTable) { self.table = table }

    /// A node with what matters of it to others: numbers of what becomes of its packets, and of those that it receives.
    private struct View {
        let departures: [Int]
        let received: Set<Int>

        init(_ node: RotationNode, _ table: inout RotationTable) {
            departures = table.departures(of: node)
            received = table.departures(receivedBy: node)
        }

        /// Whether packets fare no worse than before or afterwards.
        func isCovered(_ first: View, _ last: View) -> Bool {
            for (index, departure) in departures.enumerated()
            where departure != first.departures[index] && departure != last.departures[index] {
                return false
            }
            guard first.received.isSubset(of: received) else { return false }
            return departures == first.departures || last.received.isSubset(of: received)
        }
    }

    /// What contradicts it; nil for nothing.
    /// - Parameter progress: Called now and then with the number of states looked into so far, and of all.
    mutating func refutation(progress: (_ done: Int, _ total: Int) -> Void) -> String? {
        let all = table.events
        let departureCount = table.departures.count
        for (id, transitions) in all.enumerated() {
            if id % 64 == 0 { progress(id, all.count) }
            let node = table.nodes[id]
            let view = View(node, &table)
            for (event, next) in transitions {
                if case .quiet = event, !View(table.nodes[Int(next)], &table).received.isSubset(of: view.received) {
                    return "taking away a state lets more be received"
                }
            }
            let news = transitions.map(\.event).filter(\.isNews)
            if let reason = node.isIdle ? contradictionOfBatches(news, node, view) : contradiction(node, view) {
                return reason
            }
        }
        // What is received was compared only of packets that the search has seen.
        return table.departures.count == departureCount
            ? nil : "between two steps a node sends what it never sends else"
    }

    /// Of any of several events at once, in the order of their numbers.
    private mutating func contradictionOfBatches(
        _ news: [RotationTable.Event], _ start: RotationNode, _ view: View
    ) -> String? {
        // By the set of those that were heard in turn.
        var apart = [start]
        for subset in 1..<(1 << news.count) as Range<Int> {
            var together = start
            for index in news.indices where subset >> index & 1 == 1 { together.hear(news[index], table) }
            if let reason = contradiction(&together, view) { return reason }
            let last = news.indices.last { subset >> $0 & 1 == 1 } ?? 0
            var next = apart[subset & ~(1 << last)]
            next.hear(news[last], table)
            table.plan(&next)
            while !next.pending.isEmpty { next.step() }
            if together != next { return "what is heard at once comes to something else than what is heard in turn" }
            apart.append(next)
        }
        return nil
    }

    private mutating func contradiction(_ start: RotationNode, _ view: View) -> String? {
        var node = start
        return contradiction(&node, view)
    }

    /// Takes all the steps that a node is about to take, and looks at what is between the first and the last of each
    /// stretch.
    private mutating func contradiction(_ node: inout RotationNode, _ start: View) -> String? {
        table.plan(&node)
        var first = start
        while !node.pending.isEmpty {
            var between: [RotationNode] = []
            table.advance(&node) { between.append($0) }
            let last = View(node, &table)
            for middle in between where !View(middle, &table).isCovered(first, last) {
                return "what is between two steps of \(RotationCluster.name(node.number)) makes a difference"
            }
            first = last
        }
        return nil
    }
}

extension RotationTable.Event {
    /// Whether it gives an agent something to make steps of.
    fileprivate var isNews: Bool {
        switch self {
        case .rotate, .hear: true
        case .step, .restart, .reboot, .quiet: false
        }
    }
}

extension RotationNode {
    /// Lets an event happen, before anything follows from it.
    fileprivate mutating func hear(_ event: RotationTable.Event, _ table: RotationTable) {
        switch event {
        case .rotate: rotate()
        case .hear(let other, let number): hear(table.published(number), of: other)
        case .step, .restart, .reboot, .quiet: break
        }
    }
}
