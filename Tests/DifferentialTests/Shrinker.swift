import Model

/// Makes a case on which the twins disagree small: a part is left out for good when they still disagree about the same
/// thing without it.
struct Shrinker {
    /// The smallest case found so far, and what came of it.
    private(set) var test: DifferentialCase
    private(set) var result: Comparison
    /// What the simulated twin takes for the case's options.
    private let simulated: DataplaneOptions?
    /// How often both twins ran.
    private(set) var runCount = 0

    /// - Parameter result: What the case gave: with a disagreement.
    init(_ test: DifferentialCase, _ result: Comparison, simulating simulated: DataplaneOptions?) {
        self.test = test
        self.result = result
        self.simulated = simulated
    }

    /// Leaves out what can be left out.
    mutating func shrink(with twin: inout KernelTwin) throws {
        let end = min((result.disagreement?.step ?? 0) + 1, test.steps.count)
        try tryOut(test.keepingSteps { $0 < end }, &twin)
        // What was needed for something that is gone may go as well.
        var size = -1
        while size != test.steps.count + test.entries.count {
            size = test.steps.count + test.entries.count
            try removeChunks(\.steps.count, &twin) { test, range in test.keepingSteps { !range.contains($0) } }
            try removeChunks(\.entries.count, &twin) { test, range in
                var smaller = test
                smaller.entries.removeSubrange(range)
                return smaller
            }
        }
        try simplifySteps(&twin)
        for index in test.managed.indices where test.managed[index] {
            var simpler = test
            simpler.managed[index] = false
            try tryOut(simpler, &twin)
        }
    }

    /// Halves, quarters and so on, from the end: what comes late is needed less.
    private mutating func removeChunks(
        _ count: (DifferentialCase) -> Int, _ twin: inout KernelTwin,
        _ removing: (DifferentialCase, Range<Int>) -> DifferentialCase
    ) throws {
        var size = count(test) / 2
        while size > 0 {
            var end = count(test)
            while end > 0 {
                let start = max(0, end - size)
                try tryOut(removing(test, start..<end), &twin)
                end = min(start, count(test))
            }
            size /= 2
        }
    }

    private mutating func simplifySteps(_ twin: inout KernelTwin) throws {
        for index in test.steps.indices {
            for simpler in test.steps[index].simplerForms {
                var changed = test
                changed.steps[index] = simpler
                try tryOut(changed, &twin)
            }
        }
    }

    private mutating func tryOut(_ smaller: DifferentialCase, _ twin: inout KernelTwin) throws {
        runCount += 1
        let found = try twin.compare(smaller, simulating: simulated)
        guard let kind = found.disagreement?.kind, kind == result.disagreement?.kind else { return }
        (test, result) = (smaller, found)
    }
}

extension Disagreement {
    /// What the twins disagree about, such as "peer".
    var kind: String { String(lines.first?.prefix { $0 != ":" } ?? "") }
}

extension DifferentialStep {
    /// The socket that the step makes use of.
    var socket: Int? {
        switch self {
        case .connect(let connect): connect.reusing
        case .send(let send): send.socket
        case .close(let socket, _), .report(let socket), .cacheVerdict(let socket), .ask(let socket, _, _): socket
        case .openDatagram, .put, .delete: nil
        }
    }

    /// Whether the step makes a socket.
    var isOpening: Bool {
        switch self {
        case .connect(let connect): connect.reusing == nil
        case .openDatagram: true
        default: false
        }
    }

    /// The same with another socket.
    fileprivate func using(_ number: Int) -> DifferentialStep {
        switch self {
        case .connect(var connect):
            connect.reusing = number
            return .connect(connect)
        case .send(var send):
            send.socket = number
            return .send(send)
        case .close(_, let ending): return .close(socket: number, ending)
        case .report: return .report(socket: number)
        case .cacheVerdict: return .cacheVerdict(socket: number)
        case .ask(_, let server, let answerFrom): return .ask(socket: number, server: server, answerFrom: answerFrom)
        case .openDatagram, .put, .delete: return self
        }
    }

    /// What could be said with less.
    var simplerForms: [DifferentialStep] {
        switch self {
        case .send(let send) where send.byteCount > 1 || send.isFromServer:
            return [
                .send(.init(socket: send.socket, byteCount: 1)), .send(.init(socket: send.socket, byteCount: 20_000)),
            ]
        case .close(let socket, let ending) where ending != .reset: return [.close(socket: socket, .reset)]
        case .ask(let socket, let server, .some): return [.ask(socket: socket, server: server, answerFrom: nil)]
        case .connect(var connect) where connect.reusing == nil && connect.destination.address.isMapped:
            connect.destination.address = connect.destination.address.unmapped
            return [.connect(connect)]
        default: return []
        }
    }
}

extension DifferentialCase {
    /// The case with some of its steps, without those that use a socket which is not made any more.
    func keepingSteps(_ isKept: (Int) -> Bool) -> DifferentialCase {
        var result = self
        result.steps = []
        /// New numbers of the sockets, nil for those that are gone.
        var numbers: [Int?] = []
        var count = 0
        for (index, step) in steps.enumerated() {
            if step.isOpening {
                numbers.append(isKept(index) ? count : nil)
                count += isKept(index) ? 1 : 0
            }
            guard isKept(index) else { continue }
            if let socket = step.socket {
                guard let number = numbers[socket] else { continue }
                result.steps.append(step.using(number))
            } else {
                result.steps.append(step)
            }
        }
        return result
    }
}
