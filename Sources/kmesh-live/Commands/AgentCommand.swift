import CommandLineTool
import Inputs
import Live
import Model

/// `kmesh-live agent`
struct AgentCommand: ToolCommand {
    /// Arguments and help.
    static let declaration = Command(
        "agent", summary: "Keep the maps in the kernel as the mesh wants them, and the programs attached.",
        discussion: """
            Reads the mesh, compares it with what the maps hold, applies the difference, and watches the files for \
            changes. What is pinned stays in force when the agent ends; the next one takes it over. The command \
            detach removes it.

            Every option but --config, --once and --dry-run can stand in the file that --config names, by its long \
            name: "pin-dir: /sys/fs/bpf/kmesh"; lists where an option may have several values, and option as a \
            mapping: "option: {noEndpoint: leave}". What is given on the command line takes the place of what the \
            file says; single options are added to those of the file. Paths in a file count from its directory.
            """,
        examples: [
            .init("kmesh-live agent --mesh mesh/", "Put a mesh in force and follow its files."),
            .init("kmesh-live agent --mesh mesh.yaml --dry-run", "Show what would be written, and write nothing."),
            .init(
                "kubectl get -A -o yaml namespaces,nodes,pods,services,endpointslices | "
                    + "kmesh-live agent --mesh - --once",
                "Put the state of a cluster in force once."),
            .init(
                "kmesh-live agent --config /etc/kmesh-live/config.yaml --log-level debug",
                "Take the settings from a file, but for one."),
            .init(
                "kmesh-live agent --mesh mesh/ --preset upstream --adopt /sys/fs/bpf/bpf_kmesh_workload/map "
                    + "--adopt-names /mnt/workload_hash_name.yaml",
                "Take over the maps of a Kmesh daemon that is stopped."),
        ],
        options: sources + encryption + behaviour + observation + modes)

    private static let sources: [Option] = [
        .value("config", "FILE", help: "Read settings from this file; - is standard input."),
        .value(
            "mesh", short: "m", "FILE", arity: .several,
            help: """
                Kubernetes manifests, ztunnel configurations, Kmesh configuration dumps, or directories of them. - is \
                standard input, with --once or --dry-run. Needed here or in the file of --config.
                """),
        .cgroup, .pinDirectory, .stateDirectory,
        .value("adopt", "DIR", help: "Use the maps that upstream Kmesh pinned in this directory."),
        .value("adopt-names", "FILE", help: "The table of names and ids of the daemon whose maps are adopted."),
        .value("node", "NAME", presence: .defaults(to: "the host's name"), help: "This node's name in the mesh."),
        .value(
            "node-address", "ADDRESS", arity: .repeatable,
            help: "An address of this node, from which it probes its pods."),
        .value(
            "pod-gateway", "ADDRESS", arity: .repeatable,
            help: "An address from which the node reaches its pods; at most 8 with those of --node-address."),
        .value("dns-proxy", "ADDRESS", help: "Send DNS questions of managed pods to this IPv4 address."),
    ]

    private static let encryption: [Option] = [
        .value(
            "encryption-key", "FILE",
            help: """
                Encrypt between this node's pods and those of other nodes, with the key in this file, which is watched. \
                Needs --node-info, --node-address and --pod-cidr.
                """),
        .value(
            "node-info", "DIR",
            help: "Where nodes tell each other how to reach them: KmeshNodeInfo in YAML, one file each."),
        .value(
            "uplink", "NAME", arity: .repeatable,
            presence: .defaults(to: "those that have the node's addresses"),
            help: "A network interface by which other nodes are reached."),
        .value("pod-cidr", "PREFIX", arity: .repeatable, help: "Addresses of this node's pods."),
    ]

    private static let behaviour: [Option] = [
        .value(
            "preset", short: "p", "PRESET", choices: Preset.allCases.map(\.rawValue),
            presence: .defaults(to: "hardened"), help: "How the data plane behaves."),
        .value(
            "option", "NAME=VALUE", arity: .repeatable,
            help: """
                Change a single option of the preset, such as noEndpoint=leave. Names: \
                \(OptionName.allCases.map(\.rawValue).joined(separator: ", ")).
                """),
        .flag("periodic-reports", help: "Report long connections every 5 seconds while they last."),
    ]

    private static let observation: [Option] = [
        .value("metrics", "ADDRESS:PORT", help: "Serve /metrics, /healthz and /readyz here."),
        .value("reports", "FILE", help: "Write connection reports as lines of JSON; - is standard output."),
        .value("access-log", "FILE", help: "Write closed connections as lines of JSON; - is standard output."),
        .value(
            "log-format", "FORMAT", choices: LogFormat.allCases.map(\.rawValue),
            presence: .defaults(to: "text"), help: "How to write the log, which goes to standard error."),
        .value(
            "log-level", "LEVEL", choices: LogLevel.allCases.map(\.rawValue),
            presence: .defaults(to: "info"), help: "What is important enough for the log."),
    ]

    private static let modes: [Option] = [
        .flag("once", help: "Put the mesh in force and exit, instead of watching it."),
        .flag("dry-run", help: "Print the writes that would be made, and exit."),
        .output(["text", "json"]),
    ]

    /// How far the agent goes.
    enum Mode: Hashable {
        /// Until it is told to end.
        case watch
        case once
        case dryRun
    }

    let configuration: AgentConfiguration
    let mode: Mode
    /// Of the plan that a dry run prints.
    let isJSON: Bool

    /// Takes what was asked for from the command line, and reads the configuration file.
    init(_ invocation: Invocation) throws {
        configuration = try invocation.agentConfiguration()
        switch (invocation.flag("once"), invocation.flag("dry-run")) {
        case (true, true): throw invocation.usageError(.rule("--once and --dry-run exclude each other"))
        case (true, false): mode = .once
        case (false, true): mode = .dryRun
        case (false, false): mode = .watch
        }
        isJSON = invocation.value("output") == "json"
        let readsInput = configuration.mesh.count { $0 == "-" } + (invocation.value("config") == "-" ? 1 : 0)
        guard readsInput <= 1 else { throw invocation.usageError(.rule("standard input can be read only once")) }
        guard mode != .watch || !configuration.mesh.contains("-") else {
            throw invocation.usageError(
                .rule("a mesh from standard input cannot be watched; add --once, or name a file"))
        }
    }

    func run(on console: inout Console) throws -> ExitCode {
        let log = Log(level: configuration.logLevel, format: configuration.logFormat)
        switch mode {
        case .dryRun:
            let plan = try AgentPlan(configuration)
            if isJSON { try console.write(plan.document) } else { try console.write(plan.text) }
            return .ok
        case .once:
            _ = try Agent.start(configuration, log: log)
            return .ok
        case .watch:
            let signals = try SignalQueue()
            var agent = try Agent.start(configuration, log: log)
            try agent.run(signals, version: Tool.version)
            return .ok
        }
    }
}

extension Invocation {
    /// The settings of the file that `--config` names and of the command line, checked.
    fileprivate func agentConfiguration() throws -> AgentConfiguration {
        let file = try value("config").map { try AgentSettings(file: $0) } ?? AgentSettings()
        var own = AgentSettings()
        for setting in AgentSetting.allCases {
            if setting == .periodicReports {
                if flag(setting.rawValue) { own.add("true", to: setting) }
            } else {
                for text in values(setting.rawValue) { own.add(text, to: setting) }
            }
        }
        do {
            return try AgentConfiguration(file.overridden(by: own), hostName: SystemName().host)
        } catch {
            if let inFile = error.inputError { throw inFile }
            throw usageError(.rule(error.description))
        }
    }
}
