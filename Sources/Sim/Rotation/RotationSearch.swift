import Model

/// Goes through every order in which a cluster's nodes may rotate their keys, breadth first.
public struct RotationSearch {
    /// One number a node: its state in the table.
    typealias State = SIMD8<RotationTable.ID>

    public let cluster: RotationCluster
    /// How many states of the cluster are held at most.
    public let maximumStateCount: Int
    /// Whether orders that make no difference are gone through once.
    public let isReduced: Bool
    var table: RotationTable
    private var symmetry: RotationSymmetry?
    private var states: [State] = []
    private var parents: [(state: Int32, event: RotationEvent)?] = []
    private var numbers: [State: Int32] = [:]
    private var transitionCount = 0

    public init(_ cluster: RotationCluster, maximumStateCount: Int) {
        self.init(cluster, maximumStateCount: maximumStateCount, isReduced: nil) { $0 }
    }

    /// - Parameters:
    ///   - isReduced: nil where that is needed and possible: agents that begin anew in the midst of their steps, and
    ///     upstream's, which are soon found out, are searched step by step.
    ///   - order: Changes the order of every agent's steps.
    init(
        _ cluster: RotationCluster, maximumStateCount: Int, isReduced: Bool?,
        order: @escaping ([EncryptionStep]) -> [EncryptionStep]
    ) {
        self.cluster = cluster
        self.maximumStateCount = maximumStateCount
        self.isReduced =
            isReduced
            ?? (cluster.nodeCount > 3 && cluster.preset == .hardened && cluster.restartCount == 0
                && cluster.rebootCount == 0)
        table = RotationTable(cluster, isReduced: self.isReduced, order: order)
    }

    /// What a search is at, and how much of it is done.
    public enum Phase: Hashable, Sendable {
        /// Of the states that may be held.
        case searching
        /// Of the states of single nodes: whether agents' steps may be taken together.
        case checkingOrder
        /// Of the pairs of nodes: whether they may be taken for each other.
        case checkingNames
    }

