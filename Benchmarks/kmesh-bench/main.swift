import BenchmarkSupport
import CommandLineTool
import Glibc

let command = Command(
    "kmesh-bench", summary: "Measure the simulator against its targets.",
    discussion: """
        Times are CPU time, medians over the rounds. A missed target is reported and is no failure.
        Start it in the project's root, for the scenario that the start-up figure runs.
        """,
    options: [
        .value(
            "only", "NAME", choices: Suite.allCases.map(\.rawValue), arity: .repeatable,
            help: "Measure these; all of them when left out."),
        .value("rounds", "N", presence: .defaults(to: "7"), help: "Rounds of each measurement."),
        .flag("measure-compile", help: "Compile the mesh once and print milliseconds and bytes; for its own use."),
        .value("measure-replay", "FILE", help: "Replay a capture once and print bytes; for its own use."),
        .value("flows", "N", presence: .defaults(to: "1"), help: "Connections that begin FILE; for its own use."),
    ])

func run(_ invocation: Invocation, _ output: inout Output) throws {
    if invocation.flag("measure-compile") {
        try output.writeLine(try CompileBenchmark.measure(Suite.large).line)
        return
    }
    if let path = invocation.value("measure-replay") {
        let flowCount = try invocation.unsigned("flows", in: 1...10_000_000) ?? 1
        try output.writeLine(try ReplayMemory.measure(path, flowCount: flowCount).line)
        return
    }
    let rounds = try invocation.unsigned("rounds", in: 1...1000) ?? 7
    let chosen = invocation.values("only").compactMap(Suite.init(rawValue:))
    var figures: [Figure] = []
    for suite in chosen.isEmpty ? Suite.allCases : chosen { figures += try suite.figures(rounds: rounds) }
    try output.write(Figure.table(figures))
    try output.writeLine(Figure.verdict(figures))
}

var output = Output(.output)
var errors = Output(.error)
do {
    switch try command.parse(Array(CommandLine.arguments.dropFirst())) {
    case .help(let path): try output.write(HelpText(for: path).text)
    case .version: try output.writeLine("kmesh-bench")
    case .run(let invocation): try run(invocation, &output)
    }
    try output.flush()
} catch let error as UsageError {
    try errors.writeLine("\(error)")
    try errors.flush()
    exit(2)
} catch {
    try errors.writeLine("kmesh-bench: \(error)")
    try errors.flush()
    exit(1)
}
