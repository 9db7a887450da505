import CommandLineTool
import Live

/// `kmesh-live authz`
struct AuthzCommand: ToolCommand {
    /// Arguments and help.
    static let declaration = Command(
        "authz", summary: "Say who decides about connections to managed pods, and how it goes.",
        discussion: """
            With on, the kernel decides by the compiled policies, on the first packet. With off the agent decides once \
            a connection is established, and a denied one is reset by its next packet: only for trying, and for \
            looking for mistakes. It holds at once, with and without a running agent, and over restarts; enable and \
            disable are the same words as kmeshctl's. With preset upstream, and the option authorization=userSpace, the \
            agent decides in any case.

            status shows who decides, how many policies are in force, the pods where that is so and those where it is \
            not, with the reason, and how many packets were denied for which reason.

            Exits with 1 when status finds nothing pinned, or a managed pod whose connections are not judged.
            """,
        examples: [
            .init("kmesh-live authz status", "Are the policies in force, and where not?"),
            .init("kmesh-live authz off", "Let the agent decide instead of the kernel."),
            .init("kmesh-live authz on", "Let the kernel decide again."),
            .init(
                "kmesh-live authz status -o json | jq '.pods[] | select(.enforced | not) | {pod, gaps}'",
                "List the pods where policies are not in force."),
        ],
        positionals: [.init("ACTION", choices: Action.allCases.map(\.rawValue), help: "What to do.")],
        options: [.pinDirectory, .stateDirectory, .output(["text", "json"])])

    /// What to do.
    enum Action: String, CaseIterable {
        case on, off, status, enable, disable

        /// What to switch to, nil to look.
        var offload: OffloadSwitch? {
            switch self {
            case .on, .enable: .on
            case .off, .disable: .off
            case .status: nil
            }
        }
    }

    let action: Action
    let pinDirectory: String
    let stateDirectory: String
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) {
        action = Action(rawValue: invocation.positionals[0]) ?? .status
        pinDirectory = invocation.pinDirectory
        stateDirectory = invocation.stateDirectory
        isJSON = invocation.value("output") == "json"
    }

    func run(on console: inout Console) throws -> ExitCode {
        let pins = PinDirectory(pinDirectory)
        if let offload = action.offload {
            try offload.set(inDirectory: stateDirectory, pins)
            if isJSON {
                try console.write(["offload": .string(offload.rawValue)] as JSONValue)
            } else {
                try console.write("offload is \(offload.rawValue)\n")
            }
            let record = try AuthorizationRecord(inDirectory: stateDirectory)
            if let record, record.decides != .compiled {
                console.say("the agent runs with authorization=\(record.decides.rawValue), and decides in any case")
            } else if offload == .off, StateView(stateDirectory).agent == nil {
                console.say("no agent runs: until one does, nobody decides, and everything gets in")
            }
            return .ok
        }
        let report = AuthzReport(status: try AuthorizationStatus(pins, state: stateDirectory))
        if isJSON { try console.write(report.document) } else { try console.write(report.text) }
        return report.status.pods.allSatisfy { $0.enforcement.isEnforced } ? .ok : .failed
    }
}
