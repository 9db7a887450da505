import CommandLineTool
import Inputs
import Model
import Scenario

extension Option {
    /// What describes the mesh.
    static let mesh = Option.value(
        "mesh", short: "m", "FILE", arity: .several, presence: .required,
        help: """
            Kubernetes manifests, ztunnel configurations, Kmesh configuration dumps, directories of them, or a \
            directory of bpftool map dumps. - is standard input.
            """)

    /// Nodes beside those of the mesh.
    static let nodes = Option.value(
        "nodes", "FILE",
        help: """
            Take nodes that the mesh does not describe from the nodes of this file, a scenario or a file with nodes \
            alone. Without any, pods run on one default node.
            """)

    /// Which behaviour.
    static func preset(default text: String) -> Option {
        .value(
            "preset", short: "p", "PRESETS", presence: .defaults(to: text),
            help: "upstream, hardened, or both with a comma between, side by side.")
    }

    /// Where random numbers begin.
    static func seed(default text: String) -> Option {
        .value("seed", "N", presence: .defaults(to: text), help: "Where the random numbers begin.")
    }
}

extension Invocation {
    /// The presets that were asked for, in that order; empty if none was.
    func presets() throws(UsageError) -> [Preset] {
        var presets: [Preset] = []
        for name in try list("preset") {
            guard let preset = Preset(rawValue: name) else {
                let choices = Preset.allCases.map(\.rawValue)
                throw usageError(
                    .notAChoice(
                        of: "--preset", value: name, suggestion: nearestName(to: name, in: choices), choices: choices))
            }
            guard !presets.contains(preset) else {
                throw usageError(.rule("--preset names \(name) twice"))
            }
            presets.append(preset)
        }
        return presets
    }

    /// The paths of the mesh. Standard input can be read once only.
    func mesh(readTimes times: Int = 1) throws(UsageError) -> [String] {
        let paths = values("mesh")
        let count = paths.filter { $0 == "-" }.count
        guard count * times <= 1 else {
            throw usageError(.rule("standard input can be read only once; save it to a file, or give one preset"))
        }
        return paths
    }

    /// The preset for sources when the command line names none: recorded maps are a Kmesh node's, which `upstream` is.
    func presetOfSources() throws(InputError) -> Preset? {
        for path in values("mesh") where path != "-" {
            if try MeshSource(path: path).holdsMaps { return .upstream }
        }
        return nil
    }

    /// Nodes of the file that `--nodes` names; none without the option.
    func nodes() throws(InputError) -> [Located<Node>] {
        guard let path = value("nodes") else { return [] }
        return try Scenario.nodes(inFile: path)
    }
}
