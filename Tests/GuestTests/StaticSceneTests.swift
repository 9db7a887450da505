import GuestLayout
import Model
import Testing

/// Upstream's rules, set by `ip xfrm`.
@Suite(.enabled(if: Guest.isWanted, "\(Guest.absence ?? "")"))
struct StaticSceneTests {
    @Test(arguments: AddressFamily.both)
    func betweenTwoNodesTheWireIsThatOfTheSimulatorByteForByte(_ family: AddressFamily) throws {
        let scene = try RecordedGuestScene("pair-\(family)")
        #expect(try scene.fact("answers", [Bool].self).allSatisfy { $0 })
        #expect(try scene.fact("stream", Bool.self))
        let wire = try scene.packets("wire")
        #expect(wire.count > 20 && wire.allSatisfy(\.isESP))
        var simulated = try SimulatedGuest(
            scene, options: .upstream, pods: GuestNode.all.prefix(2).map { $0.pod("a") })
        try simulated.applyCommands()
        try simulated.run()
        try simulated.compare()
        try simulated.compareCounters()
    }

    /// H18: of the second peer's receiving states each is refused, and the last peer's templates are left, which the
    /// first one's packets do not fit.
    @Test func onThreeNodesWithOneSPINobodyIsHeardByUpstreamsRules() throws {
        let scene = try RecordedGuestScene("triple")
        #expect(try scene.fact("heard", [String].self) == [])
        var simulated = try SimulatedGuest(scene, options: .upstream, pods: GuestNode.all.map { $0.pod("a") })
        try simulated.applyCommands()
        #expect(try scene.fact("refused", [Int].self) == simulated.refused)
        try simulated.run()
        try simulated.compare()
        try simulated.compareCounters()
    }
}
