import GuestLayout
import Model
import TestSupport
import Testing

/// Agents on three nodes.
@Suite(.enabled(if: Guest.isWanted, "\(Guest.absence ?? "")"))
struct AgentSceneTests {
    private let pods = GuestNode.all.map { $0.pod("a") }

    /// H9, H10, H18: all are heard, in both families through a tunnel of one.
    @Test func whatAgentsEncryptIsThatOfTheSimulatorByteForByte() throws {
        let scene = try RecordedGuestScene("traffic-v4")
        try scene.expectNoLoss(atLeast: 72)
        try scene.expectTraffic(between: pods)
        try scene.expectNoClearPacket()
        try scene.compare(keys: [1], pods: pods)
        for node in GuestNode.all { #expect(try scene.counters(of: node) == [:]) }
    }

    /// The same of all pods of each node.
    @Test func withIPv6BetweenTheNodesItIsTooByteForByte() throws {
        let scene = try RecordedGuestScene("traffic-v6")
        let pods = ["a", "b"].flatMap { letter in GuestNode.all.map { $0.pod(letter) } }
        try scene.expectNoLoss(atLeast: 96)
        try scene.expectTraffic(between: pods)
        try scene.expectNoClearPacket()
        #expect(try scene.packets("wire").allSatisfy { $0.family == .v6 })
        try scene.compare(keys: [5], pods: pods)
        for node in GuestNode.all { #expect(try scene.counters(of: node) == [:]) }
    }

    @Test func aRotationUnderTrafficLosesNothingAndSendsNothingInClear() throws {
        let scene = try RecordedGuestScene("rotation")
        try scene.expectNoLoss(atLeast: 300)
        try scene.expectNoClearPacket()
        let spis = Set(try scene.packets("wire").compactMap(\.spi?.rawValue))
        #expect(spis == [1, 2])
        try scene.compare(keys: [1, 2], pods: pods)
        for node in GuestNode.all { #expect(try scene.counters(of: node) == [:]) }
    }

    @Test func anAgentThatIsKilledAndStartedAgainLosesNothing() throws {
        let scene = try RecordedGuestScene("crash")
        try scene.expectNoLoss(atLeast: 300)
        try scene.expectNoClearPacket()
        for node in GuestNode.all { #expect(try scene.counters(of: node) == [:]) }
    }

    // MARK: What must not be accepted

    @Test func whatSomebodyInjectsIsCountedAndReachesNoPod() throws {
        let scene = try RecordedGuestScene("injection")
        #expect(try scene.fact("before", Bool.self))
        let expected = [
            "replayed": ["XfrmInStateSeqError": 1], "forged": ["XfrmInStateProtoError": 1],
            "unknown": ["XfrmInNoStates": 1], "clear": [:],
        ]
        for (name, counters) in expected {
            #expect(try scene.fact(name, [String: Int].self) == counters, "\(name)")
            #expect(try scene.fact("\(name)-after", Bool.self), "\(name)")
        }
        #expect(try scene.fact("received", [String].self) == [])
    }

    /// H17
    @Test func whatANodeSaysOfADecryptedPacketDoesNotLeaveInClear() throws {
        let scene = try RecordedGuestScene("errors")
        try scene.expectNoClearPacket()
        for family in AddressFamily.both {
            #expect(try scene.fact("after-\(family)", Bool.self))
            let type: UInt8 = family == .v4 ? 11 : 3
            let told = try scene.packets("pod2a").filter {
                $0.family == family && $0.destination == pods[1].address(family)
                    && ($0.protocolNumber == 1 || $0.protocolNumber == 58) && $0.bytes[$0.headerByteCount] == type
            }
            #expect(told.count == 1, "\(family)")
        }
    }

    /// H19
    @Test func aNodeWithAnotherKeyIsRefusedUntilAllHaveANewVersion() throws {
        let scene = try RecordedGuestScene("wrong-key")
        let counted = try scene.fact("counted", [String: Int].self)
        #expect(counted["XfrmInStateProtoError", default: 0] > 0, "\(counted)")
        try scene.expectNoClearPacket()
    }

    // MARK: What goes, and what stays

    @Test func whoLeavesTakesOnlyItsRulesAlong() throws {
        let scene = try RecordedGuestScene("removal")
        try scene.expectNoLoss(atLeast: 60)
        let own = Array(pods.prefix(2))
        let clear = try scene.packets("wire").filter { packet in
            !packet.isESP && own.contains { $0.address(packet.family) == packet.destination }
        }
        #expect(clear.isEmpty)
    }

    @Test func whatOthersHaveSetUpIsLeftAlone() throws {
        let scene = try RecordedGuestScene("foreign")
        let rules: String = try scene.fact("rules")
        #expect(rules.contains("spi 0x00000999"), "\(rules)")
        #expect(rules.contains("src 198.51.100.0/24 dst 203.0.113.0/24"), "\(rules)")
        for device in [GuestNode.uplink, "veth-a"] {
            let filters: String = try scene.fact("filters-\(device)")
            #expect(filters.contains("matchall") && !filters.contains("km_tc"), "\(filters)")
        }
        let pins: String = try scene.fact("pins")
        #expect(!pins.contains("tcx_") && !pins.contains("clsact_"), "\(pins)")
        let node = GuestNode(1)
        #expect(!rules.contains("\(node.address(.v4))"), "what was detached is gone: \(rules)")
    }

    @Test func aPeerWithUpstreamsPresetIsTalkedWith() throws {
        let scene = try RecordedGuestScene("upstream")
        try scene.expectNoLoss(atLeast: 20)
        #expect(try scene.packets("wire").contains(where: \.isESP))
    }
}
