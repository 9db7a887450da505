import BenchmarkSupport
import CommandLineTool
import Glibc
import KernelTestSupport

let command = Command(
    "kmesh-live-bench", summary: "Measure the kernel programs against their targets.",
    discussion: """
        Needs root. Works in cgroups, network namespaces and a directory of pins of its own, and removes them.
        Times are medians over the rounds. A missed target is reported and is no failure.
        """,
    options: [
        .value(
            "only", "NAME", choices: LiveSuite.allCases.map(\.rawValue), arity: .repeatable,
            help: "Measure these; all of them when left out."),
        .value("rounds", "N", presence: .defaults(to: "31"), help: "Rounds of each measurement."),
    ])

func run(_ invocation: Invocation, _ output: inout Output) throws {
    Interruption.watch()
    let rounds = try invocation.unsigned("rounds", in: 1...1000) ?? 31
    let chosen = invocation.values("only").compactMap(LiveSuite.init(rawValue:))
    var figures: [Figure] = []
    for suite in chosen.isEmpty ? LiveSuite.allCases : chosen { figures += try suite.figures(rounds: rounds) }
    try output.write(Figure.table(figures))
    try output.writeLine(Figure.verdict(figures))
}

var output = Output(.output)
var errors = Output(.error)
do {
    switch try command.parse(Array(CommandLine.arguments.dropFirst())) {
    case .help(let path): try output.write(HelpText(for: path).text)
    case .version: try output.writeLine("kmesh-live-bench")
    case .run where !KernelPrivilege.isAvailable:
        try errors.writeLine("kmesh-live-bench: \(KernelPrivilege.absence)")
        try errors.flush()
        exit(ExitCode.privilege.rawValue)
    case .run(let invocation): try run(invocation, &output)
    }
    try output.flush()
} catch let error as UsageError {
    try errors.writeLine("\(error)")
    try errors.flush()
    exit(2)
} catch {
    try errors.writeLine("kmesh-live-bench: \(error)")
    try errors.flush()
    exit(1)
}
