import CommandLineTool
import Inputs
import Model
import Scenario
import Sim
import SimOutput

/// `kmesh-sim maps`
struct MapsCommand {
    /// Arguments and help.
    static let declaration = Command(
        "maps", summary: "Show the maps that a node gets.",
        discussion: """
            Text and JSON show names instead of ids. The form bpftool is that of bpftool -j map dump: one map on \
            standard output, or all of them in a directory that kmesh-sim reads as a mesh.
            """,
        examples: [
            .init("kmesh-sim maps --mesh mesh.yaml --node node-a", "Show every map of a node."),
            .init(
                "kmesh-sim maps --mesh mesh.yaml -o bpftool --map km_service", "Print one map as bpftool would."),
            .init(
                "kmesh-sim maps --mesh mesh.yaml -o bpftool --directory dumps", "Write a directory of dumps."),
        ],
        options: [
            .mesh, .nodes,
            .value("node", "NAME", help: "Whose maps; needed if there are several nodes."),
            .value(
                "map", "MAP", choices: NodeMaps.mapNames,
                help: "Show only this map; bpftool needs it unless it writes a directory."),
            .value("directory", "DIR", help: "Write a file for each map and names.json; made if missing."),
            .value(
                "preset", short: "p", "PRESET", choices: Preset.allCases.map(\.rawValue),
                presence: .defaults(to: "hardened"), help: "How the mesh is turned into maps."),
            .output(["text", "json", "bpftool"]),
        ])

    private let invocation: Invocation
    private let format: String
    private let map: String?
    private let directory: String?

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws(UsageError) {
        self.invocation = invocation
        format = invocation.value("output") ?? "text"
        map = invocation.value("map")
        directory = invocation.value("directory")
        guard format == "bpftool" else {
            guard directory == nil else { throw invocation.usageError(.rule("--directory needs -o bpftool")) }
            return
        }
        guard (map == nil) != (directory == nil) else {
            throw invocation.usageError(.rule("-o bpftool needs either --map, for one map, or --directory"))
        }
    }

    /// Builds the maps of the node and prints them.
    func run(on console: inout Console) throws -> ExitCode {
        let scenario = Scenario(
            lookingAt: try invocation.mesh(), nodes: try invocation.nodes(), node: invocation.value("node"))
        let overrides = ScenarioRunner.Overrides(
            preset: try invocation.value("preset").flatMap(Preset.init) ?? invocation.presetOfSources(), nodes: .none)
        var runner = try console.withProgress { try ScenarioRunner(scenario, overrides, progress: $0) }
        let node = try node(among: runner.meshNodes)
        let problems = runner.addNode(node)
        guard let maps = runner.maps(of: node) else { preconditionFailure("node \(node) got no maps") }
        for note in runner.notes { console.say("note: \(note)") }
        for problem in problems { console.say("problem: \(problem)") }
        switch format {
        case "json": try console.write(maps.json(only: map))
        case "bpftool": try write(maps, on: &console)
        default: try console.write(maps.text(only: map, console.style))
        }
        return .ok
    }

    private func node(among names: [String]) throws -> String {
        guard let wanted = invocation.value("node") else {
            guard names.count == 1 else {
                let some = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", ..." : "")
                throw invocation.usageError(.rule("the mesh has \(names.count) nodes; give one by --node: \(some)"))
            }
            return names[0]
        }
        guard names.contains(wanted) else {
            let hint = nearestName(to: wanted, in: names).map { "; did you mean \($0)?" } ?? ""
            throw InputError("--node", nil, "there is no node named \"\(wanted)\"\(hint)")
        }
        return wanted
    }

    private func write(_ maps: NodeMaps, on console: inout Console) throws {
        if let map = map.flatMap(DumpedMap.init) {
            try console.write(maps.dump.bpftoolText(of: map))
        }
        guard let directory else { return }
        try Output.makeDirectory(directory)
        for map in DumpedMap.allCases where maps.dump.entries[map] != nil {
            try Output.writeFile("\(directory)/\(map.fileName)", maps.dump.bpftoolText(of: map))
        }
        try Output.writeFile("\(directory)/\(MapDump.namesFileName)", maps.dump.namesText)
    }
}