    /// Searches to the end, or to the first state in which a packet is lost or in clear.
    /// - Parameter progress: Called now and then.
    public mutating func run(
        progress: (_ phase: Phase, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
    ) -> RotationResult {
        var start = State()
        for (node, id) in table.steadyState().enumerated() { start[node] = id }
        if isReduced { symmetry = RotationSymmetry(cluster.nodeCount) }
        add(start, from: nil)
        var next = 0
        while next < states.count {
            let state = states[next]
            let failures = failures(in: state)
            if !failures.isEmpty { return result(.broken(schedule(to: next), failures)) }
            guard states.count <= maximumStateCount else { return result(.undecided(.tooManyStates)) }
            for event in events(in: state) {
                transitionCount += 1
                var successor = successor(of: state, event)
                _ = settle(&successor)
                add(successor, from: (Int32(next), event))
            }
            next += 1
            if next % 1024 == 0 { progress(.searching, states.count, maximumStateCount) }
        }
        let reason = isReduced ? refutationOfReduction(progress) : nil
        return result(reason.map { .undecided(.notReducible($0)) } ?? .holds)
    }

    private mutating func refutationOfReduction(
        _ progress: (_ phase: Phase, _ done: Int, _ total: Int) -> Void
    ) -> String? {
        var reduction = RotationReduction(table)
        if let reason = reduction.refutation(progress: { progress(.checkingOrder, $0, $1) }) { return reason }
        return symmetry?.refutation(&table) { progress(.checkingNames, $0, $1) }
    }

    private func result(_ outcome: RotationResult.Outcome) -> RotationResult {
        RotationResult(
            cluster: cluster, isReduced: isReduced, outcome: outcome, stateCount: states.count,
            transitionCount: transitionCount, nodeStateCount: table.nodes.count)
    }

    private mutating func add(_ state: State, from parent: (Int32, RotationEvent)?) {
        let canonical = symmetry?.canonical(state, &table).state ?? state
        guard numbers[canonical] == nil else { return }
        numbers[canonical] = Int32(states.count)
        states.append(canonical)
        parents.append(parent.map { (state: $0.0, event: $0.1) })
    }

    // MARK: Events

    /// What may happen in a state, in a fixed order.
    private mutating func events(in state: State) -> [RotationEvent] {
        var events: [RotationEvent] = []
        for node in 0..<cluster.nodeCount {
            let traits = table.traits[Int(state[node])]
            if traits.canRotate { events.append(.rotate(node)) }
            for other in 0..<cluster.nodeCount where other != node {
                let publication = table.traits[Int(state[other])].publication
                if traits.canHear, publication >= 0, traits.known[other] != publication {
                    events.append(.deliver(from: other, to: node))
                }
                if !isReduced, isQuiet(other, at: node, state) { events.append(.quiet(node, of: other)) }
            }
            if !traits.isIdle { events.append(.step(node)) }
            if traits.canRestart { events.append(.restart(node)) }
            if traits.canReboot { events.append(.reboot(node)) }
        }
        return events
    }

    /// Whether an idle node may find that another has left an earlier key: it sends under the current one. So much time
    /// passes between the two looks that the other's agent has taken all its steps.
    private func isQuiet(_ other: Int, at node: Int, _ state: State) -> Bool {
        let traits = table.traits[Int(state[node])]
        guard traits.isIdle, traits.waits[other], table.traits[Int(state[other])].isIdle else { return false }
        let departure = table.traits[Int(state[other])].departures[node]
        guard case .sealed(let seal) = table.departures[departure] else { return false }
        return seal.spi == traits.spi
    }

    private mutating func successor(of state: State, _ event: RotationEvent) -> State {
        var state = state
        let local = local(event) { table.traits[Int(state[$0])].publication }
        state[event.node] = table.state(after: local, of: state[event.node])
        return state
    }

    /// In a reduced search, nodes find at once what others have left: nothing depends on it but what they receive, and
    /// that only gets less.
    private mutating func settle(_ state: inout State) -> [RotationEvent] {
        guard isReduced else { return [] }
        var events: [RotationEvent] = []
        for node in 0..<cluster.nodeCount {
            for other in 0..<cluster.nodeCount where other != node && isQuiet(other, at: node, state) {
                events.append(.quiet(node, of: other))
                state = successor(of: state, .quiet(node, of: other))
            }
        }
        return events
    }

    /// What an event is to the node where it happens.
    private func local(_ event: RotationEvent, _ publication: (Int) -> Int) -> RotationTable.Event {
        switch event {
        case .rotate: .rotate
        case .step: .step
        case .restart: .restart
        case .reboot: .reboot
        case .quiet(_, let other): .quiet(of: other)
        case .deliver(let other, _): .hear(of: other, publication: publication(other))
        }
    }

    // MARK: Packets

    /// What is lost or in clear. Of nodes that have booted only what is in clear counts.
    private mutating func failures(in state: State) -> [RotationFailure] {
        var failures: [RotationFailure] = []
        for source in 0..<cluster.nodeCount where table.traits[Int(state[source])].isRunning {
            let traits = table.traits[Int(state[source])]
            for (index, departure) in traits.departures.enumerated() {
                let target = index % cluster.nodeCount
                guard target != source else { continue }
                let verdict = table.verdict(departure, at: state[target])
                if verdict.isDelivered { continue }
                if case .lost = verdict, traits.hasBooted || table.traits[Int(state[target])].hasBooted { continue }
                failures.append(
                    RotationFailure(
                        source: source, target: target, isError: index >= cluster.nodeCount, verdict: verdict))
            }
        }
        return failures
    }

    // MARK: Schedules

    /// How a state was reached, with the names that nodes have in the first one.
    private mutating func schedule(to last: Int) -> [RotationAct] {
        var events: [RotationEvent] = []
        var number = last
        while let parent = parents[number] {
            events.append(parent.event)
            number = Int(parent.state)
        }
        var state = states[0]
        // The real node of each in the state, which may be a permutation of the real one.
        var names = Array(0..<cluster.nodeCount)
        var real: [RotationEvent] = []
        for event in events.reversed() {
            var next = successor(of: state, event)
            for event in [event] + settle(&next) { real.append(event.renamed(names)) }
            let canonical = symmetry?.canonical(next, &table)
            state = canonical?.state ?? next
            let earlier = names
            for (node, place) in (canonical?.permutation ?? []).enumerated() { names[place] = earlier[node] }
        }
        return acts(real)
    }

    /// With the steps that agents take, from the steady state on.
    private mutating func acts(_ events: [RotationEvent]) -> [RotationAct] {
        var nodes = table.steadyState().map { table.nodes[Int($0)] }
        return events.map { event in
            let published = nodes.map { $0.held.published.map { table.number(of: $0) } ?? -1 }
            return RotationAct(event: event, steps: table.take(local(event) { published[$0] }, at: &nodes[event.node]))
        }
    }
}
