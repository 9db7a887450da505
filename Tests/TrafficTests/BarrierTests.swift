import CSocketCalls
import KernelABI
import KernelTestSupport
import Live
import Model
import SocketDriverProtocol
import Testing

/// A barrier ends after every lookup that began before it.
@Suite(.serialized, needsKernel) struct BarrierTests {
    /// Exits of the connect program, as they come.
    private final class Exits: @unchecked Sendable {
        // Sendable: the buffer is read by the thread of the test only.
        var events: [km_event] = []
    }

    /// A service's ports change again and again. A lookup that answers by the old value, which it has read, never ends
    /// after the barrier behind the change. Without the barrier some do, so this can be seen.
    @Test func noLookupThatBeganBeforeEndsAfterTheBarrier() throws {
        let with = try lateAnswers(flipCount: 100, hasBarrier: true)
        let without = try lateAnswers(flipCount: 4000, hasBarrier: false)
        print(
            "old answers after a change: \(with.late) of \(with.answers) with a barrier, "
                + "\(without.late) of \(without.answers) without")
        #expect(with.late == 0 && with.answers >= 100)
        #expect(without.late > 0)
    }

    /// - Parameter flipCount: Changes; without barriers not more than it takes to see an old answer or two.
    /// - Returns: how many lookups ended after a change, or its barrier, and how many of them with the old answer.
    private func lateAnswers(flipCount: Int, hasBarrier: Bool) throws -> (answers: Int, late: Int) {
        var scene = try FireScene(.hardened)
        let exits = Exits()
        let buffer = try RingBuffer("km_event", adopting: try scene.dataplane.openMap("km_event")) { record in
            if let event = record.record(as: km_event.self), event.hook == 0 { exits.events.append(event) }
        }
        try scene.dataplane.openVariables().listen(untilNanoseconds: .max)
        // Long lookups: they step over many endpoints of the other family.
        let (all, _) = FreedElementTests.entries(.servicesOfLongLookups)
        try scene.apply(all)
        scene.fire.ask([.init(destination: FreedElementTests.firstAddress, family: .v4)])
        scene.fire.start()
        var (answers, late) = (0, 0)
        for flip in 0..<flipCount where hasBarrier || late < 2 {
            let (old, new): (UInt16, UInt16) = flip.isMultiple(of: 2) ? (8080, 9090) : (9090, 8080)
            _ = try scene.dataplane.maps.apply([FreedElementTests.replacement(target: new)])
            if hasBarrier { try ReadersBarrier.wait() }
            let time = sc_monotonic_ns()
            exits.events = []
            try waitUntil("lookups after the change") {
                try buffer.consume()
                return exits.events.contains { $0.time_ns > time && $0.after_port == new }
            }
            for event in exits.events where event.time_ns > time {
                answers += 1
                if event.after_port == old { late += 1 }
            }
        }
        _ = try scene.fire.stop()
        return (answers, late)
    }

    /// What a barrier and a connect take, for the record.
    @Test func costs() throws {
        var times: [Duration] = []
        for _ in 0..<50 {
            let start = ContinuousClock.now
            try ReadersBarrier.wait()
            times.append(ContinuousClock.now - start)
        }
        times.sort()
        print("a barrier takes \(times[25]) (median), \(times[0]) to \(times[49])")
        for isManaged in [false, true] {
            var scene = try FireScene(.hardened, isManaged: isManaged)
            try scene.apply(FreedElementTests.entries(.services).all)
            let destination =
                isManaged ? FreedElementTests.firstAddress : try SocketAddress("10.0.0.1:8080").required("")
            let outcome = try scene.fire.measure(destination, count: 4000)
            print(
                "a connect takes \(outcome.p50Nanoseconds) ns (median), at least \(outcome.minimumNanoseconds) ns, "
                    + (isManaged ? "to a service" : "outside of the mesh"))
        }
    }
}
