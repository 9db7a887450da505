import Model
import Testing

private func required<T>(_ value: T?) -> T {
    guard let value else { preconditionFailure("no \(T.self)") }
    return value
}

private func prefix(_ text: String) -> Prefix { required(Prefix(text)) }

private func info(_ number: Int, _ change: (inout NodeEncryption) -> Void = { _ in }) -> NodeEncryption {
    var info = NodeEncryption(
        spi: SPI(rawValue: 1), addresses: [required(IPAddress("192.168.0.\(number)"))],
        bootID: "550e8400-e29b-41d4-a716-44665544000\(number)", podPrefixes: [prefix("10.0.\(number).0/24")])
    change(&info)
    return info
}

private func controller(_ local: NodeEncryption, _ preset: Preset = .hardened) -> EncryptionController {
    let key = EncryptionKey(spi: SPI(rawValue: 1), key: required(AEADKey(bytes: Array(1...20))))
    return EncryptionController(node: "a", local: local, key: key, preset: preset)
}

/// What of node b, or of the own node, keeps it from being set up.
struct FaultCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var local: @Sendable (inout NodeEncryption) -> Void = { _ in }
    var peer: @Sendable (inout NodeEncryption) -> Void = { _ in }
    let problems: [String]

    static let all = [
        FaultCase(
            testDescription: "SPI 0", peer: { $0.spi = SPI(rawValue: 0) },
            problems: ["node b publishes SPI 0, which is reserved; its key file must have a version from 1 on"]),
        FaultCase(
            testDescription: "a short boot id", peer: { $0.bootID = "550e8400" },
            problems: [
                "node b has the boot id \"550e8400\" with fewer than 36 characters; its /proc/sys/kernel/random/boot_id has "
                    + "them"
            ]),
        FaultCase(
            testDescription: "no address", peer: { $0.addresses = [] },
            problems: ["node b has no address; its tunnels need one that the other nodes reach"]),
        FaultCase(
            testDescription: "no common family", peer: { $0.addresses = [required(IPAddress("fd00::2"))] },
            problems: [
                "node b has only IPv6 addresses, and this node has none of them; tunnels need a family that both have"
            ]),
        FaultCase(
            testDescription: "an address of the own node",
            peer: { $0.addresses = [required(IPAddress("192.168.0.1"))] },
            problems: ["nodes b and a both have the address 192.168.0.1; every node needs addresses of its own"]),
        FaultCase(
            testDescription: "an address of another node",
            peer: { $0.addresses = [required(IPAddress("192.168.0.3"))] },
            problems: [
                "nodes b and c both have the address 192.168.0.3; every node needs addresses of its own",
                "nodes c and b both have the address 192.168.0.3; every node needs addresses of its own",
            ]),
        FaultCase(
            testDescription: "a prefix in another node's", peer: { $0.podPrefixes.append(prefix("10.0.3.128/25")) },
            problems: [
                "the pod prefix 10.0.3.128/25 of node b overlaps 10.0.3.0/24 of node c; every node needs prefixes of its own",
                "the pod prefix 10.0.3.0/24 of node c overlaps 10.0.3.128/25 of node b; every node needs prefixes of its own",
            ]),
        FaultCase(
            testDescription: "the own node's short boot id", local: { $0.bootID = "" },
            problems: [
                "node a has the boot id \"\" with fewer than 36 characters; its /proc/sys/kernel/random/boot_id has them"
            ]),
        FaultCase(
            testDescription: "the own node without pods", local: { $0.podPrefixes = [] },
            problems: ["node a has no pod prefix (podCIDRs); without one nothing that its pods get is encrypted"]),
    ]
}

@Suite struct EncryptionProblemTests {
    @Test(arguments: FaultCase.all)
    func aNodeWithAFaultIsBlocked(_ fault: FaultCase) {
        let (local, peer) = (info(1, fault.local), info(2, fault.peer))
        var controller = controller(local)
        controller.take(peer, of: "b")
        controller.take(info(3), of: "c")
        var held = EncryptionHoldings()
        for step in controller.steps(from: held, isThorough: false, digest: mixed) { held.apply(step) }
        #expect(controller.problems.map(\.description) == fault.problems)
        for prefix in peer.podPrefixes {
            #expect(held.nodeInfo.contains(prefix))
            let policies = held.policies.values.filter { $0.selector.destination == prefix }
            #expect(policies.count == 4 + local.podPrefixes.count && policies.allSatisfy { $0.action == .block })
        }
        let isOwn = fault.problems[0].hasPrefix("node a")
        #expect(held.published == (isOwn ? nil : local))
        // Of pods that several claim the nodes are heard all the same.
        let areHeard = fault.problems[0].hasPrefix("the pod prefix")
        let hasC = !isOwn && fault.problems.count == 1
        #expect(held.states.count == (areHeard || hasC ? 2 : 0))
        #expect(held.peerMarks.count == (areHeard ? 2 : hasC ? 1 : 0))
        #expect(controller.steps(from: held, isThorough: true, digest: mixed).isEmpty)
    }

