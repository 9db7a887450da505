import Crypto
import Inputs
import Model
import Scenario

/// The agents of the nodes that encrypt, what they publish, and what of that is still on its way.
struct EncryptionScene {
    /// Where an info goes: whose, and who reads it.
    struct Path: Hashable {
        var source: String
        var target: String
    }

    struct Agent {
        /// Its place in the network.
        var node: Int
        var controller: EncryptionController
        /// Of its key file.
        var key: EncryptionKey
        /// What it will publish, but for the SPI.
        var local: NodeEncryption
        /// What it decided to do and has not done yet, in order.
        var pending: [EncryptionStep] = []
        /// Whether something happened that it has not looked at.
        var hasNews = true
        /// Whether it looks at all that its kernel holds the next time.
        var isThorough = true
        /// Whether it acts by single steps only.
        var waits = false
        /// How often its node booted.
        var bootCount = 1
    }

    /// By node.
    private(set) var agents: [String: Agent] = [:]
    /// What is published of each node.
    private var infos: [String: NodeEncryption] = [:]
    /// Where infos wait.
    private var held: Set<Path> = []
    /// Where the next info does not arrive.
    private var losing: Set<Path> = []
    private let options: DataplaneOptions
    private let seed: UInt64

    /// Without agents.
    /// - Parameter seed: Of boot ids that are made up.
    init(options: DataplaneOptions, seed: UInt64) {
        self.options = options
        self.seed = seed
    }

    /// Nodes with agents, sorted.
    var names: [String] { agents.keys.sorted() }

    func encrypts(_ node: String) -> Bool { agents[node] != nil }

    /// What is published of a node; nil for nothing.
    func published(_ node: String) -> NodeEncryption? { infos[node] }

    /// What agents cannot do as it is meant, a sentence each without its full stop.
    var problems: [String] {
        names.flatMap { name in (agents[name]?.controller.problems ?? []).map { "\(name): \($0)" } }
    }

    /// Nodes have other places in the network; one without a place has no agent any more.
    mutating func place(_ index: (String) -> Int?) {
        for name in names {
            if let node = index(name) { agents[name]?.node = node } else { agents[name] = nil }
        }
    }

    // MARK: Events

    mutating func add(_ name: String, node: Int, key: EncryptionKey, local: NodeEncryption) {
        var local = local
        if local.bootID.isEmpty { local.bootID = madeUpBootID(name, 1) }
        agents[name] = Agent(
            node: node, controller: EncryptionController(node: name, local: local, key: key, options: options),
            key: key,
            local: local)
    }

    /// A key file was written anew.
    mutating func takeKey(_ key: EncryptionKey, at name: String) {
        agents[name]?.key = key
        agents[name]?.controller.take(key)
        agents[name]?.hasNews = true
    }

    mutating func hold(_ paths: [Path]) { held.formUnion(paths) }

    mutating func lose(_ paths: [Path]) { losing.formUnion(paths) }

    /// Nothing waits on these paths any more.
    mutating func deliver(_ paths: [Path]) {
        for path in paths {
            held.remove(path)
            losing.remove(path)
            inform(path.target, of: path.source)
        }
    }

    /// What an agent knew is gone, but for its key file; what its kernel holds is not.
    mutating func restartAgent(_ name: String) {
        guard let agent = agents[name] else { return }
        agents[name]?.controller = EncryptionController(
            node: name, local: agent.local, key: agent.key, options: options)
        agents[name]?.pending = []
        agents[name]?.hasNews = true
        agents[name]?.isThorough = true
        for source in infos.keys.sorted() where source != name { inform(name, of: source) }
    }

    /// A node's boot id changes, and its agent begins anew.
    mutating func boot(_ name: String, bootID: String?) {
        guard let agent = agents[name] else { return }
        agents[name]?.bootCount += 1
        let madeUp = madeUpBootID(name, agent.bootCount + 1)
        agents[name]?.local.bootID = bootID ?? madeUp
        restartAgent(name)
    }

    /// A node goes for good.
    mutating func remove(_ name: String) {
        agents[name] = nil
        publish(nil, of: name)
    }

