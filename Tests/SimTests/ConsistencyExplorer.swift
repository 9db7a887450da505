import KernelABI
import Model
import Sim

/// What a client notices of a connect. Reasons are left out: the same outcome for another reason is the same outcome.
struct ClientAnswer: Hashable {
    var verdict: ConnectDecision.Verdict
    var destination: SocketAddress
    var waypoint: SocketAddress?

    var text: String { "\(verdict) \(destination)\(waypoint.map { " via \($0)" } ?? "")" }
}

/// An answer that neither the old nor the new maps can give.
struct Inconsistency: Error, CustomStringConvertible {
    var destination: SocketAddress
    var answer: ClientAnswer
    /// The segment between barriers, from 0.
    var segment: Int
    var steps: [LookupStep]
    var allowed: Set<ClientAnswer>

    var description: String {
        """
        connect to \(destination) in segment \(segment): \(answer.text), but allowed are
          \(allowed.map(\.text).sorted().joined(separator: "\n  "))
        steps:
          \(steps.map { "\($0)" }.joined(separator: "\n  "))
        """
    }
}

/// Asks the real chain while the writes of one change pass.
struct ConsistencyExplorer {
    private var draws = DrawTable()
    /// Connects that were made while writes passed.
    private(set) var lookupCount = 0
    /// Questions for which not every schedule was visited.
    private(set) var cutCount = 0

    /// Applies the writes to `store` and finds an answer that is not allowed.
    mutating func inconsistency(
        of writes: [MapWrite], on store: inout MapStore, options: DataplaneOptions, asking questions: [SocketAddress]
    ) throws -> Inconsistency? {
        let old = store
        let modulus = Self.modulus(of: old, writes)
        let segments = try Self.segments(of: writes, on: &store)
        guard !segments.isEmpty else { return nil }
        for question in questions {
            // Again with more draws while a connect makes more picks than are enumerated.
            var drawCount = 0
            while DrawTable.isExhaustive(modulus: modulus, drawCount: drawCount) {
                let states = draws.states(modulus: modulus, drawCount: drawCount)
                var search = Search(question: question, options: options, states: states)
                let found = search.explore(segments, between: old, and: store)
                lookupCount += search.lookupCount
                if search.mostDraws > drawCount {
                    drawCount = search.mostDraws
                    continue
                }
                if !search.isExhaustive { cutCount += 1 }
                if let found { return found }
                break
            }
            if !DrawTable.isExhaustive(modulus: modulus, drawCount: drawCount) { cutCount += 1 }
        }
        return nil
    }

    /// The same for meshes that are too large for all schedules and draws: so many of each question are drawn.
    mutating func drawnInconsistency(
        of writes: [MapWrite], on store: inout MapStore, options: DataplaneOptions, asking questions: [SocketAddress],
        samples: Int, seed: UInt64
    ) throws -> Inconsistency? {
        let old = store
        let segments = try Self.segments(of: writes, on: &store)
        var random = SplitMix64(seed: seed)
        for question in questions {
            for (index, segment) in segments.enumerated() {
                var timeline = segment
                timeline.drawSchedules(seed: random.next())
                let states = (0..<samples).map { _ in SplitMix64(seed: random.next()) }
                var search = Search(question: question, options: options, states: states)
                let found = search.sample(timeline, index: index, between: old, and: store)
                lookupCount += search.lookupCount
                if let found { return found }
            }
        }
        return nil
    }

    /// One timeline for each run of writes between barriers.
    private static func segments(of writes: [MapWrite], on store: inout MapStore) throws -> [Timeline] {
        try writes.split { if case .barrier = $0 { true } else { false } }.map { try Timeline(&store, $0) }
    }

    /// The least number by which all endpoint counts divide that a lookup can meet.
    private static func modulus(of store: MapStore, _ writes: [MapWrite]) -> Int {
        var values = store.service.sortedEntries.map(\.value)
        for case .put(.service(_, let value)) in writes { values.append(value) }
        var modulus = 1
        for value in values {
            for count in value.endpointCounts.elements where count > 0 {
                modulus = leastCommonMultiple(modulus, Int(count))
            }
        }
        return modulus
    }
}

/// The search for one question.
private struct Search {
    let question: SocketAddress
    let options: DataplaneOptions
    let states: [SplitMix64]
    var allowed: Set<ClientAnswer> = []
    var mostDraws = 0
    var lookupCount = 0
    /// Whether every schedule was visited.
    var isExhaustive = true
    static let scheduleLimit = 2000

    init(question: SocketAddress, options: DataplaneOptions, states: [SplitMix64]) {
        self.question = question
        self.options = options
        self.states = states
    }

    /// Allows what maps at rest can answer.
    private mutating func allow(_ maps: MapStore) {
        var timeline = Timeline(maps)
        var recorder = NoTrace()
        for state in states { allowed.insert(answer(&timeline, state, &recorder)) }
    }

    /// Allows what the maps before and after can answer, and looks for another answer.
    mutating func explore(_ segments: [Timeline], between old: MapStore, and new: MapStore) -> Inconsistency? {
        allow(old)
        allow(new)
        for (index, segment) in segments.enumerated() {
            if let found = explore(segment, index: index) { return found }
        }
        return nil
    }

    private mutating func explore(_ segment: Timeline, index: Int) -> Inconsistency? {
        var timeline = segment
        for state in states {
            var schedules = 0
            repeat {
                schedules += 1
                if schedules > Self.scheduleLimit {
                    isExhaustive = false
                    break
                }
                var recorder = NoTrace()
                let given = answer(&timeline, state, &recorder)
                lookupCount += 1
                guard !allowed.contains(given) else { continue }
                var trace = Trace()
                timeline.rewind()
                _ = answer(&timeline, state, &trace)
                return Inconsistency(
                    destination: question, answer: given, segment: index, steps: trace.steps, allowed: allowed)
            } while timeline.advance()
        }
        return nil
    }

    /// One schedule for each draw. What maps at rest can answer is found out for an answer that seems wrong only.
    mutating func sample(
        _ segment: Timeline, index: Int, between old: MapStore, and new: MapStore
    ) -> Inconsistency? {
        var timeline = segment
        for state in states {
            timeline.rewind()
            var trace = Trace()
            let given = answer(&timeline, state, &trace)
            lookupCount += 1
            if allowed.contains(given) { continue }
            var (before, after) = (Timeline(old), Timeline(new))
            var recorder = NoTrace()
            var next = state
            var tries = 0
            while tries < 20_000, !allowed.contains(given) {
                tries += 1
                allowed.insert(answer(&before, next, &recorder))
                allowed.insert(answer(&after, next, &recorder))
                next = SplitMix64(seed: next.next())
            }
            if allowed.contains(given) { continue }
            return Inconsistency(
                destination: question, answer: given, segment: index, steps: trace.steps, allowed: allowed)
        }
        return nil
    }

    private mutating func answer(
        _ maps: inout Timeline, _ state: SplitMix64, _ recorder: inout some DecisionRecorder
    ) -> ClientAnswer {
        let hook = ConnectHook(options: options)
        let call = SocketCall(cookie: 1, destination: question, isTCP: true, now: 0)
        var storage: SocketStorage?
        var generator = state
        let decision =
            switch question.address.family {
            case .v4:
                hook.connect4(call, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
            case .v6:
                hook.connect6(call, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
            }
        mostDraws = max(mostDraws, DrawTable.count(from: state, to: generator))
        return ClientAnswer(verdict: decision.verdict, destination: decision.destination, waypoint: decision.waypoint)
    }
}

extension InlineArray {
    /// The elements as an array.
    var elements: [Element] { indices.map { self[$0] } }
}