    @Test(arguments: FaultCase.all)
    func aNodeThatComesToHaveAFaultStaysAsItWas(_ fault: FaultCase) {
        var held = EncryptionHoldings()
        var healthy = controller(info(1))
        healthy.take(info(2), of: "b")
        healthy.take(info(3), of: "c")
        for step in healthy.steps(from: held, isThorough: false, digest: mixed) { held.apply(step) }
        let states = held.states
        var controller = controller(info(1, fault.local))
        controller.take(info(2, fault.peer), of: "b")
        controller.take(info(3), of: "c")
        for step in controller.steps(from: held, isThorough: true, digest: mixed) { held.apply(step) }
        let isReachable = info(2, fault.peer).addresses == info(2).addresses
        if isReachable {
            #expect(held.states == states)
        } else {
            #expect(held.states.values.allSatisfy { $0.state.destination != info(2).addresses[0] })
        }
        let policies = held.policies.values.filter { $0.selector.destination == info(2).podPrefixes[0] && !$0.isGuard }
        #expect(policies.allSatisfy { $0.action == (isReachable ? .allow : .block) })
        // Mended, it is as if nothing had been.
        var mended = EncryptionController(node: "a", local: info(1), key: healthy.keys.current, preset: .hardened)
        mended.take(info(2), of: "b")
        mended.take(info(3), of: "c")
        for step in mended.steps(from: held, isThorough: true, digest: mixed) { held.apply(step) }
        #expect(Set(held.states.values.map(\.state.key)) == Set(states.values.map(\.state.key)))
        #expect(held.policies.values.allSatisfy { $0.action == ($0.isGuard ? .block : .allow) })
    }

    /// The node's own pods are there.
    @Test func aPrefixThatHoldsTheOwnPodsIsLeftAlone() {
        var controller = controller(info(1))
        controller.take(info(2) { $0.podPrefixes.append(prefix("10.0.0.0/23")) }, of: "b")
        var held = EncryptionHoldings()
        for step in controller.steps(from: held, isThorough: false, digest: mixed) { held.apply(step) }
        #expect(held.nodeInfo == [prefix("10.0.2.0/24")])
        #expect(held.states.values.map(\.state.source) == info(2).addresses, "it is heard, and not sent to")
        #expect(
            controller.problems.map(\.description) == [
                "the pod prefix 10.0.0.0/23 of node b overlaps 10.0.1.0/24 of node a; every node needs prefixes of its own"
            ])
    }

    @Test func anUnknownSPIIsToldWithTheNewestKnown() {
        var controller = controller(info(1))
        controller.take(info(2) { $0.spi = SPI(rawValue: 7) }, of: "b")
        #expect(
            controller.problems.map(\.description) == [
                "node b publishes SPI 0x00000007, which no key file here has had (the newest had 0x00000001); all nodes "
                    + "need the same key files"
            ])
        controller.take(EncryptionKey(spi: SPI(rawValue: 7), key: controller.keys.current.key))
        #expect(controller.problems.isEmpty)
    }

    @Test func upstreamSetsUpNothingForAShortBootID() {
        var controller = controller(info(1), .upstream)
        controller.take(info(2) { $0.bootID = "1" }, of: "b")
        #expect(controller.steps(from: EncryptionHoldings(), isThorough: true, digest: mixed) == [.publish(info(1))])
        #expect(controller.problems.count == 1)
    }

    @Test func prefixesAreTakenByTheirFirstAddress() {
        var controller = controller(info(1))
        controller.take(info(2) { $0.podPrefixes = [prefix("10.0.2.9/24"), prefix("10.0.2.0/24")] }, of: "b")
        #expect(controller.peers["b"]?.podPrefixes == [prefix("10.0.2.0/24")])
    }
}

/// The own node a, and what its kernel holds.
private struct Scene {
    var agent = controller(info(1))
    var held = EncryptionHoldings()

    /// - Returns: The steps, which are all taken.
    @discardableResult
    mutating func run(isThorough: Bool = false) -> [EncryptionStep] {
        let steps = agent.steps(from: held, isThorough: isThorough, digest: mixed)
        for step in steps {
            let isDone = held.apply(step)
            #expect(isDone, "\(step)")
        }
        return steps
    }

