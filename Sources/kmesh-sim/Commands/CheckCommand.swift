import CommandLineTool
import Inputs
import Model
import Sim
import SimOutput

/// `kmesh-sim check`
struct CheckCommand {
    /// Arguments and help.
    static let declaration = Command(
        "check", summary: "Look for configuration that does not do what it seems to.",
        discussion: """
            Reads a mesh and names what the maps of a node cannot hold, or hold otherwise than it is meant, with what \
            becomes of it under each preset. "Fails open" means that a waypoint, a policy or the balancing is \
            skipped and nobody is told.

            It also compares the verdicts of authorization policies as Istio defines them with those of upstream's two \
            engines, XDP and user space, and names what an engine does otherwise, where it matters in this mesh, with \
            a connection and a packet that show it.

            Exits with 1 when there is an error or a warning; notes do not count.
            """,
        examples: [
            .init("kmesh-sim check --mesh manifests/", "Check a directory of manifests."),
            .init(
                "kubectl get -A -o yaml namespaces,nodes,pods,services,endpointslices | kmesh-sim check --mesh -",
                "Check a running cluster."),
        ],
        options: [.mesh, .nodes, .output(["text", "json"])])

    private let invocation: Invocation

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) { self.invocation = invocation }

    /// Checks the mesh as a whole.
    func run(on console: inout Console) throws -> ExitCode {
        var input = MeshInput(nodes: try invocation.nodes().map(\.value))
        for path in try invocation.mesh() {
            try console.withProgress { try input.add(path: path, progress: $0) }
        }
        let snapshot = try input.snapshot()
        let findings = Soundness().findings(in: snapshot.mesh) + AuthorizationSoundness.findings(in: snapshot.mesh)
        let report = FindingsReport(findings.sorted(), notes: snapshot.notes)
        if invocation.value("output") == "json" {
            try console.write(report.json)
        } else {
            try console.write(report.text(console.style))
        }
        return report.isSuccess ? .ok : .failed
    }
}
