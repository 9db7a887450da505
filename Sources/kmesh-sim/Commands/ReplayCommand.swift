import Captures
import CommandLineTool
import Inputs
import Model
import Scenario
import Sim
import SimOutput

/// `kmesh-sim replay`
struct ReplayCommand {
    /// Arguments and help.
    static let declaration = Command(
        "replay", summary: "Show what the data plane makes of captured packets.",
        discussion: """
            Takes packet captures (pcap and pcapng, plain, gzip or zstd) and a mesh, and puts every packet through the \
            data plane: the connection it belongs to and where that was sent, marks, encryption with real ESP, and \
            the verdict of authorization. Several captures are merged by time.

            A capture is taken somewhere, and the hooks that apply are those behind that place: in a pod \
            (pod:NAMESPACE/NAME) all, for what the pod sends; at a node's uplink (node:NAME) or between the nodes \
            (wire) only those of the receiving node. Without --at it is guessed from the addresses, and said.

            Encryption needs the nodes' rules: key files with --keys, for meshes with KmeshNodeInfo objects, or what \
            was set up on a node, as ip xfrm prints it or as ip xfrm command lines, with --xfrm.

            With -o csv every flow is a line, written when the flow ends. --packet N explains one packet and nothing \
            else.

            Exits with 1 when packets were in clear that had to be encrypted, or were dropped or refused, or a capture \
            breaks off; with 3 when nothing could be read.
            """,
        examples: [
            .init("kmesh-sim replay today.pcap --mesh mesh.yaml", "What would Kmesh make of today's traffic?"),
            .init(
                "kmesh-sim replay web.pcap --at pod:shop/web --mesh mesh.yaml --packet 17",
                "Explain the way of one packet."),
            .init(
                "kmesh-sim replay pod.pcap.gz --mesh mesh/ --keys key.json --pcap-out all.pcapng",
                "See every packet in Wireshark wherever it passes, encrypted and decrypted."),
            .init(
                "kmesh-sim replay a.pcap b.pcap --at pod:shop/a pod:shop/b --mesh mesh.yaml --xfrm rules.txt "
                    + "--wire-out wire.pcap",
                "Make the wire's packets of what two pods sent."),
        ],
        positionals: [.init("CAPTURE", maximum: nil, help: "Capture files; - is standard input.")],
        options: [
            .mesh, .nodes,
            .value(
                "at", "PLACE", arity: .several,
                help: """
                    Where the captures were taken, in their order: pod:NAMESPACE/NAME, node:NAME, or wire. One place \
                    counts for all.
                    """),
            .filter, .tunnels,
            .value(
                "keys", "FILE", arity: .several,
                help: "Kmesh's key files, the current one last; nodes come with KmeshNodeInfo objects of the mesh."),
            .value(
                "xfrm", "[NODE=]FILE", arity: .several,
                help: """
                    States and policies of a node as ip xfrm state and ip xfrm policy print them, or ip xfrm command \
                    lines, with [NODE] before each where they are of several nodes.
                    """),
            .value(
                "managed", "PODS", choices: ["all", "labelled", "none"], presence: .defaults(to: "all"),
                help: "Which pods the mesh manages: all, those whose labels ask for it, or none."),
            .value(
                "chance-from", "CAPTURE",
                help: """
                    Take what kernels draw by chance, the IVs of ESP and the identifications of outer headers, and the \
                    first sequence numbers from a capture of the wire, so that the bytes can be compared.
                    """),
            .value("packet", "N", help: "Explain the packet with this number, step by step."),
            .value(
                "pcap-out", "FILE",
                help: "Write every packet, at each place it passes, to a pcapng file; keys of encryption are in it."),
            .value("wire-out", "FILE", help: "Write what is on the wire between nodes to a pcap file."),
            .value("esp-sa", "FILE", help: "Write the keys of all states as Wireshark's file esp_sa."),
            .value(
                "preset", short: "p", "PRESET", choices: Preset.allCases.map(\.rawValue),
                help: """
                    How the data plane behaves. Default: hardened, but upstream for map dumps, which are a Kmesh node's.
                    """),
            .seed(default: "1"),
            .value(
                "output", short: "o", "FORMAT", choices: ["text", "json", "csv"], presence: .defaults(to: "text"),
                help: "How to print the results; csv lists flows."),
        ])

