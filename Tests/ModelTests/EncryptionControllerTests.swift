import Model
import TestSupport
import Testing

/// A node's agent and what its kernel holds.
private struct Agent {
    var controller: EncryptionController
    var held = EncryptionHoldings()
    /// How many keys were derived.
    var digestCount = 0

    init(_ name: String, _ info: NodeEncryption, _ preset: Preset = .hardened, key: EncryptionKey) {
        controller = EncryptionController(node: name, local: info, key: key, preset: preset)
    }

    /// Asks for steps and takes them all.
    /// - Returns: The steps, and how many were refused.
    @discardableResult
    mutating func run(isThorough: Bool = false, mayRetire: Bool = true) -> (steps: [EncryptionStep], refused: Int) {
        var count = 0
        let steps = controller.steps(from: held, isThorough: isThorough, mayRetire: mayRetire) { bytes in
            count += 1
            return mixed(bytes)
        }
        digestCount += count
        var refused = 0
        for step in steps where !held.apply(step) { refused += 1 }
        return (steps, refused)
    }
}

private func bootID(_ number: Int, start: Int = 0) -> String {
    let digits = String(number + start * 4096, radix: 16)
    return "550e8400-e29b-41d4-a716-" + String(repeating: "0", count: 12 - digits.count) + digits
}

private func info(_ number: Int, spi: UInt32 = 1, start: Int = 0) -> NodeEncryption {
    NodeEncryption(
        spi: SPI(rawValue: spi), addresses: [.v4(0xc0a8_0000 | UInt32(number))], bootID: bootID(number, start: start),
        podPrefixes: [required(Prefix(.v4(0x0a00_0000 | UInt32(number) << 8), length: 24))])
}

private func key(_ spi: UInt32) -> EncryptionKey {
    EncryptionKey(
        spi: SPI(rawValue: spi),
        key: required(AEADKey(bytes: Array(repeating: UInt8(truncatingIfNeeded: spi), count: 20))))
}

private func required<T>(_ value: T?) -> T {
    guard let value else { preconditionFailure("no \(T.self)") }
    return value
}

extension EncryptionStep {
    /// Its place in the order: marks, receiving, publishing, sending, removal.
    fileprivate var stage: Int {
        switch self {
        case .markPeer: 0
        case .xfrm(.addState(let state)): state.outputMark == .decrypted ? 1 : 3
        case .xfrm(.updatePolicy(let policy)): policy.direction == .out ? 3 : 1
        case .publish: 2
        case .encryptTo: 3
        default: 4
        }
    }

    fileprivate var isRemoval: Bool { stage == 4 }
}

extension EncryptionHoldings {
    /// The same whatever peers are numbered by.
    fileprivate var unnumbered: EncryptionHoldings {
        let named = states.values.map { entry in
            var entry = State(entry.state)
            guard entry.state.outputMark == .decrypted, case .v4(let bits) = entry.state.source else { return entry }
            let isRight = peerMarks[entry.state.source].map { entry.state.mark == .exactly($0) } ?? false
            entry.state.mark = MarkSelector(value: isRight ? bits : 0, mask: 1)
            return entry
        }
        return EncryptionHoldings(
            states: named, policies: Array(policies.values), nodeInfo: Array(nodeInfo), published: published)
    }

    fileprivate func sendingSPI(to number: Int) -> SPI? {
        policies[.init(.out, selector(number), mark: .exactly(.encrypt))]?.templates.first?.spi
    }

    fileprivate func selector(_ number: Int) -> XFRMSelector {
        XFRMSelector(source: .everything(of: .v4), destination: info(number).podPrefixes[0])
    }

    fileprivate func receivingSPIs(from number: Int) -> [UInt32] {
        states.values.filter { $0.state.source == info(number).addresses[0] }.map(\.state.spi.rawValue).sorted()
    }

    fileprivate mutating func countReceived(from number: Int, _ spi: UInt32) {
        for (id, entry) in states where entry.state.source == info(number).addresses[0] && id.spi.rawValue == spi {
            count(1, of: id)
        }
    }
}

