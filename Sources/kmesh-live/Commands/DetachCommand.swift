import CommandLineTool

/// `kmesh-live detach`
struct DetachCommand {
    /// Arguments and help.
    static let declaration = Command(
        "detach", summary: "Take the programs out of force and remove everything that is pinned.",
        discussion: """
            New connections are the kernel's own again; those that are established go on. Stop the agent first, or \
            it puts everything back. The state directory is kept.
            """,
        examples: [.init("kmesh-live detach", "Remove the data plane of this host.")],
        options: [.pinDirectory, .output(["text", "json"])])

    let pinDirectory: String
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) {
        pinDirectory = invocation.pinDirectory
        isJSON = invocation.value("output") == "json"
    }
}
