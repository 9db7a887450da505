import Model

/// Every state in which a node was found, by number, so that a state of the cluster is one number a node: what follows from
/// an event is computed once, and so is what becomes of packets.
struct RotationTable {
    typealias ID = UInt32

    /// What happens to one node.
    enum Event: Hashable {
        case rotate, step, restart, reboot
        /// By the number of what is published.
        case hear(of: Int, publication: Int)
        case quiet(of: Int)
    }

    /// What a search asks about a node again and again.
    struct Traits {
        var isIdle: Bool
        /// Whether its agent is between two plans.
        var canHear: Bool
        var canRotate: Bool
        var canRestart: Bool
        var canReboot: Bool
        /// What it has published; -1 for nothing.
        var publication: Int
        /// What it knows of each node.
        var known: [Int]
        /// For whom it keeps states of earlier keys.
        var waits: [Bool]
        var spi: SPI
        /// Numbers of what becomes of packets to each node, pods' and then its own errors.
        var departures: [Int]
        /// Whether its pods run: those of a node that boots wait for its agent.
        var isRunning: Bool
        var hasBooted: Bool
    }

    let cluster: RotationCluster
    /// Whether agents take as many steps at once as make no difference.
    let isReduced: Bool
    /// Changes the order of an agent's steps, for tests.
    let order: ([EncryptionStep]) -> [EncryptionStep]
    private(set) var nodes: [RotationNode] = []
    private(set) var traits: [Traits] = []
    /// How each was first reached; nil for what it was in the steady state.
    private(set) var origins: [(id: ID, event: Event)?] = []
    private var ids: [RotationNode: ID] = [:]
    /// The events that have happened to nodes in some state so far, by the state.
    private(set) var events: [[(event: Event, next: ID)]] = []
    private var publications: [NodeEncryption] = []
    private var publicationNumbers: [NodeEncryption: Int] = [:]
    private(set) var departures: [Departure] = []
    private var departureNumbers: [Departure: Int] = [:]
    /// By departure, then by the receiver's state.
    private var verdicts: [[RotationVerdict?]] = []
    private var digests = DigestNumbers()

    init(_ cluster: RotationCluster, isReduced: Bool, order: @escaping ([EncryptionStep]) -> [EncryptionStep]) {
        self.cluster = cluster
        self.isReduced = isReduced
        self.order = order
    }

    /// Nodes that have all heard of each other, under the old key.
    mutating func steadyState() -> [ID] {
        var all = (0..<cluster.nodeCount).map { RotationNode($0, cluster.preset) }
        for index in all.indices {
            for other in all.indices where other != index { all[index].hear(RotationCluster.info(other), of: other) }
            all[index].plan({ digests.digest($0) }, { $0 })
            while !all[index].pending.isEmpty { all[index].step() }
        }
        return all.map { number(of: $0) }
    }

    // MARK: Transitions

    /// The publication of a number.
    func published(_ number: Int) -> NodeEncryption { publications[number] }

    mutating func state(after event: Event, of id: ID) -> ID {
        if let known = events[Int(id)].first(where: { $0.event == event }) { return known.next }
        var node = nodes[Int(id)]
        take(event, at: &node)
        let next = number(of: node, origin: (id, event))
        events[Int(id)].append((event, next))
        return next
    }

    /// Lets an event happen, and in a reduced search what follows from it at once.
    /// - Returns: The steps that the agent takes.
    @discardableResult
    mutating func take(_ event: Event, at node: inout RotationNode) -> [EncryptionStep] {
        switch event {
        case .rotate: node.rotate()
        case .hear(let other, let number): node.hear(publications[number], of: other)
        case .quiet(let other): node.look(after: other) { digests.digest($0) }
        case .restart: node.restart()
        case .reboot: node.reboot()
        case .step: break
        }
        guard isReduced || event == .step else { return [] }
        plan(&node)
        let steps = node.pending
        if isReduced { advance(&node) } else { node.step() }
        return Array(steps.dropLast(node.pending.count))
    }

    /// Makes steps of what is new to an agent.
    mutating func plan(_ node: inout RotationNode) {
        if node.hasNews { node.plan({ digests.digest($0) }, order) }
    }

