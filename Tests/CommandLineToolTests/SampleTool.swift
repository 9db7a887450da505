import CommandLineTool

/// A small tool that declares one of everything.
let sampleTool = Command(
    "kmesh-sim", summary: "Simulate a service mesh.",
    discussion: """
        Reads descriptions of a mesh and plays traffic through it, step by step, without a kernel.

        Equal seeds give equal traces.
        """,
    options: [.flag("quiet", short: "q", help: "Print errors only.")],
    subcommands: [
        Command(
            "run", summary: "Play a scenario.",
            examples: [
                .init("kmesh-sim run --mesh web.yaml -- first.yaml", "Play one scenario."),
                .init("kmesh-sim run -o json --mesh a.yaml b.yaml --seed 7 -- *.yaml", "Print every trace as JSON."),
            ],
            positionals: [.init("SCENARIO", maximum: nil, help: "What to play.")],
            options: [
                .value("seed", short: "s", "N", presence: .defaults(to: "1"), help: "Start of the random numbers."),
                .value("mesh", "FILE", arity: .several, presence: .required, help: "Parts of the mesh."),
                .value(
                    "output", short: "o", "FORMAT", choices: ["text", "json"], presence: .defaults(to: "text"),
                    help: "How to print the trace; the JSON form is meant for scripts and is stable."),
                .value("only", "NAMES", arity: .repeatable, help: "Limit the trace to these workloads."),
                .value("offset", "N", help: "Don't start at 0."),
            ]),
        Command(
            "completion", summary: "Print a completion script.",
            positionals: [.init("SHELL", choices: ["bash", "zsh", "fish"], help: "Which shell.")]),
    ])

/// The path to the subcommand of `sampleTool` with this name.
func samplePath(_ name: String) -> CommandPath? {
    let root = CommandPath(root: sampleTool)
    return sampleTool.subcommands.first { $0.name == name }.map { root.entering($0) }
}
