import Foundation
import KernelTestSupport
import Model
import Testing

extension DifferentialTests {
    /// Random policies and packets through the reference, the compiled form, the simulator's hook and the kernel's
    /// program. PACKETS=… runs more of them.
    @Test func theTwinsAgreeOnPackets() throws {
        let seed = Self.setting("SEED") ?? 1
        let packetCount = Int(Self.setting("PACKETS") ?? 100_000)
        let packetsEach = 50
        var seen: [Reason: UInt64] = [:]
        var judged = 0
        var kernel = try KernelIngress()
        for number in 0..<packetCount / packetsEach {
            // The programs start anew now and then, lest what is remembered of packets grows old in one twin only.
            if number % 200 == 199 { kernel = try KernelIngress() }
            let test = PacketGenerator.drawn(seed &* 1_000_003 &+ UInt64(number), packetCount: packetsEach)
            let result = try PacketComparison(test, in: kernel)
            judged += result.judgedByReference
            seen.merge(result.simulated.counts, uniquingKeysWith: +)
            guard let difference = result.difference else { continue }
            let shrunk = try PacketShrinker.shrunk(test)
            Issue.record(
                """
                case \(number) of seed \(seed): \(difference)
                made small: \(shrunk.difference ?? "does not show again from nothing")
                policies: \(shrunk.test.mesh.sortedPolicies)
                workloads: \(shrunk.test.mesh.sortedWorkloads.map { "\($0.uid) \($0.addresses)" })
                \(shrunk.test.actions.map { "\($0)" }.joined(separator: "\n"))
                """)
            return
        }
        print("the twins agree on \(packetCount) packets, \(judged) of them put to the reference, seed \(seed)")
        let missing = PacketComparison.reachable.filter { seen[$0] == nil }
        #expect(missing.isEmpty, "no packet with seed \(seed) met \(missing)")
    }
}
