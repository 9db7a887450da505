import CommandLineTool
import Model
import Sim
import SimOutput

/// `kmesh-sim rotation`
struct RotationCommand {
    /// Arguments and help.
    static let declaration = Command(
        "rotation", summary: "Prove that no order of events loses a packet while nodes get a new key.",
        discussion: """
            Nodes that encrypt to each other get a new key, each at a time of its own; what they publish reaches \
            others sooner or later; their agents take step by step what is decided here as on a real node. Every \
            order of all that is gone through, breadth first, and in every state every node sends to every other: \
            nothing may be lost, and nothing may leave in clear.

            Up to 3 nodes are searched step by step. With 4 and 5, steps that make no difference to anybody else are \
            taken together, and states that differ in the names of nodes alone are searched once; that both are \
            allowed is checked after the search. Agents that are started anew, and nodes that boot, are searched step \
            by step always. A node that boots loses packets whatever its agent does: of such nodes it is proved that \
            nothing leaves in clear.

            Exits with 1 when it is broken, and the shortest way to it is printed, with --scenario-out also as a \
            scenario; and when nothing is proved, because there are more states than may be held.
            """,
        examples: [
            .init("kmesh-sim rotation --nodes 3", "Does a rotation lose anything among three nodes?"),
            .init("kmesh-sim rotation --nodes 3 --preset upstream", "How does it with Kmesh as it is?"),
            .init(
                "kmesh-sim rotation --nodes 2 --preset upstream --restarts 1 --scenario-out lost.yaml",
                "What loses packets when agents are started anew? Then: kmesh-sim run --trace full lost.yaml"),
            .init("kmesh-sim rotation --nodes 2 --restarts 1", "The same when each agent may be started anew once."),
        ],
        options: [
            .value("nodes", "N", presence: .defaults(to: "3"), help: "How many nodes, 2 to 5."),
            .preset(default: "hardened"),
            .value(
                "restarts", "N", presence: .defaults(to: "0"), help: "How often each agent may be started anew."),
            .value("reboots", "N", presence: .defaults(to: "0"), help: "How often each node may boot."),
            .value(
                "max-states", "N", presence: .defaults(to: "5000000"),
                help: "Give up when there are more states of the cluster; a million takes about 150 MB."),
            .value(
                "scenario-out", "FILE",
                help: "Write the shortest way to the first break into a scenario file, for kmesh-sim run."),
            .output(["text", "json"]),
        ])

    private let invocation: Invocation
    private let clusters: [RotationCluster]
    private let maximumStateCount: Int

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws(UsageError) {
        self.invocation = invocation
        let nodeCount = try Self.number("nodes", 3, in: 2...RotationCluster.maximumNodeCount, invocation)
        let restartCount = try Self.number("restarts", 0, in: 0...9, invocation)
        let rebootCount = try Self.number("reboots", 0, in: 0...9, invocation)
        maximumStateCount = try Self.number("max-states", 5_000_000, in: 1...1_000_000_000, invocation)
        let presets = try invocation.presets()
        clusters = (presets.isEmpty ? [.hardened] : presets).map {
            RotationCluster(
                nodeCount: nodeCount, preset: $0, restartCount: restartCount, rebootCount: rebootCount)
        }
    }

    private static func number(
        _ name: String, _ standard: Int, in range: ClosedRange<Int>, _ invocation: Invocation
    ) throws(UsageError) -> Int {
        guard let text = invocation.value(name) else { return standard }
        guard let number = Digits.decimal(text, as: Int.self), range.contains(number) else {
            throw invocation.usageError(
                .badValue(
                    of: "--\(name)", value: text, expected: "a number from \(range.lowerBound) to \(range.upperBound)"))
        }
        return number
    }

    func run(on console: inout Console) throws -> ExitCode {
        var outputs: [RotationOutput] = []
        var allHold = true
        for cluster in clusters {
            var search = RotationSearch(cluster, maximumStateCount: maximumStateCount)
            let result = Self.run(&search, &console)
            allHold = allHold && result.holds
            outputs.append(RotationOutput(result))
        }
        if let path = invocation.value("scenario-out"), let scenario = outputs.lazy.compactMap(\.scenario).first {
            try Output.writeFile(path, scenario)
        }
        if invocation.value("output") == "json" {
            try console.write(.array(outputs.map(\.json)))
        } else {
            try console.write(outputs.map { $0.text(console.style) }.joined(separator: "\n"))
        }
        return allHold ? .ok : .failed
    }

    private static func run(_ search: inout RotationSearch, _ console: inout Console) -> RotationResult {
        var phase = RotationSearch.Phase.searching
        var line = console.progressLine(title(phase))
        let result = search.run { next, done, total in
            if next != phase {
                phase = next
                console.remove(&line)
                line = console.progressLine(title(phase))
            }
            console.update(&line, done: done, of: total)
        }
        console.remove(&line)
        return result
    }

    private static func title(_ phase: RotationSearch.Phase) -> String {
        switch phase {
        case .searching: "Searching, of the states that may be held"
        case .checkingOrder: "Checking that steps may be taken together"
        case .checkingNames: "Checking that nodes may be taken for each other"
        }
    }
}