    mutating func setWaits(_ waits: Bool, _ names: [String]) { for name in names { agents[name]?.waits = waits } }

    /// Time passed: agents look at what their kernels hold.
    mutating func lookAgain() {
        for name in names {
            agents[name]?.hasNews = true
            agents[name]?.isThorough = true
        }
    }

    private mutating func publish(_ info: NodeEncryption?, of source: String) {
        infos[source] = info
        for target in names where target != source {
            let path = Path(source: source, target: target)
            if losing.remove(path) == nil, !held.contains(path) { inform(target, of: source) }
        }
    }

    /// An agent reads what is published of a node.
    private mutating func inform(_ target: String, of source: String) {
        guard source != target, agents[target] != nil else { return }
        if let info = infos[source] {
            agents[target]?.controller.take(info, of: source)
        } else {
            agents[target]?.controller.forget(node: source)
        }
        agents[target]?.hasNews = true
    }

    /// 36 characters of a random UUID, the same for the same seed, node and boot.
    private func madeUpBootID(_ name: String, _ boot: Int) -> String {
        var generator = SplitMix64(seed: seed &+ UInt64(boot))
        for byte in name.utf8 { generator = SplitMix64(seed: generator.next() ^ UInt64(byte)) }
        let digits = Array(Digits.hexadecimal((0..<2).flatMap { _ in generator.next().bytes }).utf8)
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(decoding: digits[$0], as: UTF8.self) }
        return groups.joined(separator: "-")
    }

    // MARK: Steps

    /// What one agent did.
    struct Act {
        var name: String
        var steps: [(step: EncryptionStep, outcome: XFRMDatabase.Outcome)]
    }

    /// What an agent does as it stops: upstream's leaves nothing of XFRM on its node.
    func stop(_ name: String, _ network: inout Network) throws(EncryptionSetupError) -> Act {
        var act = Act(name: name, steps: [])
        guard let agent = agents[name], options.staleKeys == .keep else { return act }
        for step in [EncryptionStep.xfrm(.flushStates), .xfrm(.flushPolicies)] {
            act.steps.append((step, try network.apply(step, at: agent.node)))
        }
        return act
    }

    /// Lets every agent that need not wait do what it has to, until none has.
    mutating func settle(_ network: inout Network) throws(EncryptionSetupError) -> [Act] {
        var acts: [Act] = []
        while let name = names.first(where: { isDue($0) }) {
            acts.append(try step(name, .all, &network))
        }
        return acts
    }

    private func isDue(_ name: String) -> Bool {
        guard let agent = agents[name] else { return false }
        return !agent.waits && (agent.hasNews || !agent.pending.isEmpty)
    }

    /// Lets an agent do some of what it has to. It waits no longer once it has done all.
    mutating func step(
        _ name: String, _ extent: AgentSteps.Extent, _ network: inout Network
    ) throws(EncryptionSetupError) -> Act {
        var act = Act(name: name, steps: [])
        guard var agent = agents[name] else { return act }
        if agent.pending.isEmpty {
            let holdings = network.holdings(of: agent.node, published: infos[name])
            agent.pending = agent.controller.steps(
                from: holdings, isThorough: agent.isThorough, digest: SHA512.digest)
            agent.hasNews = false
            agent.isThorough = false
        }
        let count: Int =
            switch extent {
            case .count(let count): min(count, agent.pending.count)
            case .publication:
                agent.pending.firstIndex(where: \.isPublication).map { $0 + 1 } ?? agent.pending.count
            case .all: agent.pending.count
            }
        let steps = agent.pending.prefix(count)
        agent.pending.removeFirst(count)
        if agent.pending.isEmpty, !agent.hasNews { agent.waits = false }
        agents[name] = agent
        for step in steps {
            act.steps.append((step, try network.apply(step, at: agent.node)))
            if case .publish(let info) = step { publish(info, of: name) }
        }
        return act
    }
}

extension EncryptionStep {
    fileprivate var isPublication: Bool {
        if case .publish = self { return true }
        return false
    }
}

extension UInt64 {
    fileprivate var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> (56 - 8 * $0)) } }
}