    /// The agent forgets all but the key and its peers.
    mutating func restart() {
        let peers = agent.peers
        agent = EncryptionController(
            node: "a", local: info(1), key: agent.keys.current, options: agent.options)
        for (name, peer) in peers { agent.take(peer, of: name) }
    }

    /// Where packets to a node's pods go, and under which SPI.
    func template(of number: Int) -> XFRMPolicy.Template? {
        let policies = held.policies.values.filter {
            $0.selector.destination == info(number).podPrefixes[0] && $0.mark == .exactly(.encrypt)
        }
        return policies.first?.templates.first
    }

    /// The SPIs under which a node is heard.
    func spis(from number: Int) -> [UInt32] {
        held.states.values.filter { $0.state.source == info(number).addresses[0] }.map(\.state.spi.rawValue).sorted()
    }
}

private func key(_ spi: UInt32) -> EncryptionKey {
    EncryptionKey(
        spi: SPI(rawValue: spi), key: required(AEADKey(bytes: (1...20).map { $0 + UInt8(truncatingIfNeeded: spi) })))
}

@Suite struct ContestTests {
    /// A peer may find nothing wrong with this node, and sends to it by what it publishes.
    @Test func aNodeWhosePodsAreContestedIsHeardUnderEverySPIThatIsPublished() {
        var scene = Scene()
        scene.agent.take(info(2), of: "b")
        scene.run()
        scene.agent.take(info(3) { $0.podPrefixes.append(prefix("10.0.2.128/25")) }, of: "c")
        scene.run()
        scene.agent.take(key(2))
        scene.run()
        #expect(scene.held.published?.spi == SPI(rawValue: 2))
        #expect(scene.spis(from: 2) == [1, 2] && scene.spis(from: 3) == [1, 2])
        #expect(scene.template(of: 2)?.spi == SPI(rawValue: 1))
    }

    @Test func noSPIIsPublishedUnderWhichAPeerThatIsHeardWouldBeHeardNoMore() {
        var scene = Scene()
        scene.agent.take(info(2), of: "b")
        scene.run()
        scene.agent.take(info(3) { $0.addresses = info(2).addresses }, of: "c")
        scene.run()
        scene.agent.take(key(2))
        scene.run()
        scene.agent.take(info(4), of: "d")
        scene.run()
        #expect(scene.held.published?.spi == SPI(rawValue: 1) && scene.spis(from: 2) == [1])
        #expect(scene.spis(from: 4) == [1, 2], "one that is new hears of the earlier SPI")
        #expect(scene.run(isThorough: true).isEmpty)
        scene.agent.forget(node: "c")
        scene.run()
        #expect(scene.held.published?.spi == SPI(rawValue: 2) && scene.spis(from: 2) == [1, 2])
    }

    @Test(arguments: [("b", "c"), ("c", "b")])
    func aPrefixThatAnotherNodeClaimsTooStaysWhereItIs(owner: String, other: String) {
        for isKnown in [false, true] {
            var scene = Scene()
            scene.agent.take(info(2), of: owner)
            if isKnown { scene.agent.take(info(3), of: other) }
            scene.run()
            let before = scene.held
            let rival = info(3) { $0.podPrefixes.append(info(2).podPrefixes[0]) }
            scene.agent.take(rival, of: other)
            let steps = scene.run()
            #expect(!isKnown || steps.isEmpty)
            for (id, policy) in before.policies { #expect(scene.held.policies[id] == policy) }
            #expect(scene.run(isThorough: true).isEmpty && scene.run(isThorough: true).isEmpty)
            scene.restart()
            #expect(scene.run(isThorough: true).isEmpty)
            // Its owner goes: it is the other's.
            scene.agent.forget(node: owner)
            scene.run()
            #expect(scene.template(of: 2)?.destination == info(3).addresses[0])
            #expect(scene.run(isThorough: true).isEmpty)
        }
    }

    @Test(arguments: [("b", "c"), ("c", "b")])
    func aPrefixThatSeveralClaimFromTheStartIsBlocked(first: String, second: String) {
        var scene = Scene()
        scene.agent.take(info(2), of: first)
        scene.agent.take(info(3) { $0.podPrefixes.append(info(2).podPrefixes[0]) }, of: second)
        scene.run()
        #expect(scene.template(of: 2) == nil && scene.held.nodeInfo.contains(info(2).podPrefixes[0]))
        #expect(scene.run(isThorough: true).isEmpty)
        scene.agent.forget(node: second)
        scene.run()
        #expect(scene.template(of: 2)?.destination == info(2).addresses[0])
    }
}

extension XFRMPolicy {
    /// For packets of the own pods alone, marked or not.
    fileprivate var isGuard: Bool { mark == .any && selector.source.length > 0 }
}
