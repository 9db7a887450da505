import CommandLineTool
import Live

/// `kmesh-live detach`
struct DetachCommand: ToolCommand {
    /// Arguments and help.
    static let declaration = Command(
        "detach", summary: "Take the programs out of force and remove everything that is pinned.",
        discussion: """
            New connections are the kernel's own again; those that are established go on. Stop the agent first, or \
            it puts everything back. The kernel's IPsec states and policies that the agent made are removed, others \
            stay; the node's KmeshNodeInfo is yours to remove, before: other nodes go on sending to it encrypted. The \
            state directory is kept.
            """,
        examples: [.init("kmesh-live detach", "Remove the data plane of this host.")],
        options: [.pinDirectory, .stateDirectory, .output(["text", "json"])])

    let pinDirectory: String
    let stateDirectory: String
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) {
        pinDirectory = invocation.pinDirectory
        stateDirectory = invocation.stateDirectory
        isJSON = invocation.value("output") == "json"
    }

    func run(on console: inout Console) throws -> ExitCode {
        if let agent = StateView(stateDirectory).agent {
            throw AgentError.refused("an agent runs (process \(agent)); stop it first, or it puts everything back")
        }
        let removed = try Dataplane.detach(from: PinDirectory(pinDirectory))
        let rules = try EncryptionRemoval.perform(inDirectory: stateDirectory)
        if isJSON {
            try console.write(
                [
                    "removed": .array(removed.map { .string($0) }), "states": JSONValue(rules.states),
                    "policies": JSONValue(rules.policies),
                ] as JSONValue)
        } else {
            for name in removed { try console.write("removed \(pinDirectory)/\(name)\n") }
            if rules.states + rules.policies > 0 {
                try console.write("removed \(rules.states) IPsec states and \(rules.policies) policies\n")
            }
            if removed.isEmpty { console.say("nothing of ours is pinned in \(pinDirectory)") }
        }
        return .ok
    }
}
