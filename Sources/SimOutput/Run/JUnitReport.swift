import Model
public import Sim

/// Collects runs into a JUnit document: a suite for each run, a case for each step that expects something.
public struct JUnitReport: Sendable {
    private var runs: [ScenarioResult] = []

    /// A report without suites.
    public init() {}

    /// Adds the runs of one scenario.
    public mutating func add(_ runs: [ScenarioResult]) { self.runs += runs }

    /// The document. Times are 0, since the simulator's time is not that of the tests.
    public var document: String {
        var writer = XMLWriter()
        writer.open("testsuites", Self.totals(runs.flatMap(\.steps)))
        for run in runs {
            let name = "\(run.name) (\(run.preset.rawValue))"
            writer.open("testsuite", [("name", name), ("file", run.file)] + Self.totals(run.steps))
            for step in run.steps where !step.checks.isEmpty { Self.add(step, of: run, to: &writer) }
            writer.close()
        }
        writer.close()
        return writer.text
    }

    private static func totals(_ steps: [StepResult]) -> [(name: String, value: String)] {
        let cases = steps.filter { !$0.checks.isEmpty }
        let failures = cases.filter { !$0.isSuccess }.count
        return [("tests", "\(cases.count)"), ("failures", "\(failures)"), ("errors", "0"), ("time", "0")]
    }

    private static func add(_ step: StepResult, of run: ScenarioResult, to writer: inout XMLWriter) {
        let attributes = [
            (name: "name", value: "\(step.index). \(step.title)"),
            (name: "classname", value: "\(run.name) (\(run.preset.rawValue))"),
            (name: "file", value: step.place.file), (name: "line", value: "\(step.place.position.line)"),
            (name: "time", value: "0"),
        ]
        guard !step.isSuccess else {
            writer.add("testcase", attributes)
            return
        }
        writer.open("testcase", attributes)
        let failed = step.checks.filter { !$0.isMet }
        let lines = failed.map { check in
            let place = check.place.map { "\($0): " } ?? ""
            return "\(place)\(check.key): expected \(check.expected), got \(check.got)"
        }
        let message = "\(failed.count) of \(counted(step.checks.count, "expectation")) failed"
        writer.add("failure", [("message", message), ("type", "expectation")], text: lines.joined(separator: "\n"))
        writer.close()
    }
}
