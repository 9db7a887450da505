import CommandLineTool
import Testing

private func run(_ arguments: String...) throws -> Invocation {
    guard case .run(let invocation) = try sampleTool.parse(arguments) else {
        throw NotRun()
    }
    return invocation
}

private struct NotRun: Error {}

@Test(arguments: [
    ["run", "--mesh", "a", "b", "--seed", "7", "x", "y"],
    ["run", "--mesh", "a", "b", "-s", "7", "--", "x", "y"],
    ["run", "--seed=7", "x", "--mesh=a", "y", "--mesh", "b"],
    ["run", "x", "y", "--mesh", "a", "--mesh", "b", "-s=7"],
])
func equivalentSpellingsGiveEqualValues(_ arguments: [String]) throws {
    guard case .run(let invocation) = try sampleTool.parse(arguments) else { throw NotRun() }
    #expect(invocation.commandNames == ["run"])
    #expect(invocation.value("seed") == "7")
    #expect(invocation.values("mesh") == ["a", "b"])
    #expect(invocation.positionals == ["x", "y"])
    #expect(invocation.value("output") == nil)
    #expect(!invocation.flag("quiet"))
}

@Test func outerOptionsAreAcceptedBeforeAndAfterTheSubcommand() throws {
    #expect(try run("-q", "completion", "zsh").flag("quiet"))
    #expect(try run("completion", "zsh", "--quiet").flag("quiet"))
}

@Test func dashesAndNegativeNumbersAreValues() throws {
    let invocation = try run("run", "--offset", "-5", "--mesh", "-", "--only=-x", "--", "--seed", "-")
    #expect(invocation.value("offset") == "-5")
    #expect(invocation.values("mesh") == ["-"])
    #expect(invocation.values("only") == ["-x"])
    #expect(invocation.positionals == ["--seed", "-"])
}

@Test func helpAndVersionWinOverWhatFollows() throws {
    #expect(try sampleTool.parse(["-h"]) == .help(CommandPath(root: sampleTool)))
    #expect(try sampleTool.parse(["run", "--help", "--nonsense"]) == samplePath("run").map { .help($0) })
    #expect(try sampleTool.parse(["run", "--version"]) == .version)
}

private struct BadLine: CustomTestStringConvertible {
    let arguments: [String]
    let message: String
    var testDescription: String { arguments.joined(separator: " ") }

    init(_ arguments: String..., message: String) { (self.arguments, self.message) = (arguments, message) }
}

@Test(arguments: [
    BadLine(message: "kmesh-sim: missing command; one of: run, completion"),
    BadLine("rnu", message: "kmesh-sim: unknown command 'rnu'; did you mean 'run'?"),
    BadLine("destroy", message: "kmesh-sim: unknown command 'destroy'; one of: run, completion"),
    BadLine("--", "run", message: "kmesh-sim: unexpected argument 'run'"),
    BadLine("run", "--sede", "1", message: "kmesh-sim run: unknown option '--sede'; did you mean '--seed'?"),
    BadLine("run", "-seed", "1", message: "kmesh-sim run: unknown option '-seed'; did you mean '--seed'?"),
    BadLine("run", "-x", message: "kmesh-sim run: unknown option '-x'"),
    BadLine("--seed", "1", message: "kmesh-sim: unknown option '--seed'"),
    BadLine("run", "--seed", message: "kmesh-sim run: option '--seed' needs a value: '--seed N'"),
    BadLine(
        "run", "-o", "-q",
        message: "kmesh-sim run: option '--output' needs a value: '--output FORMAT'; one of: text, json"),
    BadLine("run", "--mesh", "--", "x", message: "kmesh-sim run: option '--mesh' needs a value: '--mesh FILE...'"),
    BadLine("run", "--quiet=no", message: "kmesh-sim run: option '--quiet' takes no value, but was given 'no'"),
    BadLine("run", "--help=no", message: "kmesh-sim run: option '--help' takes no value, but was given 'no'"),
    BadLine("run", "-s", "1", "--seed=2", message: "kmesh-sim run: option '--seed' is given twice; give it once"),
    BadLine("-q", "run", "-q", message: "kmesh-sim run: option '--quiet' is given twice; give it once"),
    BadLine(
        "run", "-o", "jsno",
        message: "kmesh-sim run: 'jsno' is not a value of --output; one of: text, json; did you mean 'json'?"),
    BadLine(
        "completion", "tcl",
        message: "kmesh-sim completion: 'tcl' is not a value of SHELL; one of: bash, zsh, fish"),
    BadLine("completion", message: "kmesh-sim completion: missing argument SHELL; one of: bash, zsh, fish"),
    BadLine("completion", "zsh", "fish", message: "kmesh-sim completion: unexpected argument 'fish'"),
    BadLine("run", "--mesh", "a", message: "kmesh-sim run: missing argument SCENARIO"),
    BadLine("run", "x", message: "kmesh-sim run: missing option '--mesh FILE...'"),
])
private func badLinesSayWhatIsWrongAndWhatWouldBeRight(_ line: BadLine) throws {
    let error = try #require(throws: UsageError.self) { try sampleTool.parse(line.arguments) }
    #expect(error.description == "\(line.message)\nSee '\(error.command) --help'.")
}

@Test func theMiddlePositionalIsTheOneReportedMissing() {
    let (from, to) = (Positional("FROM", help: "Start."), Positional("TO", help: "End."))
    let via = Positional("VIA", minimum: 0, maximum: 2, help: "Stops.")
    let tool = Command("route", summary: "Find a way.", positionals: [from, to, via])
    #expect(throws: UsageError(command: "route", .missingPositional(to))) { try tool.parse(["a"]) }
    #expect(throws: Never.self) { try tool.parse(["a", "b"]) }
    #expect(throws: Never.self) { try tool.parse(["a", "b", "c", "d"]) }
    let tooMany = ["a", "b", "c", "d", "e"]
    #expect(throws: UsageError(command: "route", .unexpectedArgument("e"))) { try tool.parse(tooMany) }
}

@Test func numbersMustBeDecimalAndInRange() throws {
    let largest = try run("run", "--mesh", "m", "--seed", "18446744073709551615", "--", "x")
    #expect(try largest.unsigned("seed") == UInt64.max)
    #expect(try largest.unsigned("offset") == nil as Int?)
    for text in ["18446744073709551616", "-1", "+1", "0x10", "", "seven"] {
        let invocation = try run("run", "--mesh", "m", "--seed=\(text)", "x")
        let expected = "a number from 0 to 18446744073709551615"
        #expect(throws: invocation.usageError(.badValue(of: "--seed", value: text, expected: expected))) {
            let _: UInt64? = try invocation.unsigned("seed")
        }
    }
    let error = try #require(throws: UsageError.self) { try largest.unsigned("seed", in: 1...64) }
    #expect(error.description.contains("--seed expects a number from 1 to 64, not '18446744073709551615'"))
}

@Test func listsAreSplitAtCommas() throws {
    #expect(try run("run", "--mesh", "m", "--only=a,b", "--only", "c", "x").list("only") == ["a", "b", "c"])
    for text in ["", "a,,b", ",a", "a,"] {
        let invocation = try run("run", "--mesh", "m", "--only=\(text)", "x")
        let error = #expect(throws: UsageError.self) { try invocation.list("only") }
        #expect(error?.problem == .badValue(of: "--only", value: text, expected: "words separated by single commas"))
    }
}
