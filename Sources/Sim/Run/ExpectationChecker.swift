import Inputs
import Model
import Scenario

/// Compares what a step showed with what its author expected.
struct ExpectationChecker {
    let world: World
    let network: Network
    /// nil: no node encrypts.
    let encryption: EncryptionScene?
    let book: NameBook
    /// Those that there are after the step.
    let problems: [String]
    let expectation: StepExpectation
    let place: Place

    /// - Throws: for names that mean nothing.
    func check(_ evidence: Evidence, _ result: StepResult) throws(InputError) -> [CheckResult] {
        var checks: [CheckResult] = []
        if let outcome = expectation.outcome { checks += try check(outcome, evidence) }
        if let via = expectation.via { checks.append(try check(via: via, evidence)) }
        if let authorization = expectation.authorization { checks += try check(authorization, evidence) }
        if let reason = expectation.reason { checks.append(check(reason: reason, evidence)) }
        if let hooks = expectation.hooks { checks.append(check(hooks: hooks, evidence)) }
        if let original = expectation.originalDestination {
            checks.append(
                try check("originalDestination", original, evidence.originalDestination))
        }
        if let bytes = expectation.bytes {
            checks.append(
                CheckResult(
                    key: "bytes", expected: Digits.hexadecimal(bytes.value), got: Digits.hexadecimal(evidence.bytes),
                    isMet: bytes.value == evidence.bytes, place: bytes.place))
        }
        if let tlv = expectation.tlv { checks.append(try check("tlv", tlv, evidence.headerDestination)) }
        if let server = expectation.server { checks.append(try check("server", server, evidence.server)) }
        if let seen = expectation.seenFrom { checks.append(try check("seenFrom", seen, evidence.seenFrom)) }
        if let flow = evidence.flow { checks += try check(flow: flow) }
        checks += try checkState(result)
        return checks
    }

    // MARK: Connections

    private func check(
        _ outcome: Located<Outcome>, _ evidence: Evidence
    ) throws(InputError) -> [CheckResult] {
        func verdict(_ key: String, _ expected: String, _ isMet: Bool) -> CheckResult {
            CheckResult(key: key, expected: expected, got: finals(evidence), isMet: isMet, place: outcome.place)
        }
        let refused = evidence.finals[nil] ?? 0
        let requested = Set(evidence.requested.map(LinuxConnect.destination))
        switch outcome.value {
        case .destination(let pattern):
            let isMet = try matches(evidence, [pattern], outcome.place)
            return [verdict("destination", "\(pattern)", isMet)]
        case .oneOf(let patterns):
            let isMet = try matches(evidence, patterns, outcome.place)
            return [verdict("oneOf", list(patterns.map(\.description)), isMet)]
        case .shares(let shares): return try check(shares, evidence, outcome.place)
        case .refused: return [verdict("refused", "every connection refused", refused == evidence.total)]
        case .notRefused: return [verdict("refused", "no connection refused", refused == 0)]
        case .leftAlone:
            let isMet = evidence.finals.keys.allSatisfy { $0.map(requested.contains) ?? false }
            return [verdict("leftAlone", "where the program asked", isMet)]
        case .redirected:
            let isMet = evidence.finals.keys.allSatisfy { $0.map { !requested.contains($0) } ?? false }
            return [verdict("leftAlone", "not where the program asked", isMet)]
        }
    }

    private func matches(
        _ evidence: Evidence, _ patterns: [TargetPattern], _ place: Place
    ) throws(InputError) -> Bool {
        for pattern in patterns { try requireKnown(pattern.host, place) }
        guard evidence.finals[nil] == nil, evidence.total > 0 else { return false }
        for final in evidence.finals.keys.compactMap(\.self).sorted() {
            var isMatched = false
            for pattern in patterns where try matches(pattern, final, place) { isMatched = true }
            guard isMatched else { return false }
        }
        return true
    }

    private func check(
        _ shares: Shares, _ evidence: Evidence, _ place: Place
    ) throws(InputError) -> [CheckResult] {
        var checks: [CheckResult] = []
        let total = evidence.total
        for share in shares.shares {
            try requireKnown(share.destination.host, place)
            var count = 0
            for (final, number) in evidence.finals {
                if let final, try matches(share.destination, final, place) { count += number }
            }
            let isMet: Bool
            if let tolerance = shares.tolerance {
                let off = abs(count * 1_000_000 - total * share.fraction.millionths)
                isMet = off <= total * tolerance.millionths
            } else {
                isMet = Self.isWithinFourDeviations(count, of: total, share.fraction)
            }
            checks.append(
                CheckResult(
                    key: "share", expected: "\(share.destination) \(share.fraction)", got: "\(count) of \(total)",
                    isMet: isMet, place: place))
        }
        if let allowed = shares.allowed {
            checks.append(
                CheckResult(
                    key: "oneOf", expected: list(allowed.map(\.description)), got: finals(evidence),
                    isMet: try matches(evidence, allowed, place), place: place))
        }
        return checks
    }

    /// |count − n p| ≤ 4 √(n p (1 − p)), in whole numbers so that it is the same everywhere.
    static func isWithinFourDeviations(_ count: Int, of total: Int, _ fraction: Fraction) -> Bool {
        let unit = Int128(1_000_000)
        let (n, p) = (Int128(total), Int128(fraction.millionths))
        let off = Int128(count) * unit - n * p
        return off * off <= 16 * n * p * (unit - p)
    }

