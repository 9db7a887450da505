import CommandLineTool
import Inputs
import Model
import Scenario
import Sim
import SimOutput

/// `kmesh-sim run`
struct RunCommand {
    /// Arguments and help.
    static let declaration = Command(
        "run", summary: "Run scenarios and check what they expect.",
        discussion: """
            A scenario is a YAML file with a mesh, steps that happen in it, and what is expected of each. All files \
            are read before the first one runs; a mistake in one of them ends the command. Packets between nodes can be \
            followed on their way too, encrypted with real keys, while keys change and nodes boot.

            With several presets each scenario runs under each of them. What differs is shown step by step; it is \
            no failure, only an expectation that is not met is one.
            """,
        examples: [
            .init("kmesh-sim run scenarios/books.yaml", "Run one scenario, with a line for each decision."),
            .init(
                "kmesh-sim run --preset upstream,hardened --trace full scenarios/books.yaml",
                "Compare the presets, with every lookup."),
            .init(
                "kmesh-sim run --trace full scenarios/key-rotation.yaml",
                "What agents and kernels do while a key changes, packet by packet."),
            .init("kmesh-sim run --quiet -o junit scenarios/*.yaml > report.xml", "Run all in a test job."),
        ],
        positionals: [.init("SCENARIO", maximum: nil, help: "Scenario files; - is standard input.")],
        options: [
            .output(["text", "json", "junit"]), .preset(default: "the scenario's"), .seed(default: "the scenario's"),
            .value(
                "trace", short: "t", "DETAIL", choices: TraceDetail.allCases.map(\.rawValue),
                presence: .defaults(to: "decisions"),
                help: """
                    How much to tell about decisions: with full every lookup, with off only failed checks. In JSON \
                    only full makes a difference.
                    """),
            .flag("quiet", short: "q", help: "Print only failures and the summary."),
        ])

    private let files: [String]
    private let presets: [Preset]
    private let seed: UInt64?
    private let detail: TraceDetail
    private let format: String
    private let isQuiet: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws(UsageError) {
        files = invocation.positionals
        guard files.filter({ $0 == "-" }).count <= 1 else {
            throw invocation.usageError(.rule("standard input can be read only once"))
        }
        presets = try invocation.presets()
        seed = try invocation.unsigned("seed")
        detail = invocation.value("trace").flatMap(TraceDetail.init) ?? .decisions
        format = invocation.value("output") ?? "text"
        isQuiet = invocation.flag("quiet")
    }

    /// Runs every scenario under every preset. All are read before any runs; one that turns out to name what is not
    /// there is told, and the others run all the same.
    func run(on console: inout Console) throws -> ExitCode {
        let scenarios = try files.map { try Scenario(reading: $0) }
        var summary = RunSummary()
        var json = RunJSON(hasTraces: detail == .full)
        var junit = JUnitReport()
        let text = RunText(detail, isQuiet: isQuiet, style: console.style)
        var unusable = 0
        for scenario in scenarios {
            let runs: [ScenarioResult]
            do {
                runs = try console.run(scenario, under: presets, seed: seed)
            } catch let error as InputError {
                console.say(error.description)
                unusable += 1
                continue
            }
            summary.add(runs)
            switch format {
            case "json": json.add(runs)
            case "junit": junit.add(runs)
            default: try console.write(text.text(runs))
            }
        }
        switch format {
        case "json": try console.write(json.document)
        case "junit": try console.write(junit.document)
        default: if unusable < scenarios.count { try console.write(summary.text(console.style)) }
        }
        guard unusable == 0 else { return .badInput }
        return summary.isSuccess ? .ok : .failed
    }
}

extension Console {
    /// Runs a scenario under each preset, under its own if there is none.
    mutating func run(
        _ scenario: Scenario, under presets: [Preset], seed: UInt64?,
        nodes: ScenarioRunner.Overrides.Nodes = .asNeeded
    ) throws -> [ScenarioResult] {
        try (presets.isEmpty ? [scenario.preset] : presets).map { preset in
            let overrides = ScenarioRunner.Overrides(preset: preset, seed: seed, nodes: nodes)
            var runner = try withProgress { try ScenarioRunner(scenario, overrides, progress: $0) }
            return try runner.run()
        }
    }
}