@Suite struct EncryptionControllerTests {
    /// H20: nothing of the own pods leaves in clear for want of a mark; asked last, and set up last.
    @Test func whatNoProgramMarkedIsBlockedOnceMarkedPacketsAreEncrypted() throws {
        var agent = Agent("a", info(1), .hardened, key: key(1))
        agent.controller.take(info(2), of: "b")
        let steps = agent.run().steps
        guard case .xfrm(.updatePolicy(let policy)) = try #require(steps.last) else {
            Issue.record("\(steps)")
            return
        }
        #expect(policy.action == .block && policy.direction == .out && policy.mark == .any)
        #expect(policy.selector == XFRMSelector(source: info(1).podPrefixes[0], destination: info(2).podPrefixes[0]))
        #expect(agent.held.policies.values.allSatisfy { $0 == policy || $0.priority < policy.priority })
        #expect(steps.firstIndex(of: .encryptTo(info(2).podPrefixes[0])) == steps.count - 2)
    }

    @Test(arguments: Preset.allCases)
    func aPeerIsReceivedFromBeforeThisIsToldAndSentToAfter(preset: Preset) {
        var agent = Agent("a", info(1), preset, key: key(1))
        agent.controller.take(info(2), of: "b")
        let steps = agent.run().steps
        if preset == .hardened {
            #expect(steps.map(\.stage) == steps.map(\.stage).sorted())
            #expect(steps.map(\.stage).contains(0))
        }
        #expect(agent.held.published == info(1) && agent.held.nodeInfo == Set(info(2).podPrefixes))
        #expect(agent.held.sendingSPI(to: 2) == SPI(rawValue: 1) && agent.held.receivingSPIs(from: 2) == [1])
        #expect(agent.run().steps.isEmpty)
    }

    /// A state stands before the policy that names it, the policy before packets are marked for it.
    @Test func nothingIsMarkedBeforeItsPolicyStands() throws {
        var agent = Agent("a", info(1), key: key(1))
        agent.controller.take(info(2), of: "b")
        let steps = agent.run().steps
        let state = try #require(steps.firstIndex { $0.stage == 3 })
        let policy = try #require(
            steps.firstIndex {
                if case .xfrm(.updatePolicy(let policy)) = $0 { policy.direction == .out } else { false }
            })
        let mark = try #require(steps.firstIndex(of: .encryptTo(info(2).podPrefixes[0])))
        #expect(state < policy && policy < mark)
    }

    @Test func aPeerAheadIsSentToWhenTheOwnKeyFileMoves() {
        var agent = Agent("a", info(1), key: key(1))
        agent.controller.take(info(2), of: "b")
        agent.run()
        agent.controller.take(info(2, spi: 2), of: "b")
        #expect(agent.run().steps.isEmpty && agent.held.sendingSPI(to: 2) == SPI(rawValue: 1))
        #expect(agent.controller.problems.map(\.node) == ["b"])
        agent.controller.take(key(2))
        let steps = agent.run().steps
        #expect(steps.map(\.stage) == steps.map(\.stage).sorted())
        #expect(agent.held.sendingSPI(to: 2) == SPI(rawValue: 2) && agent.held.receivingSPIs(from: 2) == [1, 2])
        #expect(agent.held.states.values.filter { $0.state.outputMark == nil }.map(\.state.spi.rawValue) == [2])
        #expect(agent.held.published?.spi == SPI(rawValue: 2) && agent.controller.problems.isEmpty)
    }

    @Test func anEarlierStateGoesWhenThePeerHasLeftIt() {
        var agent = Agent("a", info(1), key: key(1))
        agent.controller.take(info(2), of: "b")
        agent.run()
        agent.controller.take(key(2))
        agent.run()
        for (old, new, isLeft) in [(1, 0, false), (0, 0, false), (1, 1, false), (0, 0, true)] {
            for _ in 0..<old { agent.held.countReceived(from: 2, 1) }
            for _ in 0..<new { agent.held.countReceived(from: 2, 2) }
            agent.run()
            #expect(agent.held.receivingSPIs(from: 2).contains(1), "only thorough calls look")
            agent.run(isThorough: true)
            #expect(agent.held.receivingSPIs(from: 2) == (isLeft ? [2] : [1, 2]))
        }
    }

    /// An agent reads everything anew soon after something failed; its peer may be amid its steps.
    @Test func onlyCallsThatMayRetireCompareWhatEarlierStatesReceived() {
        var agent = Agent("a", info(1), key: key(1))
        agent.controller.take(info(2), of: "b")
        agent.run()
        agent.controller.take(key(2))
        agent.run()
        agent.held.countReceived(from: 2, 2)
        agent.run(isThorough: true)
        for _ in 0..<3 {
            agent.run(isThorough: true, mayRetire: false)
            #expect(agent.held.receivingSPIs(from: 2) == [1, 2])
        }
        agent.held.countReceived(from: 2, 1)
        agent.run(isThorough: true, mayRetire: false)
        agent.run(isThorough: true)
        #expect(agent.held.receivingSPIs(from: 2) == [1, 2], "something came since the last comparison")
        agent.run(isThorough: true)
        #expect(agent.held.receivingSPIs(from: 2) == [2])
    }

    /// H19.
    @Test func aPeerThatWasStartedAnewHasNewKeysUnderTheSameSPI() {
        var agent = Agent("a", info(1), key: key(1))
        agent.controller.take(info(2), of: "b")
        agent.run()
        agent.controller.take(key(2))
        agent.run()
        let keys = Set(agent.held.states.values.map(\.state.key))
        agent.controller.take(info(2, start: 1), of: "b")
        let (steps, refused) = agent.run()
        #expect(refused == 0 && steps.count == 6)
        #expect(agent.held.states.count == 3 && keys.isDisjoint(with: agent.held.states.values.map(\.state.key)))
        #expect(agent.held.receivingSPIs(from: 2) == [1, 2])
    }

    @Test func aRestartedAgentKeepsMarksAndWhatItCannotName() {
        var agent = Agent("a", info(1), key: key(1))
        for number in [4, 2, 3] { agent.controller.take(info(number), of: "n\(number)") }
        agent.run()
        agent.controller.take(info(5), of: "n1")
        agent.run()
        let held = agent.held
        // Its key file has moved meanwhile, and the key that its peers use is forgotten.
        for spi in [1, 2] as [UInt32] {
            agent.controller = EncryptionController(node: "a", local: info(1), key: key(spi), preset: .hardened)
            agent.held = held
            for number in [2, 3, 4] { agent.controller.take(info(number), of: "n\(number)") }
            agent.controller.take(info(5), of: "n1")
            let steps = agent.run(isThorough: true).steps
            #expect(steps.isEmpty == (spi == 1) && !steps.contains { $0.isRemoval })
            #expect(agent.held.peerMarks == held.peerMarks && agent.held.peerMarks.count == 4)
            for number in 2...5 { #expect(agent.held.sendingSPI(to: number) == SPI(rawValue: 1)) }
        }
    }

    @Test func marksOutliveKmPeer() {
        var agent = Agent("a", info(1), key: key(1))
        for number in [2, 3] { agent.controller.take(info(number), of: "n\(number)") }
        agent.run()
        let marks = agent.held.peerMarks
        agent.held.apply(.forgetPeer(info(2).addresses[0]))
        agent.controller = EncryptionController(node: "a", local: info(1), key: key(1), preset: .hardened)
        for number in [3, 2] { agent.controller.take(info(number), of: "n\(5 - number)") }
        #expect(agent.run(isThorough: true).steps.map(\.stage) == [0] && agent.held.peerMarks == marks)
    }

    @Test func aNodeThatGoesTakesAllWithIt() {
        var agent = Agent("a", info(1), key: key(1))
        agent.controller.take(info(2), of: "b")
        agent.run()
        let before = agent.held
        agent.controller.take(info(3), of: "c")
        agent.run()
        agent.controller.forget(node: "c")
        let steps = agent.run().steps
        #expect(agent.held == before && steps.first == .leaveClear(info(3).podPrefixes[0]))
        agent.controller.forget(node: "b")
        agent.run()
        #expect(agent.held == EncryptionHoldings(published: info(1)))
        // What nobody knows of any more is found as well.
        agent.held = before
        agent.run(isThorough: true)
        #expect(agent.held == EncryptionHoldings(published: info(1)))
    }

    @Test func aPrefixMayMoveToAnotherNode() {
        var agent = Agent("a", info(1), key: key(1))
        for number in [2, 3] { agent.controller.take(info(number), of: "n\(number)") }
        agent.run()
        var (second, third) = (info(2), info(3))
        (second.podPrefixes, third.podPrefixes) = (third.podPrefixes, second.podPrefixes)
        agent.controller.take(second, of: "n2")
        agent.controller.take(third, of: "n3")
        let steps = agent.run().steps
        #expect(!steps.contains { $0.isRemoval } && agent.held.nodeInfo.count == 2)
        let policy = agent.held.policies[.init(.out, agent.held.selector(3), mark: .exactly(.encrypt))]
        #expect(policy?.templates.first?.destination == second.addresses[0])
    }

    /// An unmarked state would be taken for the marked one that is to be added.
    @Test func upstreamsStatesGiveWay() {
        var upstream = Agent("a", info(1), .upstream, key: key(1))
        upstream.controller.take(info(2), of: "b")
        upstream.run()
        var agent = Agent("a", info(1), key: key(1))
        agent.held = upstream.held
        agent.controller.take(info(2), of: "b")
        #expect(agent.run(isThorough: true).refused == 0)
        var fresh = Agent("a", info(1), key: key(1))
        fresh.controller.take(info(2), of: "b")
        fresh.run(isThorough: true)
        #expect(agent.held == fresh.held)
    }

    /// Those of the node's own prefixes differ in their source alone.
    @Test func policiesGoInTheOrderOfTheirSources() {
        var local = info(1)
        local.podPrefixes = (0..<8).map { required(Prefix(.v4(0x0b00_0000 | UInt32($0) << 8), length: 24)) }
        var agent = Agent("a", local, key: key(1))
        agent.controller.take(info(2), of: "b")
        agent.run()
        agent.controller.forget(node: "b")
        let sources = agent.run().steps.compactMap { step -> Prefix? in
            guard case .xfrm(.deletePolicy(let id)) = step, id.selector.source.length > 0 else { return nil }
            return id.selector.source
        }
        #expect(sources == local.podPrefixes)
    }

    /// Its packets would be blocked where those of upstream's leave, and nothing would take that away.
    @Test func anAgentThatKeepsWhatIsThereBlocksNothing() throws {
        var agent = Agent("a", info(1), key: key(1))
        agent.controller.take(info(2), of: "b")
        agent.controller.take(info(3, spi: 7), of: "c")
        agent.run()
        #expect(agent.held.sendingSPI(to: 2) == SPI(rawValue: 1))
        agent.controller = EncryptionController(node: "a", local: info(1), key: key(1), preset: .upstream)
        let steps = agent.run(isThorough: true).steps
        guard case .xfrm(.deletePolicy) = try #require(steps.first) else {
            Issue.record("\(steps)")
            return
        }
        #expect(agent.held.sendingSPI(to: 2) == SPI(rawValue: 1))
        #expect(
            agent.held.policies.values.allSatisfy {
                $0.action == .allow && $0.selector.icmpType == nil && $0.selector.source.length == 0
            })
        #expect(agent.run(isThorough: true).steps.isEmpty)
    }

    @Test func oneChangeCostsWhatItTouches() {
        var agent = Agent("a", info(1), key: key(1))
        for number in 2...200 { agent.controller.take(info(number), of: "n\(number)") }
        agent.run(isThorough: true)
        #expect(agent.digestCount == 2 * 199)
        agent.digestCount = 0
        agent.controller.take(info(7, start: 1), of: "n7")
        #expect(agent.run().steps.count == 4 && agent.digestCount == 2)
        agent.controller.take(info(7, start: 1), of: "n7")
        #expect(agent.run().steps.isEmpty && agent.digestCount == 2)
    }
}

