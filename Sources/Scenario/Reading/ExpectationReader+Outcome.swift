import Inputs
import Model

extension ExpectationReader {
    /// Keys that say where connections end up; `share` may stand beside `oneOf`.
    private static let outcomeKeys: [ExpectationKey] = [.destination, .oneOf, .share, .refused, .leftAlone]

    /// Reads the one outcome, nil when none of its keys is there.
    func outcome(_ section: inout Section<ExpectationKey>) throws(InputError) -> Located<Outcome>? {
        var present = section.keys.filter(Self.outcomeKeys.contains)
        if present.contains(.share) { present.removeAll { $0 == .oneOf } }
        if present.count > 1 {
            throw section.place(of: present[1]).error(
                "\"\(present[1].rawValue)\" beside \"\(present[0].rawValue)\"; a connection has one outcome")
        }
        if section.has(.tolerance) && !section.has(.share) {
            throw section.place(of: .tolerance).error("\"tolerance\" needs \"share\"")
        }
        guard let key = present.first, let node = section.node(key) else { return nil }
        let scalar = section.scalar(key)
        let outcome: Outcome
        switch key {
        case .destination: outcome = .destination(try scalar.pattern(node))
        case .oneOf: outcome = .oneOf(try patterns(node, scalar))
        case .share: outcome = .shares(try shares(node, &section))
        case .refused: outcome = try scalar.boolean(node) ? .refused : .notRefused
        case .leftAlone: outcome = try scalar.boolean(node) ? .leftAlone : .redirected
        default: preconditionFailure("\(key) is no outcome")
        }
        return Located(outcome, at: Place(file, node.position))
    }

    private func patterns(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> [TargetPattern] {
        var patterns: [TargetPattern] = []
        for element in try scalar.elements(node) {
            let pattern = try scalar.pattern(element)
            guard !patterns.contains(pattern) else { throw scalar.place(element).error("\(pattern) again") }
            patterns.append(pattern)
        }
        return patterns
    }

    private func shares(
        _ node: DocumentNode, _ section: inout Section<ExpectationKey>
    ) throws(InputError) -> Shares {
        let place = section.place(of: .share)
        if case .connect(let connect) = step, connect.repeatCount < 2 {
            throw place.error("\"share\" needs a connect with \"repeat\"")
        }
        let scalar = section.scalar(.share)
        var result = Shares(shares: [], tolerance: nil, allowed: nil)
        for entry in try scalar.entries(node) {
            let place = Place(file, entry.keyPosition)
            let destination = try scalar.pattern(entry.key, at: place)
            guard !result.shares.contains(where: { $0.destination == destination }) else {
                throw place.error("\(destination) again")
            }
            let fraction = try Scalar(entry.key, file: file).fraction(entry.value)
            result.shares.append(.init(destination: destination, fraction: fraction))
        }
        if let node = section.node(.tolerance) {
            result.tolerance = try section.scalar(.tolerance).fraction(node)
        }
        if let node = section.node(.oneOf) {
            let allowed = try patterns(node, section.scalar(.oneOf))
            if let stray = result.shares.first(where: { !allowed.contains($0.destination) }) {
                throw place.error("\"share\" names \(stray.destination), which \"oneOf\" does not")
            }
            result.allowed = allowed
        }
        let sum = result.shares.reduce(0) { $0 + $1.fraction.millionths }
        let slack = result.shares.count * (result.tolerance?.millionths ?? 10_000)
        guard sum <= 1_000_000 + slack else {
            throw place.error("the shares add up to \(Fraction.text(millionths: sum)), which is more than 1")
        }
        return result
    }
}

extension ExpectationReader {
    /// Refuses an expectation that can never be looked at after this step.
    func checkApplies(_ key: ExpectationKey, at place: Place) throws(InputError) {
        let kinds: [Step.Kind]
        switch key {
        case .destination, .oneOf, .share, .tolerance, .refused, .leftAlone, .via: kinds = [.connect]
        case .authorization: kinds = [.connect, .send, .packet]
        case .reason, .hooks: kinds = [.connect, .send, .dns, .packet, .close]
        case .originalDestination: kinds = [.connect, .dns]
        case .bytes, .tlv: kinds = [.send]
        case .server, .seenFrom: kinds = [.dns]
        case .problems:
            kinds = [.apply, .remove, .patch, .health, .move, .restart, .authz, .check] + Step.Kind.ofEncryption
        case .encryption, .loss, .drop, .leaks, .nodeErrors: kinds = [.flow, .inject]
        case .published, .states:
            guard hasEncryption else { throw place.error("\"\(key.rawValue)\" needs the section \"encryption\"") }
            return
        case .managed, .counters, .reports, .maps, .upstream, .hardened: return
        }
        guard kinds.contains(step.kind) else {
            let names = kinds.map(\.rawValue).joined(separator: ", ")
            throw place.error("\"\(key.rawValue)\" does not apply to \(step.kind.rawValue); it goes with \(names)")
        }
        switch (key, step) {
        case (.via, .connect(let connect)) where connect.transport == .udp:
            throw place.error("\"via\" does not apply to udp; only tcp connections go to waypoints")
        case (.authorization, .connect(let connect)) where connect.transport == .udp:
            throw place.error("\"authorization\" does not apply to udp; only tcp connections are judged")
        case (.server, .dns(let exchange)):
            guard case .unsolicited = exchange.traffic else { return }
            throw place.error("\"server\" does not apply to a datagram that nobody asked for")
        case (.seenFrom, .dns(let exchange)):
            guard case .question(_, isAnswered: false) = exchange.traffic else { return }
            throw place.error("\"seenFrom\" does not apply to a question without reply")
        default: return
        }
    }
}