    private func check(via: Located<TargetPattern>, _ evidence: Evidence) throws(InputError) -> CheckResult {
        try requireKnown(via.value.host, via.place)
        var isMet = evidence.withoutWaypoint == 0 && evidence.total > 0
        for waypoint in evidence.waypoints.keys where try !matches(via.value, waypoint, via.place) { isMet = false }
        let got = evidence.waypoints.keys.sorted().map { book.text(of: $0) }
        let none = evidence.withoutWaypoint > 0 ? ["\(evidence.withoutWaypoint) without waypoint"] : []
        return CheckResult(key: "via", expected: "\(via.value)", got: list(got + none), isMet: isMet, place: via.place)
    }

    /// Of a connect every connection has to have the reason.
    private func check(reason: Located<Reason>, _ evidence: Evidence) -> CheckResult {
        var reasons = evidence.reasons
        if let reason = evidence.reason { reasons = [DecidingReasons(reason: reason): 1] }
        var counts: [Reason: Int] = [:]
        for (decided, count) in reasons {
            for reason in decided.all { counts[reason, default: 0] += count }
        }
        let got = counts.sorted { $0.key.code < $1.key.code }.map { reason, count in
            reasons.count > 1 ? "\(reason.rawValue) × \(count)" : reason.rawValue
        }
        return CheckResult(
            key: "reason", expected: reason.value.rawValue, got: list(got),
            isMet: !reasons.isEmpty && reasons.keys.allSatisfy { $0.all.contains(reason.value) },
            place: reason.place)
    }

    private func check(hooks: Located<[Hook]>, _ evidence: Evidence) -> CheckResult {
        var passed: [Hook] = []
        for event in evidence.events where !event.isServerSide && passed.last != event.hook {
            passed.append(event.hook)
        }
        return CheckResult(
            key: "hooks", expected: list(hooks.value.map(\.rawValue)), got: list(passed.map(\.rawValue)),
            isMet: passed == hooks.value, place: hooks.place)
    }

    // MARK: Addresses

    private func check(
        _ key: String, _ expected: Located<StepExpectation.RememberedAddress>, _ got: SocketAddress?
    ) throws(InputError) -> CheckResult {
        let isMet: Bool
        let text: String
        switch expected.value {
        case .absent:
            isMet = got == nil
            text = "none"
        case .target(let target):
            text = "\(target)"
            try requireKnown(target.host, expected.place)
            isMet =
                try got.map { (address) throws(InputError) in
                    try matches(TargetPattern(target.host, port: target.port), address, expected.place)
                } ?? false
        }
        return CheckResult(
            key: key, expected: text, got: got.map { book.text(of: $0) } ?? "none", isMet: isMet,
            place: expected.place)
    }

    private func check(
        _ key: String, _ pattern: Located<TargetPattern>, _ got: SocketAddress?
    ) throws(InputError) -> CheckResult {
        try requireKnown(pattern.value.host, pattern.place)
        let isMet =
            try got.map { (address) throws(InputError) in
                try matches(pattern.value, address, pattern.place)
            } ?? false
        return CheckResult(
            key: key, expected: "\(pattern.value)", got: got.map { book.text(of: $0) } ?? "nothing", isMet: isMet,
            place: pattern.place)
    }

    /// Throws for a name that nothing has, whatever it would be compared with.
    func requireKnown(_ host: Host, _ place: Place) throws(InputError) {
        guard case .name(let name) = host, book.workloads(name).isEmpty,
            book.services(name, from: "default").isEmpty
        else { return }
        let hint = nearestName(to: name, in: book.allNames).map { "; did you mean \($0)?" } ?? ""
        throw place.error("there is no workload or service named \"\(name)\"\(hint)")
    }

    /// Whether an address is what a pattern means: a pod by its own or its owner's name, a service by its virtual IPs
    /// and its endpoints.
    func matches(
        _ pattern: TargetPattern, _ address: SocketAddress, _ place: Place
    ) throws(InputError) -> Bool {
        try requireKnown(pattern.host, place)
        if let port = pattern.port, port != address.port { return false }
        switch pattern.host {
        case .address(let wanted): return wanted == address.address || wanted == address.address.unmapped
        case .name(let name):
            let found = address.address.unmapped
            let pods = book.workloads(name)
            if pods.contains(where: { world.mesh.workloads[$0]?.addresses.contains(found) ?? false }) { return true }
            let services = book.services(name, from: "default")
            for service in services {
                if world.mesh.services[service]?.addresses.contains(where: { $0.address == found }) ?? false {
                    return true
                }
                let endpoints = book.endpoints(of: service)
                if pods.isEmpty,
                    endpoints.contains(where: { world.mesh.workloads[$0]?.addresses.contains(found) ?? false })
                {
                    return true
                }
            }
            return false
        }
    }

    // MARK: Texts

    private func finals(_ evidence: Evidence) -> String {
        let sorted = evidence.finals.sorted { a, b in
            if a.value != b.value { return a.value > b.value }
            guard let x = a.key else { return false }
            guard let y = b.key else { return true }
            return x < y
        }
        return list(
            sorted.map { final, count in
                let text = final.map { book.short($0) } ?? "refused"
                return evidence.total > 1 ? "\(text) × \(count)" : text
            })
    }

    func list(_ texts: [String]) -> String { texts.isEmpty ? "none" : texts.joined(separator: ", ") }
}
