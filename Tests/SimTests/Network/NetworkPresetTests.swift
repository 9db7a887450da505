import Model
import Testing

@testable import Sim

/// What upstream's accidents do to packets, and what is left of them in `hardened`.
@Suite struct NetworkPresetTests {
    /// H18: of upstream's receiving states only the first peer's is accepted, and of its policies the last peer's remains.
    @Test(arguments: [
        (Preset.upstream, false, []), (.upstream, true, [[0, 1], [1, 0], [0, 2]]),
        (.hardened, false, [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]),
    ])
    func ofThreeNodesWithOneSPIUpstreamHearsOnePeerAtMost(
        _ preset: Preset, firstPeerIsUpdatedLast: Bool, _ expected: [[Int]]
    ) throws {
        var scene = try NetworkScene(preset, nodeCount: 3)
        if firstPeerIsUpdatedLast {
            for node in 0..<3 { try scene.addRules(node, node == 0 ? 1 : 0) }
        }
        var heard: Set<[Int]> = []
        for source in 0..<3 {
            for destination in 0..<3 where destination != source {
                let packet = NetworkScene.packet(from: source, to: destination)
                let journey = scene.carry(packet, from: .pod(source)).journey
                #expect(journey.wire == .encrypted)
                if journey.end == .pod(destination) { heard.insert([source, destination]) }
            }
        }
        #expect(heard == Set(expected))
        // The second peer's packets meet the first one's key.
        for node in 0..<3 {
            let counters = scene.network.nodes[node].xfrm.counters
            #expect(counters[.inStateProtocolError] == (preset == .upstream ? 1 : 0))
            #expect(counters[.inTemplateMismatch] == (preset == .upstream && !firstPeerIsUpdatedLast ? 1 : 0))
        }
    }

    @Test func withoutMarksFromTheUplinkNoStateIsFoundByPeer() throws {
        var scene = try NetworkScene(.hardened)
        for node in 0..<2 {
            for address in scene.infos[1 - node].addresses {
                try scene.network.nodes[node].setPeerMark(.none, of: address)
            }
        }
        #expect(scene.carry(NetworkScene.packet()).journey.end == .dropped(.xfrm(.inNoStates), node: 1))
    }

    /// H9.
    @Test(arguments: [(Preset.upstream, JourneyEnd.pod(1)), (.hardened, .dropped(.clearFromPeer, node: 1))])
    func aPacketInClearFromAPeersPod(_ preset: Preset, _ end: JourneyEnd) throws {
        var scene = try NetworkScene(preset)
        let (journey, trace) = scene.carry(NetworkScene.packet(), from: .wire)
        #expect(journey.end == end && journey.wire == .clear)
        #expect(trace.steps.contains(.option(.clearPackets)) == (preset == .hardened))
        #expect(scene.network.nodes[1].xfrm.counters.raised.isEmpty)
    }

    /// H9: what pods send each other as ESP is no tunnel's.
    @Test(arguments: [(Preset.upstream, JourneyEnd.pod(1)), (.hardened, .dropped(.clearFromPeer, node: 1))])
    func espThatAPeersPodMakesItselfIsInClear(_ preset: Preset, _ end: JourneyEnd) throws {
        for family in AddressFamily.allCases {
            var scene = try NetworkScene(preset)
            let packet = NetworkScene.packet(family) { $0.protocolNumber = IPProtocol.esp.rawValue }
            let (journey, trace) = scene.carry(packet, from: .wire)
            #expect(journey.end == end && journey.wire == .clear)
            #expect(trace.steps.contains(.option(.clearPackets)) == (preset == .hardened))
            // From elsewhere it is nobody's business.
            var foreign = RawPacket(source: NetworkScene.nodeAddress(family, 9), destination: .v4(0))
            foreign.destination = NetworkScene.podAddress(family, 1)
            foreign.protocolNumber = IPProtocol.esp.rawValue
            #expect(scene.carry(foreign.bytes, from: .wire).journey.end == .pod(1))
        }
    }

    @Test func strangersMaySendInClear() throws {
        var scene = try NetworkScene(.hardened)
        var packet = RawPacket(source: .v4(0x0808_0808), destination: NetworkScene.podAddress(.v4, 1))
        #expect(scene.carry(packet.bytes, from: .wire).journey.end == .pod(1))
        packet.source = NetworkScene.nodeAddress(.v4, 1)
        #expect(scene.carry(packet.bytes, from: .wire).journey.end == .pod(1))
    }

    /// H17: the error says what the packet said.
    @Test(arguments: Preset.allCases, AddressFamily.allCases)
    func anErrorAboutADecryptedPacketLeavesAsThePresetSays(_ preset: Preset, _ family: AddressFamily) throws {
        var scene = try NetworkScene(preset)
        let (journey, trace) = scene.carry(NetworkScene.packet(family) { $0.timeToLive = 2 })
        #expect(journey.end == .dropped(.timeToLive, node: 1))
        #expect(journey.error == .timeExceeded && journey.errorEnd?.end == .pod(0))
        #expect(journey.errorEnd?.wire == (preset == .upstream ? .clear : .encrypted))
        #expect(journey.errorEnd?.isLeak == (preset == .upstream))
        #expect(trace.packets(at: .arrival).count == 1)
        // Of what the capture holds too little of as well.
        let packet = NetworkScene.packet(family) { ($0.timeToLive, $0.byteCount) = (2, 400) }
        let cut = scene.carry(Array(packet[..<64]), byteCount: packet.count).journey
        #expect(cut.errorEnd?.isLeak == (preset == .upstream))
    }

