import CommandLineTool
import Sim
import SimOutput

/// `kmesh-sim conform`
struct ConformCommand {
    /// Arguments and help.
    static let declaration = Command(
        "conform", summary: "Run conformance vectors.",
        discussion: """
            A file holds a case a line, in JSON: its family, an input and what must come out. A case that does not \
            hold gives a line with its id. Families that are not known here, and cases that state what another \
            implementation does, are skipped and named with the reason.
            """,
        examples: [
            .init("kmesh-sim conform vectors/*.jsonl", "Run all files."),
            .init(
                "kmesh-sim conform --require connect,waypoint vectors/*.jsonl",
                "Fail also when cases of these families are missing or skipped."),
        ],
        positionals: [.init("FILE", maximum: nil, help: "Files of vectors; - is standard input.")],
        options: [
            .value(
                "require", "FAMILIES", arity: .repeatable,
                help: """
                    Families, with commas between, of which there must be cases and none may be skipped but for \
                    those of another dialect. Known: \
                    \(ConformanceFamily.allCases.map(\.rawValue).joined(separator: ", ")).
                    """),
            .output(["text", "json"]),
        ])

    private let files: [String]
    private let required: [String]
    private let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws(UsageError) {
        files = invocation.positionals
        required = try invocation.list("require")
        isJSON = invocation.value("output") == "json"
        guard files.filter({ $0 == "-" }).count <= 1 else {
            throw invocation.usageError(.rule("standard input can be read only once"))
        }
    }

    /// Runs every case.
    func run(on console: inout Console) throws -> ExitCode {
        let report = try Conformance.run(files: files, requiring: required)
        if isJSON { try console.write(report.json) } else { try console.write(report.text) }
        return report.isSuccess ? .ok : .failed
    }
}