// MARK: Properties

/// What nodes publish, changed at random; versions of keys rise.
private struct Cluster {
    var infos: [Int: NodeEncryption] = [:]
    var newest: UInt32 = 1

    mutating func change(_ agent: inout Agent, using generator: inout SplitMix64) {
        let number = 2 + generator.below(6)
        let name = "n\(number)"
        switch generator.below(8) {
        case 0:
            newest += 1
            agent.controller.take(key(newest))
        case 1:
            infos[number] = nil
            agent.controller.forget(node: name)
        case 2 where infos[number] != nil:
            infos[number]?.bootID = bootID(number, start: generator.below(16))
        case 3 where infos[number] != nil:
            infos[number]?.podPrefixes.append(
                required(Prefix(.v4(0x0b00_0000 | UInt32(number) << 16 | UInt32(generator.below(4)) << 8), length: 24)))
        case 4 where infos[number] != nil:
            infos[number]?.podPrefixes = info(number).podPrefixes
            infos[number]?.hasExtendedSequence.toggle()
        default:
            infos[number] = infos[number] ?? info(number)
            infos[number]?.spi = SPI(rawValue: 1 + UInt32(generator.below(Int(newest))))
        }
        if let info = infos[number] { agent.controller.take(info, of: name) }
    }

    /// All that is known, told to an agent at once.
    func fresh(like agent: Agent) -> Agent {
        var fresh = Agent("n1", info(1), key: key(1))
        for spi in 1...newest { fresh.controller.take(key(spi)) }
        for number in infos.keys.sorted() {
            if let info = infos[number] { fresh.controller.take(info, of: "n\(number)") }
        }
        return fresh
    }
}

