import Inputs
import Model
import Scenario

extension ExpectationChecker {
    /// The expectations that are about the world, not about the step alone.
    func checkState(_ result: StepResult) throws(InputError) -> [CheckResult] {
        var checks: [CheckResult] = []
        for managed in expectation.managed ?? [] { checks.append(try check(managed)) }
        for counter in expectation.counters ?? [] { checks.append(try check(counter)) }
        checks += try checkAgents()
        if let reports = expectation.reports { checks += try check(reports, result) }
        if let problems = expectation.problems { checks += check(problems) }
        if let maps = expectation.maps { checks += try check(maps) }
        return checks
    }

    private func check(_ managed: StepExpectation.ManagedPod) throws(InputError) -> CheckResult {
        let uids = book.workloads(managed.pod.value)
        guard !uids.isEmpty else { throw managed.pod.error("there is no workload named \"\(managed.pod.value)\"") }
        let states = Set(uids.map(world.isManaged))
        func text(_ isManaged: Bool) -> String { isManaged ? "managed" : "not managed" }
        return CheckResult(
            key: "managed", expected: "\(managed.pod.value) \(text(managed.isManaged))",
            got: list(states.map(text).sorted()), isMet: states == [managed.isManaged], place: managed.pod.place)
    }

    private func check(_ counter: StepExpectation.Counter) throws(InputError) -> CheckResult {
        let name = counter.name.value
        let counters = world.counters.all
        guard let count = counters.first(where: { $0.name == name })?.count ?? networkCounter(name) else {
            let names = counters.map(\.name) + network.raisedCounters.map(\.name)
            let hint = nearestName(to: name, in: names).map { "did you mean \($0)?" }
            throw counter.name.error(
                "there is no counter \"\(name)\"; \(hint ?? "known: " + names.joined(separator: ", "))")
        }
        return CheckResult(
            key: "counters", expected: "\(name) \(counter.counts)", got: "\(count)",
            isMet: counter.counts.contains(count), place: counter.name.place)
    }

    private func check(_ problems: Located<StepExpectation.Problems>) -> [CheckResult] {
        let texts = self.problems
        switch problems.value {
        case .count(let range):
            return [
                CheckResult(
                    key: "problems", expected: "\(range)", got: "\(texts.count)",
                    isMet: range.contains(UInt64(texts.count)), place: problems.place)
            ]
        case .mentioning(let fragments):
            return fragments.map { fragment in
                CheckResult(
                    key: "problems", expected: fragment.value, got: list(texts),
                    isMet: texts.contains { Self.contains($0, fragment.value) }, place: fragment.place)
            }
        }
    }

    private static func contains(_ text: String, _ part: String) -> Bool {
        let (text, part) = (Array(text.utf8), Array(part.utf8))
        guard part.count <= text.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
    }

    // MARK: Reports

    private func check(_ reports: Located<Reports>, _ result: StepResult) throws(InputError) -> [CheckResult] {
        switch reports.value {
        case .count(let range):
            return [
                CheckResult(
                    key: "reports", expected: "\(range)", got: "\(result.reportCount)",
                    isMet: range.contains(UInt64(result.reportCount)), place: reports.place)
            ]
        case .matching(let patterns):
            var checks = [
                CheckResult(
                    key: "reports", expected: "\(patterns.count)", got: "\(result.reportCount)",
                    isMet: patterns.count == result.reportCount, place: reports.place)
            ]
            for (pattern, report) in zip(patterns, result.reports) {
                checks.append(
                    CheckResult(
                        key: "reports", expected: "as written here", got: text(report),
                        isMet: try matches(pattern, report), place: pattern.place))
            }
            return checks
        }
    }

    private func matches(_ pattern: ReportPattern, _ report: ConnectionReport) throws(InputError) -> Bool {
        for host in [pattern.source?.host, pattern.destination?.host] {
            if let host { try requireKnown(host, pattern.place) }
        }
        if case .target(let target) = pattern.originalDestination { try requireKnown(target.host, pattern.place) }
        if let direction = pattern.direction, direction.rawValue != report.direction.rawValue { return false }
        if let source = pattern.source, try !matches(source, report.source, pattern.place) { return false }
        if let target = pattern.destination, try !matches(target, report.destination, pattern.place) { return false }
        if let state = pattern.state, state.number != report.state.rawValue { return false }
        if let sent = pattern.sent, !sent.contains(UInt64(report.sentBytes)) { return false }
        if let received = pattern.received, !received.contains(UInt64(report.receivedBytes)) { return false }
        switch pattern.originalDestination {
        case nil: return true
        case .absent: return report.originalDestination == nil
        case .target(let target):
            guard let original = report.originalDestination else { return false }
            return try matches(TargetPattern(target.host, port: target.port), original, pattern.place)
        }
    }

    private func text(_ report: ConnectionReport) -> String {
        "\(report.direction.rawValue) \(book.short(report.source)) → \(book.short(report.destination)), "
            + "\(report.state), original \(report.originalDestination.map { book.short($0) } ?? "none"), "
            + "sent \(report.sentBytes), received \(report.receivedBytes)"
    }

    // MARK: Maps

    private func check(_ maps: Located<ExpectedMaps>) throws(InputError) -> [CheckResult] {
        var nodes = world.nodeNames
        if let node = maps.value.node {
            guard nodes.contains(node.value) else { throw node.error("node \"\(node.value)\" has no maps") }
            nodes = [node.value]
        }
        var checks: [CheckResult] = []
        for name in nodes {
            guard let node = world.nodes[name] else { continue }
            let text = MapText(node: node, book: book, world: world)
            for statement in maps.value.statements { checks.append(try check(statement, text, node)) }
        }
        return checks
    }

    private func check(
        _ statement: ExpectedMaps.Statement, _ text: MapText, _ node: NodeDataplane
    ) throws(InputError) -> CheckResult {
        let title = "\(statement.map.rawValue) on \(node.name)"
        switch statement.content {
        case .count(let range):
            let count = text.count(of: statement.map)
            return CheckResult(
                key: "maps", expected: "\(title): \(range) entries", got: "\(count)",
                isMet: range.contains(UInt64(count)), place: statement.place)
        case .absent(let key):
            // A name without an id is in no map.
            let found = try text.key(statement.map, key).flatMap(text.entry)
            return CheckResult(
                key: "maps", expected: "\(title): no \(key.value)", got: found.map(text.text) ?? "absent",
                isMet: found == nil, place: key.place)
        case .entry(let key, let value):
            guard let found = try text.key(statement.map, key).flatMap(text.entry) else {
                return CheckResult(
                    key: "maps", expected: "\(title): \(key.value)", got: "absent", isMet: false, place: key.place)
            }
            let wanted = try text.entry(found, changedBy: value, at: key.place)
            let isMet = MapText.bytes(wanted) == MapText.bytes(found)
            var texts = (wanted: text.text(wanted), found: text.text(found))
            if !isMet, texts.wanted == texts.found {
                texts.wanted += ", bytes \(Digits.hexadecimal(MapText.bytes(wanted)))"
                texts.found += ", bytes \(Digits.hexadecimal(MapText.bytes(found)))"
            }
            return CheckResult(
                key: "maps", expected: "\(title): \(key.value) = \(texts.wanted)", got: texts.found, isMet: isMet,
                place: key.place)
        }
    }
}
