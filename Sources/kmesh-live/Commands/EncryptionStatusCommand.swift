import CommandLineTool
import Live

/// `kmesh-live encryption status`
struct EncryptionStatusCommand: ToolCommand {
    static let group: Command? = Command(
        "encryption", summary: "Say how packets between nodes are encrypted.",
        examples: [.init("kmesh-live encryption status", "Is everything encrypted, and who is behind?")],
        subcommands: [EncryptionStatusCommand.declaration])

    /// Arguments and help.
    static let declaration = Command(
        "status", summary: "Show nodes, versions of the key, what stands in the kernel, and what was refused.",
        discussion: """
            For each node: which version of the key it receives under, and whether that is behind or ahead of this \
            node's; whether this node hears it, and what becomes of packets to its pods. The kernel's counters are of \
            this network namespace and have been counted since it was made, by others' packets too; those that are 0 are left \
            out unless --all is given. Works with and without a running agent, and never shows a key.

            Exits with 1 when a node is not heard, or not sent to encrypted, when no agent runs, or anything else is wrong.
            """,
        examples: [
            .init("kmesh-live encryption status", "Is everything encrypted, and who is behind?"),
            .init(
                "kmesh-live encryption status -o json | jq '.peers[] | select(.standing != \"same\")'",
                "List nodes with another version of the key."),
        ],
        options: [
            .pinDirectory, .stateDirectory, .flag("all", help: "Show counters that are 0 as well."),
            .output(["text", "json"]),
        ])

    let pinDirectory: String
    let stateDirectory: String
    let showsAll: Bool
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) {
        pinDirectory = invocation.pinDirectory
        stateDirectory = invocation.stateDirectory
        showsAll = invocation.flag("all")
        isJSON = invocation.value("output") == "json"
    }

    func run(on console: inout Console) throws -> ExitCode {
        let status = try EncryptionStatus(PinDirectory(pinDirectory), state: stateDirectory)
        let report = EncryptionStatusReport(status: status, showsAll: showsAll)
        if isJSON { try console.write(report.document) } else { try console.write(report.text) }
        return status.isWhole ? .ok : .failed
    }
}
