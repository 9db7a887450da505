import CommandLineTool

/// `kmesh-live manage`
struct ManageCommand {
    /// Arguments and help.
    static let declaration = Command(
        "manage", summary: "Put a pod under the mesh.",
        discussion: """
            From then on connections from its network namespace are looked up in the maps. Managing twice is the same as once; \
            the agent need not run.
            """,
        examples: [
            .init("kmesh-live manage --pid 4711 --pod shop/web", "Put the pod of a process under the mesh."),
            .init("kmesh-live manage --netns /run/netns/web --pod shop/web", "The same, by the pod's namespace."),
        ],
        options: NamespaceReference.options + [
            .value("pod", "[NAMESPACE/]NAME", presence: .required, help: PodName.help),
            .pinDirectory, .stateDirectory, .output(["text", "json"]),
        ])

    let namespace: NamespaceReference
    let pod: PodName
    let pinDirectory: String
    let stateDirectory: String
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws(UsageError) {
        guard let namespace = try NamespaceReference(invocation) else {
            throw invocation.usageError(.rule("give either --pid or --netns"))
        }
        self.namespace = namespace
        guard let pod = try PodName(invocation) else { preconditionFailure("--pod is required") }
        self.pod = pod
        pinDirectory = invocation.pinDirectory
        stateDirectory = invocation.stateDirectory
        isJSON = invocation.value("output") == "json"
    }
}
