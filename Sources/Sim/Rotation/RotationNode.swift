import Model

/// One node while keys are rotated: its agent, and what its kernel holds.
struct RotationNode: Hashable {
    let number: Int
    /// The agent's own rules, with what it knows of the other nodes.
    var controller: EncryptionController
    /// By the rules of Linux: what is there already is refused. What the node has published is part of it.
    var held = EncryptionHoldings()
    /// What the agent is about to do, in order.
    var pending: [EncryptionStep] = []
    /// Whether something happened that the agent has not yet made steps of.
    var hasNews = true
    /// Whether the agent has just been started.
    var isStarting = true
    var hasRotated = false
    var restartCount = 0
    var bootCount = 0

    /// Whether the agent has nothing to do.
    var isIdle: Bool { pending.isEmpty && !hasNews }

    init(_ node: Int, _ preset: Preset) {
        number = node
        controller = EncryptionController(
            node: RotationCluster.name(node), local: RotationCluster.info(node),
            key: RotationCluster.key(RotationCluster.oldSPI), preset: preset)
    }

    mutating func rotate() {
        hasRotated = true
        controller.take(RotationCluster.key(RotationCluster.newSPI))
        hasNews = true
    }

    mutating func hear(_ info: NodeEncryption, of node: Int) {
        controller.take(info, of: RotationCluster.name(node))
        hasNews = true
    }

    /// The agent forgets all but its key file, and hears again what it had heard of others.
    mutating func restart() {
        restartCount += 1
        begin()
    }

    /// The kernel forgets as well. What is published stays.
    mutating func reboot() {
        bootCount += 1
        held = EncryptionHoldings(published: held.published)
        begin()
    }

    private mutating func begin() {
        let peers = controller.peers
        let spi = hasRotated ? RotationCluster.newSPI : RotationCluster.oldSPI
        controller = EncryptionController(
            node: controller.node, local: RotationCluster.info(number, bootCount: bootCount),
            key: RotationCluster.key(spi), options: controller.options)
        for name in peers.keys.sorted() {
            if let info = peers[name] { controller.take(info, of: name) }
        }
        pending = []
        (hasNews, isStarting) = (true, true)
    }

    /// Makes steps of what happened.
    mutating func plan(_ digest: ([UInt8]) -> [UInt8], _ order: ([EncryptionStep]) -> [EncryptionStep]) {
        pending = order(controller.steps(from: held, isThorough: isStarting, digest: digest))
        hasNews = false
        if pending.isEmpty { isStarting = false }
    }

    /// Takes the next step.
    mutating func step() {
        guard !pending.isEmpty else { return }
        held.apply(pending.removeFirst())
        if pending.isEmpty { isStarting = false }
    }

    /// The states that receive from a node under the current key, and under any other.
    private func receiving(from node: Int) -> (current: XFRMState.ID?, old: [XFRMState.ID]) {
        let source = RotationCluster.address(node)
        var (current, old): (XFRMState.ID?, [XFRMState.ID]) = (nil, [])
        for (id, entry) in held.states where entry.state.source == source {
            if id.spi == controller.local.spi { current = id } else { old.append(id) }
        }
        return (current, old)
    }

    /// Whether it could find that a node has left an earlier key. Upstream does not look.
    func waits(for node: Int) -> Bool {
        guard controller.options.staleKeys == .replace else { return false }
        let states = receiving(from: node)
        return states.current != nil && !states.old.isEmpty
    }

    /// Looks twice at what it holds, with packets of a node in between, under the current key.
    mutating func look(after node: Int, _ digest: ([UInt8]) -> [UInt8]) {
        guard let current = receiving(from: node).current else { return }
        if held.states[current]?.packetCount == 0 { held.count(1, of: current) }
        _ = controller.steps(from: held, isThorough: true, digest: digest)
        pending = controller.steps(from: held, isThorough: true, digest: digest)
    }
}
