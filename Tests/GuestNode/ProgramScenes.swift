import CommandLineTool
import Glibc

/// The project's kernel programs on this kernel.
struct ProgramScenes {
    let results: String
    /// Where the executables of the build are: this one is called by its whole path.
    let executables: String

    init(results: String) {
        self.results = results
        executables = CommandLine.arguments[0].split(separator: "/").dropLast().map { "/" + $0 }.joined()
    }

    var tool: String { "\(executables)/kmesh-live" }

    /// Loads all of them, and says what of the kernel is missing.
    func doctor() throws {
        try note("doctor", [tool, "doctor"])
    }

    /// Random cases in the kernel and in the simulator.
    func differential() throws {
        try note(
            "differential",
            [
                "env", "COUNT=12", "SEED=1", "REQUIRE_ALL_TESTS=1",
                "\(executables)/kmesh-twinsPackageTests.xctest",
                "--testing-library", "swift-testing", "--filter", "DifferentialTests/theTwinsAgreeOnRandomCases",
            ])
    }

    private func note(_ name: String, _ arguments: [String]) throws {
        let done = try runToEnd(arguments)
        makeDirectory("\(results)/\(name)")
        let facts: JSONValue = ["code": JSONValue(done.code), "text": .string(done.text)]
        try writeFile("\(results)/\(name)/facts.json", facts.pretty + "\n")
    }
}
