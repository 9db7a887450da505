import CommandLineTool
import Live

/// `kmesh-live release`
struct ReleaseCommand: ToolCommand {
    /// Arguments and help.
    static let declaration = Command(
        "release", summary: "Take a pod out of the mesh.",
        discussion: "New connections of its processes are left alone, and what comes to it is judged no more; "
            + "connections that are established go on.",
        examples: [
            .init("kmesh-live release --pod shop/web", "Release a pod by the name that it was managed by."),
            .init("kmesh-live release --pid 4711", "Release the pod of a process."),
        ],
        options: NamespaceReference.options + [
            .value("pod", "[NAMESPACE/]NAME", help: PodName.help), .pinDirectory, .stateDirectory,
            .output(["text", "json"]),
        ])

    /// What is to be released.
    enum Target: Hashable {
        case namespace(NamespaceReference)
        /// Whatever was managed by this name.
        case pod(PodName)
    }

    let target: Target
    let pinDirectory: String
    let stateDirectory: String
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws(UsageError) {
        switch (try NamespaceReference(invocation), try PodName(invocation)) {
        case (let namespace?, nil): target = .namespace(namespace)
        case (nil, let pod?): target = .pod(pod)
        default: throw invocation.usageError(.rule("give one of --pid, --netns and --pod"))
        }
        pinDirectory = invocation.pinDirectory
        stateDirectory = invocation.stateDirectory
        isJSON = invocation.value("output") == "json"
    }

    func run(on console: inout Console) throws -> ExitCode {
        var released: [ManagedPod] = []
        try ManagedPods.change(inDirectory: stateDirectory) { (pods) throws(AgentError) in
            switch target {
            case .pod(let pod): released = pods.pods(named: pod.name, namespace: pod.namespace)
            case .namespace(let namespace):
                let found = try AgentError.kernel { () throws(KernelError) in try NetworkNamespace(path: namespace.path)
                }
                released = pods[found.cookie].map { [$0] } ?? []
            }
            for pod in released {
                try ManageCommand.release(pod, in: pinDirectory)
                _ = pods.release(cookie: pod.netnsCookie)
            }
        }
        if isJSON {
            try console.write(["released": .array(released.map(\.document))] as JSONValue)
        } else {
            for pod in released { try console.write("released \(pod.text)\n") }
        }
        guard !released.isEmpty else {
            console.say("no such pod is managed")
            return .failed
        }
        return .ok
    }
}
