public import CommandLineTool
import Model
public import Sim

extension RunSummary {
    fileprivate var json: JSONValue {
        [
            "scenarios": JSONValue(scenarioCount), "steps": JSONValue(stepCount),
            "expectations": JSONValue(checkCount), "failed": JSONValue(failedCheckCount),
            "denied": JSONValue(denialCount), "success": .bool(isSuccess),
        ]
    }
}

/// Collects runs into one document.
public struct RunJSON: Sendable {
    private let hasTraces: Bool
    private var scenarios: [JSONValue] = []
    private var summary = RunSummary()

    /// - Parameter hasTraces: Whether to tell hook by hook what happened.
    public init(hasTraces: Bool) { self.hasTraces = hasTraces }

    /// Adds the runs of one scenario.
    public mutating func add(_ runs: [ScenarioResult]) {
        summary.add(runs)
        guard let first = runs.first else { return }
        scenarios.append([
            "name": .string(first.name),
            "description": .string(first.description),
            "file": JSONValue(first.file.isEmpty ? nil : first.file),
            "notes": .array(
                first.notes.map { ["place": placeJSON($0.file, $0.position), "text": .string($0.text)] as JSONValue }),
            "differingSteps": .array(differingSteps(runs).map { JSONValue($0) }),
            "runs": .array(runs.map(json)),
        ])
    }

    /// Everything that was added, and what it comes to.
    public var document: JSONValue { ["scenarios": .array(scenarios), "summary": summary.json] }

    private func json(_ run: ScenarioResult) -> JSONValue {
        [
            "preset": .string(run.preset.rawValue),
            "seed": JSONValue(run.seed),
            "success": .bool(run.isSuccess),
            "problems": .array((run.problems.map(\.description) + run.encryptionProblems).map(JSONValue.string)),
            "steps": .array(run.steps.map { $0.json(hasTraces: hasTraces) }),
            "counters": .object(run.counters.map { JSONValue.Member($0.name, JSONValue($0.count)) }),
        ]
    }
}
