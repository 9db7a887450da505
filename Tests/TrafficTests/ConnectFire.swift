import Dispatch
import KernelTestSupport
import Model
import SocketDriverProtocol
import Synchronization

/// Connects without a pause, on a thread and in a process of their own, until `stop`.
final class ConnectFire: @unchecked Sendable {
    // Sendable: between `start` and the end of the thread only the thread touches `driver`, `outcomes` and `failure`.

    /// A connect as it ended.
    struct Shot {
        var question: Question
        var start: UInt64
        var end: UInt64
        var errno: Int32
        var remoteEnd: SocketAddress?
    }

    /// What a client asks for.
    struct Question: Hashable {
        var destination: SocketAddress
        /// The socket's family; an IPv6 socket maps IPv4 addresses.
        var family: AddressFamily
    }

    private var driver: SocketDriver
    private var outcomes: [(request: HammerRequest, outcome: HammerOutcome)] = []
    private var failure: (any Error)?
    private let questions = Mutex<[Question]>([])
    private let isStopped = Atomic(false)
    private let shotCount = Atomic(0)
    private let thread = DispatchGroup()
    private let namespace: NamespaceNumber
    /// Connects of one request: not more than some milliseconds of them, so that new questions are asked soon.
    private let requestCount: Int

    /// - Parameter driver: Makes the connects, in a namespace in which every address answers.
    init(_ driver: consuming SocketDriver, in namespace: NamespaceNumber, requestCount: Int = 100) {
        self.driver = driver
        self.namespace = namespace
        self.requestCount = requestCount
    }

    /// How many connects have ended.
    var count: Int { shotCount.load(ordering: .relaxed) }

    /// What is asked from the next request on.
    func ask(_ new: [Question]) { questions.withLock { $0 = new } }

    func start() {
        DispatchQueue(label: "connects").async(group: thread) { [self] in
            do {
                var isNative = true
                while !isStopped.load(ordering: .relaxed) {
                    try shoot(isNative)
                    isNative.toggle()
                }
            } catch {
                failure = error
            }
        }
    }

    /// One request, of sockets of one family; the sockets' families take turns.
    private func shoot(_ isNative: Bool) throws {
        let family: AddressFamily = isNative ? .v4 : .v6
        let asked = questions.withLock { $0 }.filter { $0.family == family }
        guard !asked.isEmpty else { return }
        var request = HammerRequest(to: asked.map(\.destination), count: requestCount)
        request.namespace = namespace
        request.family = family
        request.acceptingNamespace = namespace
        request.isTraced = true
        let outcome = try driver.hammer(request)
        outcomes.append((request, outcome))
        shotCount.add(requestCount, ordering: .relaxed)
    }

    /// Connects so many times and waits. Not after `start`.
    func measure(_ destination: SocketAddress, count: Int) throws -> HammerOutcome {
        var request = HammerRequest(to: [destination], count: count)
        (request.namespace, request.acceptingNamespace) = (namespace, namespace)
        return try driver.hammer(request)
    }

    /// Ends the connects.
    /// - Returns: all of them, in the order of time.
    func stop() throws -> [Shot] {
        isStopped.store(true, ordering: .relaxed)
        thread.wait()
        if let failure { throw failure }
        return outcomes.flatMap { request, outcome in
            outcome.attempts.map { attempt in
                Shot(
                    question: Question(
                        destination: request.destinations[Int(attempt.destination)], family: request.family),
                    start: attempt.start, end: attempt.end, errno: attempt.errno, remoteEnd: attempt.remoteEnd)
            }
        }
    }
}