@Test func stepByStepComesToWhatAllAtOnceComesTo() {
    forEachSeed(count: 200) { seed in
        var generator = SplitMix64(seed: seed)
        var cluster = Cluster()
        var agent = Agent("n1", info(1), key: key(1))
        for round in 0..<25 {
            for _ in 0...generator.below(3) { cluster.change(&agent, using: &generator) }
            let (steps, refused) = agent.run(isThorough: generator.below(8) == 0)
            #expect(refused == 0, "seed \(seed) round \(round)")
            #expect(steps.filter { !$0.isRemoval || $0.isReplacement(in: steps) }.isReceiveFirst, "seed \(seed)")
            #expect(agent.run().steps.isEmpty && agent.run(isThorough: true).steps.isEmpty, "seed \(seed)")
        }
        var fresh = cluster.fresh(like: agent)
        fresh.run(isThorough: true)
        // States of earlier keys wait for packets; all else is the same.
        for number in 2..<8 {
            for spi in agent.held.receivingSPIs(from: number) where spi == cluster.newest {
                agent.held.countReceived(from: number, spi)
            }
        }
        agent.run(isThorough: true)
        agent.run(isThorough: true)
        #expect(agent.held.unnumbered == fresh.held.unnumbered, "seed \(seed)")
    }
}

extension EncryptionStep {
    /// Whether it makes room for a state that is added later.
    fileprivate func isReplacement(in steps: [EncryptionStep]) -> Bool {
        guard case .xfrm(.deleteState(let id)) = self else { return false }
        return steps.contains { if case .xfrm(.addState(let state)) = $0 { state.id == id } else { false } }
    }
}

extension [EncryptionStep] {
    /// Whether all that receives comes before what is published and sent.
    fileprivate var isReceiveFirst: Bool {
        let stages = compactMap { step -> Int? in
            if case .xfrm(.deleteState) = step { return nil }
            return step.stage
        }
        return stages == stages.sorted()
    }
}
