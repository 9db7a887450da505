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

    /// What contradicts it; nil for nothing.
    var refutation: String? {
        mutating get {
            for (id, transitions) in table.events.enumerated() {
                let node = table.nodes[id]
                for (event, next) in transitions {
                    if case .quiet = event, !receives(table.nodes[Int(next)], within: node) {
                        return "taking away a state lets more be received"
                    }
                    if let reason = contradiction([event], from: node) { return reason }
                }
                let news = transitions.map(\.event).filter(\.isNews)
                if node.isIdle, let reason = contradictionOfBatches(news, from: node) { return reason }
            }
            return nil
        }
    }

    /// Of some of several events at once.
    private mutating func contradictionOfBatches(
        _ news: [RotationTable.Event], from node: RotationNode
    ) -> String? {
        for subset in 0..<(1 << news.count) {
            let events = news.indices.filter { subset >> $0 & 1 == 1 }.map { news[$0] }
            guard events.count > 1 else { continue }
            if let reason = contradiction(events, from: node) { return reason }
            var (together, apart) = (node, node)
            for event in events {
                together.hear(event, table)
                apart.hear(event, table)
                finish(&apart)
            }
            finish(&together)
            if together != apart { return "what is heard at once comes to something else than what is heard in turn" }
        }
        return nil
    }

    private mutating func finish(_ node: inout RotationNode) {
        table.plan(&node)
        while !node.pending.isEmpty { node.step() }
    }

    /// Takes the steps that follow from events, and looks at what is between the first and the last of each stretch.
    private mutating func contradiction(_ events: [RotationTable.Event], from start: RotationNode) -> String? {
        var node = start
        for event in events { node.hear(event, table) }
        table.plan(&node)
        var first = start
        repeat {
            var between: [RotationNode] = []
            table.advance(&node) { between.append($0) }
            for middle in between where !isCovered(middle, first, node) {
                return "what is between two steps of \(RotationCluster.name(node.number)) makes a difference"
            }
            first = node
        } while !node.pending.isEmpty
        return nil
    }

    private mutating func isCovered(_ middle: RotationNode, _ first: RotationNode, _ last: RotationNode) -> Bool {
        let (before, between, after) = (
            table.traits(of: first).departures, table.traits(of: middle).departures, table.traits(of: last).departures
        )
        for index in between.indices where between[index] != before[index] && between[index] != after[index] {
            return false
        }
        guard receives(first, within: middle) else { return false }
        return between == before || receives(last, within: middle)
    }

    /// Whether the second receives all that the first does.
    private func receives(_ first: RotationNode, within second: RotationNode) -> Bool {
        table.departures.allSatisfy { departure in
            guard case .sealed(let seal) = departure, seal.target == first.number else { return true }
            return !first.held.verdict(on: seal).isDelivered || second.held.verdict(on: seal).isDelivered
        }
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