    /// Takes the steps up to the publication, or else all. `RotationReduction` shows that what is between makes no
    /// difference.
    func advance(_ node: inout RotationNode, visit: (RotationNode) -> Void = { _ in }) {
        while let next = node.pending.first {
            node.step()
            if case .publish = next { return }
            if !node.pending.isEmpty { visit(node) }
        }
    }

    // MARK: Numbers

    private mutating func number(of node: RotationNode, origin: (ID, Event)? = nil) -> ID {
        if let id = ids[node] { return id }
        let id = ID(nodes.count)
        nodes.append(node)
        origins.append(origin)
        events.append([])
        ids[node] = id
        traits.append(traits(of: node))
        return id
    }

    private mutating func traits(of node: RotationNode) -> Traits {
        let others = 0..<cluster.nodeCount
        let known = others.map { node.controller.peers[RotationCluster.name($0)].map { number(of: $0) } ?? -1 }
        return Traits(
            isIdle: node.isIdle, canHear: node.pending.isEmpty, canRotate: !node.hasRotated && node.pending.isEmpty,
            canRestart: node.restartCount < cluster.restartCount, canReboot: node.bootCount < cluster.rebootCount,
            publication: node.held.published.map { number(of: $0) } ?? -1, known: known,
            waits: others.map { node.waits(for: $0) }, spi: node.controller.local.spi, departures: departures(of: node),
            isRunning: node.bootCount == 0 || !node.isStarting, hasBooted: node.bootCount > 0)
    }

    /// Numbers of what becomes of a node's packets to each node, of its pods and then its own errors.
    mutating func departures(of node: RotationNode) -> [Int] {
        let others = 0..<cluster.nodeCount
        let pods = others.map { number(of: departure(of: node, to: $0, icmpType: nil)) }
        // Upstream lets errors leave in clear, whatever becomes of keys (H17).
        guard cluster.preset == .hardened else { return pods }
        let type = XFRMSelector.icmpErrorTypes(.v4)[0]
        return pods + others.map { number(of: departure(of: node, to: $0, icmpType: type)) }
    }

    private func departure(of node: RotationNode, to other: Int, icmpType: UInt8?) -> Departure {
        // To itself it sends nothing.
        node.number == other ? .refused(.delivered) : node.held.departure(to: other, icmpType: icmpType)
    }

    mutating func number(of info: NodeEncryption) -> Int {
        if let number = publicationNumbers[info] { return number }
        publications.append(info)
        publicationNumbers[info] = publications.count - 1
        return publications.count - 1
    }

    private mutating func number(of departure: Departure) -> Int {
        if let number = departureNumbers[departure] { return number }
        departures.append(departure)
        departureNumbers[departure] = departures.count - 1
        verdicts.append([])
        return departures.count - 1
    }

    // MARK: Packets

    /// Numbers of the encrypted packets of which some have left a node so far that a node receives.
    func departures(receivedBy node: RotationNode) -> Set<Int> {
        Set(
            departures.indices.filter { number in
                guard case .sealed(let seal) = departures[number], seal.target == node.number else { return false }
                return node.held.verdict(on: seal).isDelivered
            })
    }

    /// What becomes of a packet that left as a number says, at a receiver in a state.
    mutating func verdict(_ departure: Int, at receiver: ID) -> RotationVerdict {
        let index = Int(receiver)
        if index < verdicts[departure].count, let verdict = verdicts[departure][index] { return verdict }
        let verdict: RotationVerdict =
            switch departures[departure] {
            case .refused(let verdict): verdict
            case .sealed(let seal): nodes[index].held.verdict(on: seal)
            }
        while verdicts[departure].count <= index { verdicts[departure].append(nil) }
        verdicts[departure][index] = verdict
        return verdict
    }
}

/// Stands for SHA-512: what is hashed gets a number, so that equal digests are those of equal inputs.
private struct DigestNumbers {
    private var numbers: [[UInt8]: UInt64] = [:]

    mutating func digest(_ bytes: [UInt8]) -> [UInt8] {
        let next = UInt64(numbers.count)
        let number = numbers[bytes] ?? next
        if number == next { numbers[bytes] = next }
        return (0..<64).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0 % 8))) }
    }
}
