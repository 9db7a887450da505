import CommandLineTool
import Model
import Sim

/// What a step did and how its expectations came out, as lines.
struct StepText {
    /// How much to tell; `off` counts as `decisions` here.
    let detail: TraceDetail
    /// For emphasis.
    let style: Style

    /// Facts, connections, hooks, reports and problems, in this order.
    func events(_ step: StepResult) -> [String] {
        var lines = step.facts + (step.authorization.map { ["\($0)"] } ?? [])
        lines += groups(step.groups)
        if detail == .full {
            lines += TraceText(style: style).lines(step.trace) + TraceText(style: style).lines(step.sections)
            lines += reports(step)
        } else {
            lines += step.trace.map { "\($0.place): \($0.reason.rawValue)" }
        }
        let problems = step.problems.map(\.description) + step.encryptionProblems
        return lines + problems.map { "\(style.yellow("problem")): \($0)" }
    }

    /// A line for each expectation, and for a failed one a second with its place.
    func checks(_ checks: [CheckResult], onlyFailed: Bool) -> [String] {
        checks.filter { !onlyFailed || !$0.isMet }.flatMap(lines)
    }

    private func lines(_ check: CheckResult) -> [String] {
        guard !check.isMet else { return ["\(style.green("ok"))  \(check.key): \(check.expected)"] }
        let line = "\(style.red("FAILED"))  \(check.key): expected \(check.expected), got \(check.got)"
        return [line] + (check.place.map { ["        \($0)"] } ?? [])
    }

    // MARK: Connections

    private func groups(_ groups: [ConnectionGroup]) -> [String] {
        let counts = groups.map { "\($0.count)" }
        let destinations = groups.map(destination)
        let countWidth = counts.map(\.count).max() ?? 0
        let width = destinations.map(\.count).max() ?? 0
        return groups.indices.flatMap { index in
            let count = String(repeating: " ", count: countWidth - counts[index].count) + counts[index]
            let line = "\(count) × \(padded(destinations[index], to: width))  \(rule(groups[index]))"
            guard detail == .full else { return [line] }
            return [line] + TraceText(style: style).lines(groups[index].trace).map { "  " + $0 }
        }
    }

    private func destination(_ group: ConnectionGroup) -> String {
        let waypoint =
            group.waypoint.map { $0 == group.finalName ? " (waypoint)" : " via waypoint \($0)" } ?? ""
        return switch group.verdict {
        case .leave: "\(group.finalName) as asked"
        case .rewrite: "\(group.finalName)\(waypoint)"
        case .refuse: "refused\(waypoint)"
        }
    }

    private func rule(_ group: ConnectionGroup) -> String {
        var text = "\(group.reason.rawValue): \(group.reason.sentence)"
        if let reason = group.waypointReason, reason != group.reason { text += "; \(reason.sentence)" }
        if let authorization = group.authorization { text += "; \(authorization)" }
        let options = group.decidingOptions.map { "\($0.name) = \($0.value)" }
        return options.isEmpty ? text : "\(text) [\(options.joined(separator: ", "))]"
    }

    // MARK: Reports

    private func reports(_ step: StepResult) -> [String] {
        guard step.reportCount > 0 else { return [] }
        let shown = step.reports.map { report in
            let asked = report.originalDestination.map { ", asked for \($0)" } ?? ""
            let state = report.state == .established ? "established" : "closed"
            return "  \(report.direction.rawValue) \(report.source) → \(report.destination)\(asked), \(state), "
                + "sent \(report.sentBytes), received \(report.receivedBytes)"
        }
        let rest = step.reportCount - shown.count
        return ["\(counted(step.reportCount, "report"))"] + shown + (rest > 0 ? ["  and \(rest) more"] : [])
    }
}
