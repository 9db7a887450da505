public import CommandLineTool
import Model
public import Sim

/// The runs of one scenario under one preset or several, for people to read.
public struct RunText {
    private static let width = 100
    private let detail: TraceDetail
    private let isQuiet: Bool
    private let style: Style
    private let step: StepText

    /// - Parameter isQuiet: Whether to be silent about runs without failures, and about all but failures in others.
    public init(_ detail: TraceDetail, isQuiet: Bool = false, style: Style = .plain) {
        self.detail = isQuiet ? .off : detail
        self.isQuiet = isQuiet
        self.style = style
        step = StepText(detail: detail, style: style)
    }

    /// Lines that end with a newline; an empty line after the last, if there are any.
    /// - Parameter runs: Of one scenario, in the order of the presets.
    public func text(_ runs: [ScenarioResult]) -> String {
        guard let first = runs.first, !isQuiet || runs.contains(where: { !$0.isSuccess }) else { return "" }
        var lines = [style.bold(first.name)] + header(runs)
        if detail != .off {
            lines += wrapped(first.description, width: Self.width - 2).map { "  \($0)" }
            lines += Self.first(first.notes.map { "  note: \($0)" }) + problems(runs)
        }
        let differing = differingSteps(runs)
        for index in first.steps.indices {
            lines += self.lines(runs, index)
        }
        if detail == .full { lines += counters(runs) }
        if runs.count > 1, detail != .off { lines += ["", "  \(Self.comparison(differing))"] }
        return lines.joined(separator: "\n") + "\n\n"
    }

    /// The answer to a question: runs of a scenario that has one step. Lines as of `text`, without notes on the sources.
    public func answer(_ runs: [ScenarioResult]) -> String {
        guard let first = runs.first else { return "" }
        let lines = [style.bold(first.name)] + header(runs) + problems(runs) + [""] + bodies(runs, 0)
        return lines.joined(separator: "\n") + "\n"
    }

    private func header(_ runs: [ScenarioResult]) -> [String] {
        let presets = runs.map(\.preset.rawValue).joined(separator: ", ")
        let facts = "preset\(runs.count == 1 ? "" : "s") \(presets), seed \(runs[0].seed)"
        return ["  " + style.dim(runs[0].file.isEmpty ? facts : "\(runs[0].file), \(facts)")]
    }

    private func problems(_ runs: [ScenarioResult]) -> [String] {
        var lines: [String] = []
        let problems = runs.map { $0.problems.map(\.description) + $0.encryptionProblems }
        let isSame = Set(problems).count == 1
        for (run, problems) in zip(runs, problems).prefix(isSame ? 1 : runs.count) {
            let preset = isSame ? "" : " (\(run.preset.rawValue))"
            lines += Self.first(problems.map { "  \(style.yellow("problem"))\(preset): \($0)" })
        }
        return lines
    }

    /// Large meshes have thousands of problems; a few show what kind they are.
    private static func first(_ lines: [String]) -> [String] {
        let limit = 20
        let rest = lines.count - limit
        return lines.prefix(limit) + (rest > 0 ? ["  and \(rest) more; the JSON output has them all"] : [])
    }

    // MARK: Steps

    private func lines(_ runs: [ScenarioResult], _ index: Int) -> [String] {
        let steps = runs.map { $0.steps[index] }
        let number = "\(steps[0].index). "
        let indent = String(repeating: " ", count: 2 + number.count)
        var lines = ["", "  \(number)\(style.bold(steps[0].title))"]
        if detail != .off, let note = steps[0].note {
            lines += wrapped(note, width: Self.width - indent.count).map { indent + style.dim($0) }
        }
        if detail == .off, steps.allSatisfy(\.isSuccess) { return [] }
        return lines + bodies(runs, index).map { indent + $0 }
    }

    /// What the runs have to say about a step: once if it is the same, else by preset.
    private func bodies(_ runs: [ScenarioResult], _ index: Int) -> [String] {
        let bodies = runs.map { body($0.steps[index]) }
        if Set(bodies).count == 1 { return bodies[0] }
        let differs = detail != .off && differingSteps(runs).contains(index + 1)
        let mark = differs ? style.yellow(" (differs)") : ""
        return zip(runs, bodies).flatMap { run, body in
            body.isEmpty ? [] : ["\(run.preset.rawValue):\(mark)"] + body.map { "  \($0)" }
        }
    }

    private func body(_ result: StepResult) -> [String] {
        (detail == .off ? [] : step.events(result)) + step.checks(result.checks, onlyFailed: detail == .off)
    }

    // MARK: The end

    private func counters(_ runs: [ScenarioResult]) -> [String] {
        runs.flatMap { run in
            let title = runs.count == 1 ? "counters" : "counters, \(run.preset.rawValue)"
            let width = run.counters.map(\.name.count).max() ?? 0
            return ["", "  \(title):"] + run.counters.map { "    \(padded($0.name, to: width))  \($0.count)" }
        }
    }

    private static func comparison(_ differing: [Int]) -> String {
        guard !differing.isEmpty else { return "The presets decide alike in every step." }
        let steps = differing.map { "\($0)" }.joined(separator: ", ")
        return "The presets differ in step\(differing.count == 1 ? "" : "s") \(steps)."
    }
}
