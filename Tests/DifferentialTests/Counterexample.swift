import Foundation
import Model
import Scenario
import Sim

/// A case on which the twins disagree, made small and written as a scenario.
struct Counterexample {
    let test: DifferentialCase
    let disagreement: Disagreement
    /// What the kernel did.
    let scenario: ScenarioText
    /// The scenario's file.
    let path: String

    /// - Parameters:
    ///   - result: What the case gave: with a disagreement.
    ///   - directory: Where the scenario goes; made anew.
    init(
        _ test: DifferentialCase, _ result: Comparison, with twin: inout KernelTwin,
        simulating simulated: DataplaneOptions? = nil, in directory: URL
    ) throws {
        var shrinker = Shrinker(test, result, simulating: simulated)
        try shrinker.shrink(with: &twin)
        // Once more, so that the kernel's maps are those at the end of this case.
        let last = try twin.compare(shrinker.test, simulating: simulated)
        // A difference that does not show every time is reported as it was.
        let isSteady = last.disagreement != nil
        self.test = isSteady ? shrinker.test : test
        disagreement = (isSteady ? last.disagreement : result.disagreement) ?? Disagreement(step: 0, lines: [])
        var scenario = ScenarioText(self.test, isSteady ? last.outcomes : result.outcomes)
        if isSteady { scenario.addEnd(managed: try twin.snapshot(), cookies: twin.cookies) }
        self.scenario = scenario
        try? FileManager.default.removeItem(at: directory)
        path = try scenario.write(to: directory)
    }

    /// What a person needs to know.
    func text(seed: UInt64, count: Int) -> String {
        let shown = shows ? "" : " (does not show it: it is at the server's side, or cannot be said)"
        return """
            \(disagreement)
            \(test.steps.map { "  \($0)" }.joined(separator: "\n"))
            \(test.entries.count) map entries; preset \(test.preset.rawValue), options \(test.changed), case \(test.caseSeed)
            the kernel's behaviour as a scenario: kmesh-sim run \(path)\(shown)
            again: make differential SEED=\(seed) COUNT=\(count)
            """
    }

    /// Whether the simulator, as it is, fails the scenario.
    private var shows: Bool {
        guard let scenario = try? Scenario(reading: path), var runner = try? ScenarioRunner(scenario),
            let result = try? runner.run()
        else { return false }
        return result.steps.contains { $0.checks.contains { !$0.isMet } }
    }

    /// Where differences of a build are kept.
    static func directory(_ name: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../.build/differences/\(name)")
            .standardized
    }
}
