import Model

/// States of a cluster that differ in the names of nodes alone are searched once.
///
/// A node's state under other names is found by letting the same happen under these: so it need not be looked into, where
/// agents take nodes in the order of their names. That it is well-defined is shown in the end.
struct RotationSymmetry {
    /// All of them; of each where every node goes.
    private let permutations: [[Int]]
    /// Of each where every node comes from.
    private let inverses: [[Int]]
    /// By state, then by permutation; `unknown` where nobody has asked yet.
    private var renamed: [RotationTable.ID] = []
    private static let unknown = RotationTable.ID.max

    init(_ nodeCount: Int) {
        let permutations = Self.permutations(of: Array(0..<nodeCount))
        self.permutations = permutations
        inverses = permutations.map { permutation in permutation.indices.sorted { permutation[$0] < permutation[$1] } }
    }

    private static func permutations(of elements: [Int]) -> [[Int]] {
        guard elements.count > 1 else { return [elements] }
        return elements.flatMap { first in
            permutations(of: elements.filter { $0 != first }).map { [first] + $0 }
        }
    }

    /// The least of all states that differ in names alone, and where its nodes come from.
    mutating func canonical(
        _ state: RotationSearch.State, _ table: inout RotationTable
    ) -> (state: RotationSearch.State, permutation: [Int]) {
        var least = state
        var best = 0
        for index in permutations.indices {
            guard let next = rename(state, index, ifLessThan: least, &table) else { continue }
            (least, best) = (next, index)
        }
        return (least, permutations[best])
    }

    /// A state of the cluster under other names; nil where it is no less than another one, which the first nodes mostly
    /// tell.
    private mutating func rename(
        _ state: RotationSearch.State, _ index: Int, ifLessThan least: RotationSearch.State,
        _ table: inout RotationTable
    ) -> RotationSearch.State? {
        var next = RotationSearch.State()
        var isLess = false
        for place in permutations[0].indices {
            next[place] = rename(state[inverses[index][place]], index, &table)
            if !isLess, next[place] > least[place] { return nil }
            isLess = isLess || next[place] < least[place]
        }
        return isLess ? next : nil
    }

    private mutating func rename(
        _ id: RotationTable.ID, _ index: Int, _ table: inout RotationTable
    ) -> RotationTable.ID {
        let place = Int(id) * permutations.count + index
        if place < renamed.count, renamed[place] != Self.unknown { return renamed[place] }
        let next: RotationTable.ID
        if let origin = table.origins[Int(id)] {
            let before = rename(origin.id, index, &table)
            next = table.state(after: rename(origin.event, index, &table), of: before)
        } else {
            // In the steady state they stand in the order of their numbers.
            next = RotationTable.ID(permutations[index][Int(id)])
        }
        while renamed.count <= place { renamed.append(Self.unknown) }
        renamed[place] = next
        return next
    }

    private func rename(
        _ event: RotationTable.Event, _ index: Int, _ table: inout RotationTable
    ) -> RotationTable.Event {
        switch event {
        case .rotate, .step, .restart, .reboot: return event
        case .quiet(let other): return .quiet(of: permutations[index][other])
        case .hear(let other, let publication):
            var info = RotationCluster.info(permutations[index][other])
            info.spi = table.published(publication).spi
            return .hear(of: permutations[index][other], publication: table.number(of: info))
        }
    }

    // MARK: Proof

    /// Why names make a difference; nil where they do not: whatever happens, happens under other names as well, and the
    /// same packets arrive.
    /// - Parameter progress: Called now and then with how much was looked into so far, and how much that is in all.
    mutating func refutation(
        _ table: inout RotationTable, progress: (_ done: Int, _ total: Int) -> Void
    ) -> String? {
        // All others are made of these.
        let swaps = permutations.indices.filter { index in
            permutations[index].enumerated().filter { $0.offset != $0.element }.count == 2
        }
        for (number, index) in swaps.enumerated() {
            progress(number, swaps.count)
            for (id, transitions) in table.events.enumerated() {
                let other = rename(RotationTable.ID(id), index, &table)
                for (event, next) in transitions {
                    let expected = table.state(after: rename(event, index, &table), of: other)
                    if rename(next, index, &table) != expected { return "an agent acts by the names of nodes" }
                }
            }
            if !sendsAlike(index, &table) { return "packets fare by the names of nodes" }
        }
        return nil
    }

    /// Compares what becomes of each packet that somebody sends with what becomes of it under other names, at every
    /// receiver.
    private mutating func sendsAlike(_ index: Int, _ table: inout RotationTable) -> Bool {
        let permutation = permutations[index]
        let count = permutation.count
        // By receiver: how packets left, and how under other names. Many senders' packets leave alike.
        var departures = [Set<SIMD2<Int>>](repeating: [], count: count)
        for sender in table.nodes.indices {
            let renamed = Int(rename(RotationTable.ID(sender), index, &table))
            for (place, departure) in table.traits[sender].departures.enumerated() {
                let (kind, target) = place.quotientAndRemainder(dividingBy: count)
                let other = table.traits[renamed].departures[kind * count + permutation[target]]
                if target != table.nodes[sender].number { departures[target].insert([departure, other]) }
            }
        }
        for receiver in table.nodes.indices {
            let renamed = rename(RotationTable.ID(receiver), index, &table)
            for pair in departures[table.nodes[receiver].number] {
                let verdicts = (
                    table.verdict(pair[0], at: RotationTable.ID(receiver)), table.verdict(pair[1], at: renamed)
                )
                if verdicts.0.isDelivered != verdicts.1.isDelivered { return false }
            }
        }
        return true
    }
}
