import Glibc
import Model
import Sim

/// Says by the simulator's lookups what a connect may end as while maps change.
struct AnswerOracle {
    /// A state of the maps, and while a lookup can meet it: from before the first write that led there until after the
    /// last write that led away.
    struct Epoch {
        var maps: MapStore
        var start: UInt64
        var end: UInt64
    }

    /// What a client notices.
    struct Answer: Hashable {
        var errno: Int32
        var remoteEnd: SocketAddress?
    }

    private struct Key: Hashable {
        var epoch: Int
        var question: ConnectFire.Question
    }

    private let hook: ConnectHook
    private let epochs: [Epoch]
    /// What was found out so far.
    private var known: [Key: Set<Answer>] = [:]
    private var drawCounts: [Key: Int] = [:]
    private var served: [Key: Bool] = [:]
    private var random = SplitMix64(seed: 1)
    private static let cookie: UInt64 = 1
    /// Draws after which an answer is taken as impossible.
    private static let drawLimit = 400

    init(_ epochs: [Epoch], _ options: DataplaneOptions) throws {
        hook = ConnectHook(options: options)
        self.epochs = try epochs.map { epoch in
            var epoch = epoch
            try epoch.maps.manage.update(ManageKey(cookie: Self.cookie), to: ManageValue(state: 0))
            return epoch
        }
    }

    /// The states that a connect can have met.
    func epochs(of shot: ConnectFire.Shot) -> Range<Int> {
        // Both ends of the epochs ascend.
        let first = epochs.partitionIndex { $0.end >= shot.start }
        let end = epochs.partitionIndex { $0.start > shot.end }
        return first..<max(first, end)
    }

    /// Whether some state that the connect can have met gives its answer.
    mutating func allows(_ shot: ConnectFire.Shot) -> Bool {
        let answer = Answer(errno: shot.errno, remoteEnd: shot.remoteEnd?.unmapped)
        let keys = epochs(of: shot).map { Key(epoch: $0, question: shot.question) }
        if keys.contains(where: { known[$0]?.contains(answer) ?? false }) { return true }
        return keys.contains { key in
            // All answers but the least likely are found at once; the rest only where somebody asks for them.
            while drawCounts[key, default: 0] < Self.drawLimit {
                drawCounts[key, default: 0] += 1
                let drawn = draw(key.question, in: key.epoch)
                if known[key, default: []].insert(drawn).inserted, drawn == answer { return true }
            }
            return false
        }
    }

    /// Whether all states that the connect can have met have an endpoint for it.
    mutating func isServed(_ shot: ConnectFire.Shot) -> Bool {
        epochs(of: shot).allSatisfy { epoch in
            let key = Key(epoch: epoch, question: shot.question)
            if let known = served[key] { return known }
            // A service without a usable endpoint, or nothing of the mesh, shows with the first draws.
            let isServed = (0..<4).allSatisfy { _ in
                let drawn = draw(shot.question, in: epoch)
                return drawn.errno == 0 && drawn.remoteEnd != shot.question.destination
            }
            served[key] = isServed
            return isServed
        }
    }

    /// What the maps can answer, for messages.
    func text(_ shot: ConnectFire.Shot) -> String {
        epochs(of: shot).map { epoch in
            let answers = known[Key(epoch: epoch, question: shot.question)] ?? []
            return "state \(epoch): "
                + answers.map { $0.remoteEnd?.description ?? "error \($0.errno)" }.sorted().joined(separator: ", ")
        }.joined(separator: "; ")
    }

    private mutating func draw(_ question: ConnectFire.Question, in epoch: Int) -> Answer {
        var maps = epochs[epoch].maps
        var destination = question.destination
        if question.family == .v6 { destination.address = destination.address.mapped }
        let call = SocketCall(cookie: Self.cookie, destination: destination, isTCP: true, now: 0)
        var storage: SocketStorage?
        var generator = SplitMix64(seed: random.next())
        var recorder = NoTrace()
        let decision =
            question.family == .v4
            ? hook.connect4(call, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
            : hook.connect6(call, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
        if decision.verdict == .refuse { return Answer(errno: ECONNREFUSED, remoteEnd: nil) }
        return Answer(errno: 0, remoteEnd: decision.destination.unmapped)
    }
}

extension Array {
    /// The first index whose element satisfies the condition, which then all later ones do.
    fileprivate func partitionIndex(_ isSecond: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
