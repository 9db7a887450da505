import CommandLineTool
import Inputs
import Model
import Scenario
import Sim
import SimOutput

/// `kmesh-sim connect`
struct ConnectCommand {
    /// Arguments and help.
    static let declaration = Command(
        "connect", summary: "Show where a connection of a pod goes, and why.",
        discussion: """
            The trace names every map that is looked into, what is found there, and each option of the preset that \
            makes a difference. Only the maps of the caller's node are built, so a large mesh is no hindrance.

            With two presets the command compares them and exits with 1 when they decide differently.
            """,
        examples: [
            .init(
                "kmesh-sim connect --mesh mesh.yaml --from productpage-v1 --to reviews:9080",
                "Ask for a service by its name."),
            .init(
                "kubectl get -A -o yaml namespaces,nodes,pods,services,endpointslices | "
                    + "kmesh-sim connect --mesh - --from shop/web --to 10.96.0.20:80 --repeat 1000",
                "Ask about a running cluster, a thousand times."),
            .init(
                "kmesh-sim connect --mesh dumps/ --from web --to 10.96.0.20:80",
                "Ask the maps of a real node, dumped with bpftool; the preset is then upstream."),
        ],
        options: [
            .mesh, .nodes,
            .value("from", "POD", presence: .required, help: "The caller: a pod, or a workload that owns pods."),
            .value(
                "to", "HOST:PORT", presence: .required,
                help: "Where it connects to: an address, a service or a pod, and a port."),
            .value(
                "protocol", "PROTOCOL", choices: Connect.Transport.allCases.map(\.rawValue),
                presence: .defaults(to: "tcp"), help: "What kind of socket connects."),
            .flag("mapped", help: "Connect an IPv6 socket to the IPv4 address, as ::ffff:a.b.c.d."),
            .value("repeat", "N", presence: .defaults(to: "1"), help: "How many times, each time with a new socket."),
            .preset(default: "hardened"), .seed(default: "1"),
            .value(
                "trace", short: "t", "DETAIL", choices: ["decisions", "full"], presence: .defaults(to: "full"),
                help: "How much to tell about decisions: with full every lookup."),
            .output(["text", "json"]),
        ])

    private let scenario: Scenario
    private let presets: [Preset]
    private let seed: UInt64?
    private let detail: TraceDetail
    private let isJSON: Bool

    /// Takes what was asked for from the command line, and reads the nodes' file.
    init(_ invocation: Invocation) throws {
        var presets = try invocation.presets()
        if presets.isEmpty, let preset = try invocation.presetOfSources() { presets = [preset] }
        self.presets = presets
        seed = try invocation.unsigned("seed")
        detail = invocation.value("trace").flatMap(TraceDetail.init) ?? .full
        isJSON = invocation.value("output") == "json"
        let count: Int? = try invocation.unsigned("repeat", in: 1...Connect.repeatLimit)
        let mesh = try invocation.mesh(readTimes: presets.count)
        var question = try Self.question(invocation)
        question.repeatCount = count ?? 1
        question.transport = invocation.value("protocol").flatMap(Connect.Transport.init) ?? .tcp
        scenario = Scenario(asking: question, mesh: mesh, nodes: try invocation.nodes())
    }

    private static func question(_ invocation: Invocation) throws(UsageError) -> Scenario.Question {
        do throws(InputError) {
            return try Scenario.Question(
                from: invocation.value("from") ?? "", to: invocation.value("to") ?? "",
                isMapped: invocation.flag("mapped"))
        } catch {
            throw invocation.usageError(.rule("\(error.file): \(error.message)"))
        }
    }

    /// Asks the question under every preset.
    func run(on console: inout Console) throws -> ExitCode {
        let runs: [ScenarioResult]
        do {
            runs = try console.run(scenario, under: presets, seed: seed, nodes: .callers)
        } catch let error as InputError where error.file.hasPrefix("--") {
            // An option is no file; it has no lines.
            throw InputError(error.file, nil, error.message)
        }
        if isJSON {
            var json = RunJSON(hasTraces: detail == .full)
            json.add(runs)
            try console.write(json.document)
        } else {
            for note in runs[0].notes { console.say("note: \(note)") }
            try console.write(RunText(detail, style: console.style).answer(runs))
        }
        return differingSteps(runs).isEmpty ? .ok : .failed
    }
}
