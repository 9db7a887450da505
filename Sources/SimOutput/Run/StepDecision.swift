import Model
import Sim

/// What presets are compared by: which ways connections went and by which rules, not how many of them.
///
/// Counts are left out because one draw more or less shifts them without a difference in behaviour.
struct StepDecision: Hashable {
    private struct Way: Hashable {
        let verdict: ConnectDecision.Verdict
        let final: String
        let waypoint: String?
        let reason: Reason
        let authorization: Judgement?
    }

    private let ways: Set<Way>
    private let authorization: Judgement?
    private let facts: [String]
    private let hooks: [HookTrace]
    private let problems: [String]

    /// What a step decided.
    init(_ step: StepResult) {
        ways = Set(
            step.groups.map {
                Way(
                    verdict: $0.verdict, final: $0.finalName, waypoint: $0.waypoint, reason: $0.reason,
                    authorization: $0.authorization)
            })
        authorization = step.authorization
        facts = step.facts
        hooks = step.trace
        problems = step.problems.map(\.description) + step.encryptionProblems
    }
}

/// Numbers of the steps, from 1, in which runs of one scenario under several presets went different ways.
public func differingSteps(_ runs: [ScenarioResult]) -> [Int] {
    guard let first = runs.first else { return [] }
    return first.steps.indices.filter { index in
        Set(runs.map { StepDecision($0.steps[index]) }).count > 1
    }.map { $0 + 1 }
}
