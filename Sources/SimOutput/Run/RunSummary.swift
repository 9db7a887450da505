import CommandLineTool
public import Sim

/// What a number of runs come to.
public struct RunSummary: Sendable {
    /// Scenarios; one run under two presets counts once.
    public private(set) var scenarioCount = 0
    /// Steps of all runs.
    public private(set) var stepCount = 0
    /// Expectations of all runs.
    public private(set) var checkCount = 0
    /// Those that were not met.
    public private(set) var failedCheckCount = 0
    /// Connects, sends and packets that authorization denied, in all runs.
    public private(set) var denialCount: UInt64 = 0
    /// Lines about runs with failures: file, preset and counts.
    private var failures: [String] = []

    /// Nothing ran yet.
    public init() {}

    /// Whether every expectation was met.
    public var isSuccess: Bool { failedCheckCount == 0 }

    /// Adds the runs of one scenario.
    public mutating func add(_ runs: [ScenarioResult]) {
        scenarioCount += 1
        for run in runs {
            stepCount += run.steps.count
            checkCount += run.checkCount
            failedCheckCount += run.failedCheckCount
            denialCount += run.counters.first { $0.name == Counter.denied.name }?.count ?? 0
            guard !run.isSuccess else { continue }
            let count = "\(run.failedCheckCount) of \(counted(run.checkCount, "expectation"))"
            failures.append("\(run.file) (\(run.preset.rawValue)): \(count) failed")
        }
    }

    /// One line, before it a line for each run with failures if there were several scenarios.
    public func text(_ style: Style) -> String {
        let lines = scenarioCount > 1 ? failures.map { "\(style.red("FAILED")) \($0)\n" }.joined() : ""
        let result =
            if checkCount == 0 {
                "nothing expected"
            } else if isSuccess {
                "\(counted(checkCount, "expectation")), \(style.green("all met"))"
            } else {
                "\(counted(checkCount, "expectation")), \(style.red("\(failedCheckCount) FAILED"))"
            }
        let denials = denialCount == 0 ? "" : ", \(denialCount) denied"
        return "\(lines)\(counted(scenarioCount, "scenario")), \(counted(stepCount, "step"))\(denials), \(result)\n"
    }
}

/// `1 step`, `2 steps`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
