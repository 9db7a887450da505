import CommandLineTool
import Testing

@Test func helpOfTheToolListsItsCommands() {
    let expected = """
        Usage: kmesh-sim [OPTIONS] COMMAND

        Simulate a service mesh.

        Reads descriptions of a mesh and plays traffic through it, step by step, without
        a kernel.

        Equal seeds give equal traces.

        Commands:
          run         Play a scenario.
          completion  Print a completion script.

        Options:
          -q, --quiet    Print errors only.
          -h, --help     Show this help and exit.
              --version  Show the version and exit.

        See 'kmesh-sim COMMAND --help' for one command.

        """
    #expect(HelpText(for: CommandPath(root: sampleTool)).text == expected)
}

@Test func helpOfACommandShowsExamplesBeforeOptions() throws {
    let expected = """
        Usage: kmesh-sim run --mesh FILE... [OPTIONS] SCENARIO...

        Play a scenario.

        Examples:
          kmesh-sim run --mesh web.yaml -- first.yaml
              Play one scenario.
          kmesh-sim run -o json --mesh a.yaml b.yaml --seed 7 -- *.yaml
              Print every trace as JSON.

        Arguments:
          SCENARIO...  What to play.

        Options:
          -s, --seed N         Start of the random numbers. Default: 1.
              --mesh FILE...   Parts of the mesh. Required.
          -o, --output FORMAT  How to print the trace; the JSON form is meant for
                               scripts and is stable. One of: text, json. Default: text.
              --only NAMES     Limit the trace to these workloads. May be repeated.
              --offset N       Don't start at 0.
          -q, --quiet          Print errors only.
          -h, --help           Show this help and exit.
              --version        Show the version and exit.

        """
    #expect(try HelpText(for: #require(samplePath("run"))).text == expected)
}

@Test func aLongLabelGetsALineOfItsOwn() {
    let tool = Command(
        "t", summary: "Test.", options: [.value("a-rather-long-option-name", "WITH-VALUE", help: "Helps.")])
    let text = HelpText(for: CommandPath(root: tool)).text
    #expect(text.contains("      --a-rather-long-option-name WITH-VALUE\n                              Helps.\n"))
}
