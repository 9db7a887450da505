import CommandLineTool
import Glibc
import Live

/// `kmesh-live manage`
struct ManageCommand: ToolCommand {
    /// Arguments and help.
    static let declaration = Command(
        "manage", summary: "Put a pod under the mesh.",
        discussion: """
            From then on connections from its network namespace are looked up in the maps. Managing twice is the same as once; \
            the agent need not run. What comes to the pod is judged by the policies of the mesh as soon as an agent runs; \
            where that cannot be, because another XDP program has an interface of the pod, it is said on standard error.
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

    func run(on console: inout Console) throws -> ExitCode {
        let found = try NetworkNamespace(path: namespace.path)
        let own = try NetworkNamespace(path: "/proc/self/ns/net")
        guard found.cookie != own.cookie else {
            throw AgentError.refused("\(namespace.path) is the node's own network namespace, which is never managed")
        }
        let managed = ManagedPod(namespace: pod.namespace, name: pod.name, in: found)
        try ManagedPods.change(inDirectory: stateDirectory) { (pods) throws(AgentError) in
            // An earlier namespace of the same pod is gone, or will go: it is this one now.
            for old in pods.pods(named: pod.name, namespace: pod.namespace) where old.netnsCookie != found.cookie {
                _ = pods.release(cookie: old.netnsCookie)
                try Self.release(old, in: pinDirectory)
            }
            pods.manage(managed)
        }
        try Self.set(managed, isManaged: true, in: pinDirectory)
        let document = managed.document
        if isJSON { try console.write(document) } else { try console.write(managed.text + "\n") }
        try tellEnforcement(of: managed, on: &console)
        return .ok
    }

    /// Says where the pod is not judged, once the agent has had the time to attach.
    private func tellEnforcement(of pod: ManagedPod, on console: inout Console) throws {
        let pins = PinDirectory(pinDirectory)
        guard Dataplane.isPinned(in: pins) else { return }
        let state = StateView(stateDirectory)
        var enforcement = try PodEnforcement(of: pod, pins)
        for _ in 0..<Self.mostLooks where enforcement.isPending && state.agent != nil {
            usleep(Self.lookPeriod)
            enforcement = try PodEnforcement(of: pod, pins)
        }
        if !enforcement.isEnforced { console.say(enforcement.text) }
    }

    /// Three seconds together, in microseconds.
    private static let (mostLooks, lookPeriod) = (150, UInt32(20_000))

    /// Lets a pod go from km_manage, and takes the programs from its interfaces.
    static func release(_ pod: ManagedPod, in pinDirectory: String) throws(AgentError) {
        try set(pod, isManaged: false, in: pinDirectory)
        do throws(LoadError) {
            try XDPAttachment.detach(fromNamespace: pod.netnsCookie, PinDirectory(pinDirectory))
        } catch {
            throw .load(error)
        }
    }

    /// Writes km_manage, where a data plane is pinned; without one the agent does it when it starts.
    static func set(_ pod: ManagedPod, isManaged: Bool, in pinDirectory: String) throws(AgentError) {
        guard Dataplane.isPinned(in: PinDirectory(pinDirectory)) else { return }
        try PinnedMaps(PinDirectory(pinDirectory)).set(pod, isManaged: isManaged)
    }
}
