import CommandLineTool
import Inputs
import Model
import Scenario
import Sim

extension StepResult {
    /// Everything about the step.
    /// - Parameter hasTraces: Whether to tell hook by hook what happened.
    func json(hasTraces: Bool) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("index", JSONValue(index)),
            .init("kind", .string(kind.rawValue)),
            .init("title", .string(title)),
            .init("note", JSONValue(note)),
            .init("place", place.json),
            .init("facts", .array(facts.map(JSONValue.string))),
            .init("groups", .array(groups.map { $0.json(hasTraces: hasTraces) })),
            .init("authorization", authorization?.json ?? .null),
        ]
        if hasTraces {
            members.append(.init("trace", .array(trace.map(\.json))))
            members.append(.init("sections", .array(sections.map(\.json))))
        }
        members += [
            .init("reportCount", JSONValue(reportCount)),
            .init("reports", .array(reports.map(\.json))),
            .init("problems", .array((problems.map(\.description) + encryptionProblems).map(JSONValue.string))),
            .init("success", .bool(isSuccess)),
            .init("checks", .array(checks.map(\.json))),
        ]
        return .object(members)
    }
}

extension ConnectionGroup {
    fileprivate func json(hasTraces: Bool) -> JSONValue {
        let options = decidingOptions.map { ["name": .string($0.name), "value": .string($0.value)] as JSONValue }
        var members: [JSONValue.Member] = [
            .init("count", JSONValue(count)),
            .init("verdict", .string(verdict.rawValue)),
            .init("destination", JSONValue(final.map { "\($0)" })),
            .init("name", JSONValue(final.map { _ in finalName })),
            .init("waypoint", JSONValue(waypoint)),
            .init("reason", .string(reason.rawValue)),
            .init("waypointReason", JSONValue(waypointReason?.rawValue)),
            .init("options", .array(options)),
            .init("authorization", authorization?.json ?? .null),
        ]
        if hasTraces { members.append(.init("trace", .array(trace.map(\.json)))) }
        return .object(members)
    }
}

extension Judgement {
    /// With names, and null for what no policy or rule decided.
    var json: JSONValue {
        func number(_ rule: Int?) -> JSONValue { rule.map { JSONValue($0) } ?? .null }
        let dryRun = dryRun.map {
            ["allowed": .bool($0.isAllowed), "policy": JSONValue($0.policy), "rule": number($0.rule)] as JSONValue
        }
        return [
            "allowed": .bool(isAllowed), "engine": .string(engine.rawValue), "policy": JSONValue(policy),
            "rule": number(rule), "dryRun": dryRun ?? .null,
        ]
    }
}

extension HookTrace {
    fileprivate var json: JSONValue {
        [
            "hook": .string(hook.rawValue), "node": .string(node), "serverSide": .bool(isServerSide),
            "reason": .string(reason.rawValue), "steps": .array(steps.map(\.json)),
        ]
    }
}

extension TraceSection {
    fileprivate var json: JSONValue { ["title": .string(title), "steps": .array(steps.map(\.json))] }
}

extension TraceStep {
    fileprivate var json: JSONValue { ["what": .string(what), "key": .string(key), "value": .string(value)] }
}

extension ConnectionReport {
    fileprivate var json: JSONValue {
        [
            "direction": .string(direction.rawValue),
            "source": .string("\(source)"),
            "destination": .string("\(destination)"),
            "originalDestination": JSONValue(originalDestination.map { "\($0)" }),
            "sentBytes": JSONValue(sentBytes),
            "receivedBytes": JSONValue(receivedBytes),
            "state": .string(state == .established ? "established" : "close"),
            "connected": .bool(isConnected),
            "startNanoseconds": JSONValue(startNanoseconds),
            "durationNanoseconds": JSONValue(durationNanoseconds),
            "lastReportNanoseconds": JSONValue(lastReportNanoseconds),
            "protocol": JSONValue(protocolNumber),
            "smoothedRTT": JSONValue(smoothedRTT),
            "minimumRTT": JSONValue(minimumRTT),
            "retransmissions": JSONValue(retransmissions),
            "lost": JSONValue(lost),
        ]
    }
}

extension CheckResult {
    fileprivate var json: JSONValue {
        [
            "key": .string(key), "expected": .string(expected), "got": .string(got), "met": .bool(isMet),
            "place": place?.json ?? .null,
        ]
    }
}

extension Place {
    fileprivate var json: JSONValue {
        // The places of a command line's options are no places in a file.
        file.hasPrefix("--") ? .null : placeJSON(file, position)
    }
}

/// A place in a file; line and column are null when the file as a whole is meant.
func placeJSON(_ file: String, _ position: Position?) -> JSONValue {
    [
        "file": .string(file), "line": position.map { JSONValue($0.line) } ?? .null,
        "column": position.map { JSONValue($0.column) } ?? .null,
    ]
}