    private let invocation: Invocation
    private let format: String
    private let packet: UInt64?
    private let preset: Preset?
    private let seed: UInt64?

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws(UsageError) {
        self.invocation = invocation
        format = invocation.value("output") ?? "text"
        packet = try invocation.unsigned("packet", in: 1...UInt64.max)
        seed = try invocation.unsigned("seed")
        preset = invocation.value("preset").flatMap(Preset.init)
        guard packet == nil || format != "csv" else {
            throw invocation.usageError(.rule("--packet explains one packet; -o csv lists flows"))
        }
        guard packet == nil || (invocation.value("pcap-out") == nil && invocation.value("wire-out") == nil) else {
            throw invocation.usageError(.rule("--packet stops at that packet; leave --pcap-out and --wire-out out"))
        }
        let places = invocation.values("at")
        guard places.count <= 1 || places.count == invocation.positionals.count else {
            throw invocation.usageError(.rule("--at: give one place, or one for each capture"))
        }
        let outputs = ["pcap-out", "wire-out", "esp-sa"].compactMap { invocation.value($0) }
        guard !outputs.contains("-") else {
            throw invocation.usageError(.rule("standard output is for the report; write packets and keys to files"))
        }
        let inputs = invocation.positionals + ["mesh", "nodes", "keys", "xfrm", "chance-from"].flatMap(files(of:))
        let isRead = outputs.contains { output in inputs.contains { CaptureReader.areSame(output, $0) } }
        guard Set(outputs).count == outputs.count, !isRead else {
            throw invocation.usageError(.rule("a file can be written once only, and not where it is read"))
        }
        guard (invocation.positionals + invocation.values("mesh")).filter({ $0 == "-" }).count <= 1 else {
            throw invocation.usageError(.rule("standard input can be read only once"))
        }
    }

    /// The files that an option names; of `NODE=FILE` the file.
    private func files(of option: String) -> [String] {
        invocation.values(option).map { text in
            option == "xfrm" ? text.split(separator: "=", maxSplits: 1).last.map(String.init) ?? text : text
        }
    }

    /// Reads the mesh and the captures, and replays.
    func run(on console: inout Console) throws -> ExitCode {
        // Before the mesh, which takes longer.
        var packets = try invocation.packets()
        let setup = try ReplaySetup(invocation, preset: preset, seed: seed ?? 1, on: &console)
        let places = try CapturePlaces(invocation, in: setup.world.mesh, of: &packets)
        var session = ReplaySession(setup, places, invocation, packet: packet, listsFlows: format == "csv")
        let report = try session.run(&packets, on: &console)
        for fault in packets.faults { console.say("\(fault)") }
        guard packets.couldBeRead else {
            for index in invocation.positionals.indices {
                for note in packets.notes(of: index) { console.say("\(invocation.positionals[index]): \(note)") }
            }
            return .badInput
        }
        return try show(report, of: session, &packets, on: &console)
    }

    private func show(
        _ report: ReplayReport?, of session: ReplaySession, _ packets: inout NetworkPackets, on console: inout Console
    ) throws -> ExitCode {
        guard let report else {
            guard let trace = session.trace, let resolution = trace.resolution else {
                throw InputError(
                    "--packet", nil, "there is no packet \(packet ?? 0); the captures have \(session.packetCount)")
            }
            let sections = trace.sections(world: session.engine.world, network: session.engine.network)
            let text = PacketTraceText(
                captured: trace.captured, at: session.vantage(of: resolution.record), sections, resolution)
            if format == "json" {
                try console.write(text.json)
            } else {
                try console.write(text.text(console.style))
            }
            return .ok
        }
        let sources = session.sources(packets, preset: session.setup.preset, seed: seed ?? 1)
        switch format {
        case "json": try console.write(report.json(of: sources))
        case "csv": for note in sources.notes + report.notes { console.say("note: \(note)") }
        default: try console.write(ReplayText(report, of: sources, style: console.style).text)
        }
        let isBroken = !packets.faults.isEmpty
        return report.leaks.isEmpty && report.drops.isEmpty && !isBroken ? .ok : .failed
    }
}
