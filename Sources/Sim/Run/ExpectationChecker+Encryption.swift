import Inputs
import Model
import Scenario

extension ExpectationChecker {
    /// The expectations about packets on the network.
    func check(flow: PacketOutcomes) throws(InputError) -> [CheckResult] {
        var checks: [CheckResult] = []
        if let encryption = expectation.encryption { checks += try check(encryption, flow) }
        if let loss = expectation.loss {
            checks.append(check("loss", loss, flow.count { $0.stop != nil }))
        }
        if let leaks = expectation.leaks {
            checks.append(check("leaks", leaks, flow.groups.reduce(0) { $0 + $1.count * $1.outcome.leakCount }))
        }
        if let drop = expectation.drop {
            let stopped = flow.groups.filter { $0.outcome.stop != nil }
            let relevant = drop.value == .none || stopped.isEmpty ? flow.groups : stopped
            checks.append(
                check("drop", drop.value.rawValue, relevant, drop.place) { $0.stop?.name ?? ExpectedDrop.none.rawValue }
            )
        }
        if let error = expectation.nodeErrors {
            let made = flow.groups.filter { $0.outcome.error != .none }
            let relevant = error.value == .none || made.isEmpty ? flow.groups : made
            checks.append(check("nodeErrors", error.value.rawValue, relevant, error.place) { $0.error.rawValue })
        }
        return checks
    }

    private typealias Groups = [(outcome: PacketOutcome, count: Int)]

    /// Of all packets the same is expected.
    private func check(
        _ key: String, _ wanted: String, _ groups: Groups, _ place: Place, _ text: (PacketOutcome) -> String
    ) -> CheckResult {
        var counts: [String: Int] = [:]
        for group in groups { counts[text(group.outcome), default: 0] += group.count }
        let got = counts.sorted { $0.key < $1.key }.map { counts.count > 1 ? "\($0.key) × \($0.value)" : $0.key }
        return CheckResult(
            key: key, expected: wanted, got: list(got), isMet: counts.keys.allSatisfy { $0 == wanted }, place: place)
    }

    private func check(_ key: String, _ counts: Located<CountRange>, _ got: Int) -> CheckResult {
        CheckResult(
            key: key, expected: "\(counts.value)", got: "\(got)", isMet: counts.value.contains(UInt64(got)),
            place: counts.place)
    }

    private func check(
        _ expected: Located<ExpectedEncryption>, _ flow: PacketOutcomes
    ) throws(InputError) -> [CheckResult] {
        var checks: [CheckResult] = []
        if let wire = expected.value.wire {
            checks.append(
                check("encryption", wire.rawValue, flow.groups, expected.place) { ExpectedEncryption.Wire($0).rawValue }
            )
        }
        // Answers have the other end's.
        let requests = flow.groups.filter { !$0.outcome.isReply }
        if let spi = expected.value.spi {
            checks.append(
                check("encryption.spi", "\(spi.rawValue)", requests, expected.place) {
                    $0.spi.map { "\($0.rawValue)" } ?? "none"
                })
        }
        if let peer = expected.value.peer {
            try requireNode(peer)
            checks.append(check("encryption.peer", peer.value, requests, peer.place) { $0.peer ?? "none" })
        }
        return checks
    }

    // MARK: Nodes

    /// The expectations about agents and what they made.
    func checkAgents() throws(InputError) -> [CheckResult] {
        var checks: [CheckResult] = []
        for published in expectation.published ?? [] {
            try requireNode(published.node)
            let got = encryption?.published(published.node.value)?.spi
            let text = published.spi.map { "SPI \($0.rawValue)" } ?? "nothing"
            checks.append(
                CheckResult(
                    key: "published", expected: "\(published.node.value) \(text)",
                    got: got.map { "SPI \($0.rawValue)" } ?? "nothing", isMet: got == published.spi,
                    place: published.node.place))
        }
        for states in expectation.states ?? [] {
            let node = try requireNode(states.name)
            let count = network.nodes[node].xfrm.states.count
            checks.append(
                CheckResult(
                    key: "states", expected: "\(states.name.value) \(states.counts)", got: "\(count)",
                    isMet: states.counts.contains(UInt64(count)), place: states.name.place))
        }
        return checks
    }

    @discardableResult
    private func requireNode(_ name: Located<String>) throws(InputError) -> Int {
        if let index = network.nodes.firstIndex(where: { $0.name == name.value }) { return index }
        let hint = nearestName(to: name.value, in: network.nodes.map(\.name)).map { "; did you mean \($0)?" } ?? ""
        throw name.error("there is no node named \"\(name.value)\"\(hint)")
    }

    /// A node's counter of /proc/net/xfrm_stat, by `node.XfrmInNoStates`; nil for what is no such name.
    func networkCounter(_ name: String) -> UInt64? {
        guard let dot = name.lastIndex(of: "."), let counter = XFRMCounter(rawValue: String(name[dot...].dropFirst())),
            let node = network.nodes.first(where: { $0.name == name[..<dot] })
        else { return nil }
        return node.xfrm.counters[counter]
    }
}

extension Network {
    /// Counters of /proc/net/xfrm_stat that are not 0, by `node.XfrmInNoStates`, node by node.
    var raisedCounters: [(name: String, count: UInt64)] {
        nodes.flatMap { node in node.xfrm.counters.raised.map { ("\(node.name).\($0.counter.rawValue)", $0.count) } }
    }
}

extension ExpectedEncryption.Wire {
    fileprivate init(_ outcome: PacketOutcome) {
        switch outcome.wire {
        case .none: self = .none
        case .clear: self = .clear
        case .encrypted: self = .encrypted
        }
    }
}
