import CommandLineTool
import Inputs
import Model
import Scenario
import Sim
import SimOutput

/// `kmesh-sim diff`
struct DiffCommand {
    /// Arguments and help.
    static let declaration = Command(
        "diff", summary: "Show which connections change between two meshes, and why.",
        discussion: """
            Compares where connections go (endpoints with their shares, waypoints, refusals) and whether policies \
            allow them, for all clients, addresses and ports at once: by classes, not pair by pair. Each change \
            names the service, workload or policy that decides it. Workloads are matched by their uid; one that is \
            in one mesh only is told as added or removed.

            Exits with 1 when anything changes.
            """,
        examples: [
            .init("kmesh-sim diff --before old.yaml --after new.yaml", "What does this change do?"),
            .init(
                "git show main:mesh.yaml | kmesh-sim diff --before - --after mesh.yaml -o markdown > comment.md",
                "Write a comment for a review."),
            .init(
                "kmesh-sim diff --before dump-1 --after dump-2 --node node-a",
                "Compare the maps of a real node at two times."),
        ],
        options: [
            .value(
                "before", "FILE", arity: .several, presence: .required,
                help: "The mesh as it is: whatever --mesh of other commands takes. - is standard input."),
            .value(
                "after", "FILE", arity: .several, presence: .required, help: "The mesh as it will be, likewise."),
            .nodes,
            .value(
                "node", "NODE",
                help: "Only destinations of clients on this node; a directory of map dumps is taken to be of it."),
            .value(
                "preset", short: "p", "PRESET", choices: Preset.allCases.map(\.rawValue),
                presence: .defaults(to: "hardened"), help: "How the data plane behaves."),
            .value(
                "set", "OPTION=VALUE", arity: .repeatable,
                help: "Sets an option of the data plane, such as unlistedPort=leave."),
            .output(["text", "json", "markdown"]),
        ])

    private let before: [String]
    private let after: [String]
    private let node: String?
    private let nodes: [Node]
    private let options: DataplaneOptions
    private let behaviour: String
    private let format: String

    /// Takes what was asked for from the command line, and reads the nodes' file.
    init(_ invocation: Invocation) throws {
        before = invocation.values("before")
        after = invocation.values("after")
        guard (before + after).filter({ $0 == "-" }).count <= 1 else {
            throw invocation.usageError(.rule("standard input can be read only once; save it to a file"))
        }
        node = invocation.value("node")
        format = invocation.value("output") ?? "text"
        let given = invocation.value("preset").flatMap(Preset.init)
        let preset = try given ?? Self.holdsMaps(before + after) ?? .hardened
        var options = DataplaneOptions(preset)
        for setting in invocation.values("set") { try Self.apply(setting, to: &options, invocation) }
        self.options = options
        behaviour = (["preset \(preset.rawValue)"] + invocation.values("set")).joined(separator: ", ")
        nodes = try invocation.nodes().map(\.value)
    }

    /// Recorded maps are a Kmesh node's, which `upstream` is.
    private static func holdsMaps(_ paths: [String]) throws(InputError) -> Preset? {
        for path in paths where path != "-" { if try MeshSource(path: path).holdsMaps { return .upstream } }
        return nil
    }

    private static func apply(
        _ setting: String, to options: inout DataplaneOptions, _ invocation: Invocation
    ) throws(UsageError) {
        let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            throw invocation.usageError(.badValue(of: "--set", value: setting, expected: "OPTION=VALUE"))
        }
        let known = OptionName.allCases.map(\.rawValue)
        guard let name = OptionName(rawValue: parts[0]) else {
            throw invocation.usageError(
                .notAChoice(
                    of: "--set", value: parts[0], suggestion: nearestName(to: parts[0], in: known), choices: known))
        }
        let choices = DataplaneOptions.choices(of: name)
        guard options.set(name, to: parts[1]) else {
            throw invocation.usageError(
                .notAChoice(
                    of: "--set \(name.rawValue)", value: parts[1], suggestion: nearestName(to: parts[1], in: choices),
                    choices: choices))
        }
    }

    /// Compares the meshes and prints what differs.
    func run(on console: inout Console) throws -> ExitCode {
        var old = MeshInput(nodes: nodes)
        try read(before, into: &old, on: &console)
        let oldSnapshot = try old.snapshot()
        var new = MeshInput(placedLike: old, nodes: nodes)
        try read(after, into: &new, on: &console)
        let newSnapshot = try new.snapshot()
        let sides = (
            before: try DifferenceSide(oldSnapshot.mesh, dumps: old.dumps, capacities: options.capacities),
            after: try DifferenceSide(newSnapshot.mesh, dumps: new.dumps, capacities: options.capacities)
        )
        if let node { try require(node, oldSnapshot.mesh, newSnapshot.mesh) }
        let difference = MeshDifference(from: sides.before, to: sides.after, options: options, onlyNode: node)
        let report = DifferenceReport(
            difference, before: before, after: after, behaviour: behaviour,
            notes: (oldSnapshot.notes, newSnapshot.notes))
        switch format {
        case "json": try console.write(report.json)
        case "markdown": try console.write(report.markdown)
        default:
            for note in Set(oldSnapshot.notes + newSnapshot.notes).sorted() { console.say("note: \(note)") }
            try console.write(report.text(console.style))
        }
        return report.isEmpty ? .ok : .failed
    }

    private func read(_ paths: [String], into input: inout MeshInput, on console: inout Console) throws {
        for path in paths {
            try console.withProgress { try input.add(path: path, node: node, progress: $0) }
        }
    }

    private func require(_ node: String, _ before: Mesh, _ after: Mesh) throws(InputError) {
        let names = [before, after].map { $0.sortedNodes.map(\.name) }
        let isThere = names.map { $0.contains(node) }
        guard isThere != [true, true] else { return }
        guard isThere == [false, false] else {
            throw InputError("--node", nil, "node \"\(node)\" is there only \(isThere[0] ? "before" : "after")")
        }
        let hint = nearestName(to: node, in: names[0] + names[1]).map { "; did you mean \($0)?" } ?? ""
        throw InputError("--node", nil, "there is no node named \"\(node)\"\(hint)")
    }
}