    /// The first node's error stays there; about a packet that came in clear there is nothing left to hide.
    @Test(arguments: Preset.allCases)
    func anErrorAboutAPacketThatWasNotDecryptedIsNoLeak(_ preset: Preset) throws {
        var scene = try NetworkScene(preset)
        let near = scene.carry(NetworkScene.packet { $0.timeToLive = 1 }).journey
        #expect(near.errorEnd?.wire == WireForm.none && near.errorEnd?.isLeak == false)
        for node in 0..<2 { scene.network.nodes[node].nodeInfo = LongestPrefixMap(capacity: 1) }
        let far = scene.carry(NetworkScene.packet { $0.timeToLive = 2 }).journey
        #expect(far.errorEnd?.wire == (preset == .upstream ? .clear : .encrypted) && far.errorEnd?.isLeak == false)
    }

    /// To whom no node has, it leaves the mesh.
    @Test func anErrorThatLeavesTheMeshInClearIsALeakToo() throws {
        var scene = try NetworkScene(.upstream)
        let packet = NetworkScene.packet { ($0.timeToLive, $0.source) = (2, .v4(0x0808_0808)) }
        let journey = scene.carry(packet).journey
        #expect(journey.wire == .encrypted && journey.errorEnd?.end == .outside)
        #expect(journey.errorEnd?.isLeak == true)
    }

    /// It receives under the key that it has, and the sender is ahead.
    @Test func anErrorThatCannotBeEncryptedIsNotSent() throws {
        var scene = try NetworkScene(.hardened, spis: [2, 1])
        let (journey, trace) = scene.carry(NetworkScene.packet { $0.timeToLive = 2 })
        #expect(journey.errorEnd?.end == .dropped(.xfrm(.outPolicyBlock), node: 1))
        #expect(journey.errorEnd?.wire == WireForm.none && trace.packets(at: .wire).count == 1)
    }

    /// Policies for errors are for nothing else.
    @Test(arguments: AddressFamily.allCases)
    func whatHasNoMarkLeavesInClearUnlessItIsAnError(_ family: AddressFamily) throws {
        var scene = try NetworkScene(.hardened)
        scene.network.nodes[0].nodeInfo = LongestPrefixMap(capacity: 1)
        scene.network.nodes[1].nodeInfo = LongestPrefixMap(capacity: 1)
        let isV4 = family == .v4
        for (type, isError)
            in (isV4
            ? [(0, false), (3, true), (8, false), (11, true), (12, true)]
            : [(1, true), (2, true), (3, true), (4, true), (128, false), (135, false)]) as [(UInt8, Bool)]
        {
            let packet = NetworkScene.packet(family) {
                ($0.protocolNumber, $0.payload[0]) = (isV4 ? 1 : 58, type)
            }
            #expect(scene.carry(packet).journey.wire == (isError ? .encrypted : .clear))
            let other = NetworkScene.packet(family) { $0.payload[0] = type }
            #expect(scene.carry(other).journey.wire == .clear)
        }
    }

    /// H20: the peer is in km_nodeinfo, but its key is not known, or the sender's own, or the peer is ahead.
    @Test(
        arguments: [
            (Preset.upstream, JourneyEnd.pod(1), WireForm.clear),
            (.hardened, .dropped(.xfrm(.outPolicyBlock), node: 0), .none),
        ], [[1, 3], [3, 1], [1, 2]])
    func aPeerThatCannotBeSentToEncrypted(_ expected: (Preset, JourneyEnd, WireForm), _ spis: [UInt32]) throws {
        let (preset, end, wire) = expected
        var scene = try NetworkScene(preset, spis: spis)
        let (journey, trace) = scene.carry(NetworkScene.packet())
        #expect(journey.end == end && journey.wire == wire)
        #expect(trace.steps.contains(.podMark(found: true, .encrypt)))
    }

    /// H5: a fragment of ESP over IPv6 names its protocol in the fragment header.
    @Test(arguments: [
        (DataplaneOptions.TCParser.headerChain, JourneyEnd.pod(1)),
        (.fixedPlaces, .dropped(.xfrm(.inNoStates), node: 1)),
    ])
    func fragmentsOfESPOverIPv6AreMarkedByThoseWhoSeeThem(
        _ parser: DataplaneOptions.TCParser, _ end: JourneyEnd
    ) throws {
        var scene = try NetworkScene(.hardened, outer: .v6)
        var options = DataplaneOptions.hardened
        options.tcParser = parser
        scene.network = scene.network.with(options)
        #expect(scene.carry(NetworkScene.packet { $0.byteCount = 1500 }).journey.end == end)
    }

    @Test func whatTCAndNetfilterSeeComesInOrder() throws {
        var scene = try NetworkScene(.upstream)
        let trace = scene.carry(NetworkScene.packet()).trace
        let hooks = trace.steps.compactMap { if case .netfilter(let hook) = $0 { hook } else { nil } }
        #expect(
            hooks == [
                .prerouting, .forward, .postrouting, .output, .postrouting, .prerouting, .input, .prerouting,
                .forward, .postrouting,
            ])
        #expect(
            trace.packets.map { [$0.point.rawValue, $0.mark.description] } == [
                ["pod", "0x0"], ["hostInterface", "0xe0"], ["wire", "0xe0"], ["decrypted", "0xd0"],
                ["arrival", "0xd0"],
            ])
        #expect(trace.steps.contains(.uplinkMark(before: .none, after: .none)))
        #expect(trace.steps.contains(.uplinkMark(before: .decrypted, after: .decrypted)))
        #expect(trace.steps.contains(.encrypted(state: 1, sequence: 1)))
        #expect(trace.steps.contains(.replay(.fresh(1))))
        #expect(trace.steps.last == .end(.pod(1)))
    }
}
