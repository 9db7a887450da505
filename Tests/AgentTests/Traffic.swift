import Foundation
import KernelTestSupport
import Model
import SocketDriverProtocol
import Synchronization

/// A process that connects without pause, until it is told to stop. It has a namespace and sockets of its own.
final class Traffic: Sendable {
    /// What the connects came to so far.
    struct Totals: Sendable {
        var connects = 0
        /// Connects that failed, by error.
        var failures: [Int32: Int] = [:]
        /// Where the others ended.
        var ends: [SocketAddress: Int] = [:]
    }

    private struct State {
        var totals = Totals()
        var namespacePath: String?
        var mustStop = false
        var hasEnded = false
        var error: String?
    }

    private let state = Mutex(State())

    /// Begins to listen, and waits for `begin`.
    /// - Parameter cgroup: The directory of the cgroup that the process joins.
    init(inCgroup cgroup: String, to destinations: [SocketAddress], family: AddressFamily = .v4) throws {
        let ready = DispatchSemaphore(value: 0)
        let thread = Thread { [self] in
            do {
                var driver = try SocketDriver(inCgroup: cgroup)
                let namespace = try driver.makeNamespace()
                _ = try driver.listen(on: TestNode.ports, in: namespace.number)
                state.withLock { $0.namespacePath = namespace.path }
                ready.signal()
                begun.wait()
                var request = HammerRequest(to: destinations, count: 50)
                request.namespace = namespace.number
                request.acceptingNamespace = namespace.number
                request.family = family
                while !state.withLock({ $0.mustStop }) { add(try driver.hammer(request)) }
            } catch {
                state.withLock { $0.error = "\(error)" }
                ready.signal()
            }
            state.withLock { $0.hasEnded = true }
            ended.signal()
        }
        thread.start()
        ready.wait()
        if let error = state.withLock({ $0.error }) { throw Missing("traffic: \(error)") }
    }

    private let begun = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// The namespace from which it connects.
    var namespacePath: String { state.withLock { $0.namespacePath ?? "" } }

    /// The totals so far.
    var totals: Totals { state.withLock { $0.totals } }

    func begin() { begun.signal() }

    /// Ends the connects.
    /// - Returns: What they came to.
    func stop() throws -> Totals {
        let hadEnded = state.withLock { state in
            state.mustStop = true
            return state.hasEnded
        }
        begun.signal()
        if !hadEnded { ended.wait() }
        if let error = state.withLock({ $0.error }) { throw Missing("traffic: \(error)") }
        return totals
    }

    private func add(_ outcome: HammerOutcome) {
        state.withLock { state in
            for tally in outcome.errors {
                state.totals.connects += Int(tally.count)
                if tally.value != 0 { state.totals.failures[tally.value, default: 0] += Int(tally.count) }
            }
            for tally in outcome.remoteEnds { state.totals.ends[tally.value, default: 0] += Int(tally.count) }
        }
    }
}
