import CommandLineTool

/// `kmesh-live release`
struct ReleaseCommand {
    /// Arguments and help.
    static let declaration = Command(
        "release", summary: "Take a network namespace out of the mesh.",
        discussion: "New connections of its processes are left alone; those that are established go on.",
        examples: [.init("kmesh-live release --pid 4711", "Release the pod of a process.")],
        options: NamespaceReference.options + [.pinDirectory, .stateDirectory, .output(["text", "json"])])

    let namespace: NamespaceReference
    let pinDirectory: String
    let stateDirectory: String
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws(UsageError) {
        namespace = try NamespaceReference(invocation)
        pinDirectory = invocation.pinDirectory
        stateDirectory = invocation.stateDirectory
        isJSON = invocation.value("output") == "json"
    }
}
