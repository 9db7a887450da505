import CommandLineTool
import Live

/// `kmesh-live status`
struct StatusCommand: ToolCommand {
    /// Arguments and help.
    static let declaration = Command(
        "status", summary: "Show what is in force on this host.",
        discussion: """
            Programs and where they are attached, maps and how full they are, managed namespaces, and how often \
            each hook ended for each reason. Works with and without a running agent.

            Exits with 1 when nothing is pinned, or when programs are pinned but not attached.
            """,
        examples: [
            .init("kmesh-live status", "Look at the data plane of this host."),
            .init("kmesh-live status -o json | jq '.maps[] | {name, entries, capacity}'", "See how full the maps are."),
        ],
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
        let state = StateView(stateDirectory)
        let pinned = try PinnedMaps(PinDirectory(pinDirectory))
        let pods = try state.pods().sorted.map { pod throws(AgentError) in
            (pod, try PodEnforcement(of: pod, PinDirectory(pinDirectory)))
        }
        let report = StatusReport(
            agent: state.agent, pinDirectory: pinDirectory, attached: try pinned.attachedPrograms(),
            maps: try pinned.snapshot().fills, exits: try pinned.exitCounts(), pods: pods,
            nameCount: try state.names().count)
        if isJSON { try console.write(report.document) } else { try console.write(report.text) }
        return report.attached.isEmpty ? .failed : .ok
    }
}
