import GuestLayout
import Model
import TestSupport
import Testing

/// What cannot be encrypted, or is not marked for it, stays in.
@Suite(.enabled(if: Guest.isWanted, "\(Guest.absence ?? "")"))
struct KeptInTests {
    private let pods = GuestNode.all.map { $0.pod("a") }

    /// H20: pings of five rounds, in both families, from each node to each other.
    @Test func toANodeWhoseKeyNobodyHasHadNothingLeavesUntilItsKeyFileComes() throws {
        let scene = try RecordedGuestScene("unknown-key")
        #expect(try scene.fact("sent", Int.self) == 60)
        let lost: [String] = try scene.fact("lost")
        #expect(lost.count == 40 && lost.allSatisfy { $0.contains("pod3a") }, "\(lost)")
        try scene.expectNoClearPacket()
        for (node, blocked) in zip(GuestNode.all, [10, 10, 20]) {
            #expect(try scene.fact("counted-\(node.name)", [String: Int].self) == ["XfrmOutPolBlock": blocked])
            let status: String = try scene.fact("status-\(node.name)")
            #expect(try scene.fact("status-\(node.name)-code", Int.self) == 1)
            let peer = node.number == 3 ? "node1" : "node3"
            #expect(status.contains("problem: node \(peer)") && status.contains("blocked"), "\(status)")
            let healed: String = try scene.fact("healed-\(node.name)")
            #expect(try scene.fact("healed-\(node.name)-code", Int.self) == 0, "\(healed)")
            #expect(!healed.contains("problem"), "\(healed)")
        }
    }

    /// Its requests, and its answers to those that arrive encrypted.
    @Test func whatAReleasedPodSendsIsBlockedUntilItIsManagedAgain() throws {
        let scene = try RecordedGuestScene("unmarked")
        #expect(try scene.fact("sent", Int.self) == 20)
        #expect(try scene.fact("lost", [String].self).count == 20)
        #expect(try scene.fact("counted", [String: Int].self) == ["XfrmOutPolBlock": 20])
        try scene.expectNoClearPacket()
        let released = GuestNode(1).pod("b")
        let arrived = try scene.packets(released.name).filter { $0.source == pods[1].address($0.family) }
        #expect(arrived.count >= 10)
    }

    @Test func aStateThatSomebodyDeletesComesBackAndNothingIsInClearMeanwhile() throws {
        let scene = try RecordedGuestScene("missing-state")
        #expect(try scene.fact("before", [String].self) == [])
        #expect(try scene.fact("counted", [String: Int].self)["XfrmOutNoStates", default: 0] > 0)
        #expect(try scene.fact("milliseconds", Int.self) < 40_000)
        try scene.expectNoClearPacket()
        // Its packets are not taken for ones of before.
        try scene.expectNoLoss(atLeast: 40)
        #expect(try scene.counters(of: GuestNode(2)) == [:])
    }
}
