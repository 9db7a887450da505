import CommandLineTool

/// `kmesh-live manage`
struct ManageCommand {
    /// Arguments and help.
    static let declaration = Command(
        "manage", summary: "Put a network namespace under the mesh.",
        discussion: """
            From then on connections of its processes are looked up in the maps. Managing twice is the same as once; \
            the agent need not run.
            """,
        examples: [
            .init("kmesh-live manage --pid 4711", "Put the pod of a process under the mesh."),
            .init("kmesh-live manage --netns /run/netns/web --pod shop/web", "Name the pod too."),
        ],
        options: NamespaceReference.options + [
            .value("pod", "NAMESPACE/NAME", help: "The pod that it is, for status and logs."),
            .pinDirectory, .stateDirectory, .output(["text", "json"]),
        ])

    let namespace: NamespaceReference
    let pod: PodName?
    let pinDirectory: String
    let stateDirectory: String
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws(UsageError) {
        namespace = try NamespaceReference(invocation)
        pod = try PodName(invocation)
        pinDirectory = invocation.pinDirectory
        stateDirectory = invocation.stateDirectory
        isJSON = invocation.value("output") == "json"
    }
}

/// A pod by its namespace and name.
struct PodName: Hashable {
    let namespace: String
    let name: String

    /// Takes it from `--pod`, nil when that is left out.
    fileprivate init?(_ invocation: Invocation) throws(UsageError) {
        guard let text = invocation.value("pod") else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw invocation.usageError(.badValue(of: "--pod", value: text, expected: "NAMESPACE/NAME"))
        }
        (namespace, name) = (parts[0], parts[1])
    }
}
