import CommandLineTool
import Inputs
import Model
import Scenario
import Sim
import SimOutput

/// `kmesh-sim authz`
struct AuthzCommand {
    /// Arguments and help.
    static let declaration = Command(
        "authz", summary: "Tell who may connect to whom by authorization policies, and why.",
        discussion: """
            Gives the verdict as Istio defines it, which preset hardened enforces: a DENY policy that matches denies, \
            else an ALLOW policy that matches allows, else only what no ALLOW policy applies to is allowed. For every \
            policy that applies to the destination it names the rule that matches, or the one that comes nearest and \
            what fails in it. Dry runs are told and do not count.

            Policies compare the pod's port: that of a service is translated. A host-network workload has no identity, \
            since its address is its node's, and connections to it are not judged.

            With --all it prints the matrix of the whole mesh, by classes that policies cannot tell apart; --from, \
            --to and --port then narrow it.

            Exits with 0 when the connection is allowed, with 1 when it, or one of several that are asked about, is \
            denied. With --all it exits with 0.
            """,
        examples: [
            .init(
                "kmesh-sim authz --mesh mesh.yaml --from shop/web --to db:3306", "May web connect to the service db?"),
            .init(
                "kmesh-sim authz --mesh mesh.yaml --from 192.0.2.7 --to shop/db-0 --port 3306",
                "May an address from outside connect to a pod?"),
            .init("kmesh-sim authz --mesh mesh.yaml --all -o csv > matrix.csv", "Who may connect to whom?"),
        ],
        options: [
            .mesh, .nodes,
            .value(
                "from", "WHO",
                help: "Where the connection comes from: a pod, a workload that owns pods, a uid, or an address."),
            .value(
                "to", "HOST[:PORT]",
                help: "Where it goes to: a pod, a workload that owns pods, a service, or an address."),
            .value("port", "N", help: "The port, where --to does not say it."),
            .flag("all", help: "Print the matrix of every source, destination and port."),
            .value(
                "output", short: "o", "FORMAT", choices: ["text", "csv", "json"], presence: .defaults(to: "text"),
                help: "How to print the results; csv needs --all."),
        ])

    private let invocation: Invocation
    private let format: String
    private let isAll: Bool
    private let source: String?
    private let target: TargetPattern?

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws(UsageError) {
        self.invocation = invocation
        format = invocation.value("output") ?? "text"
        isAll = invocation.flag("all")
        source = invocation.value("from")
        target = try Self.target(invocation)
        guard !isAll else {
            guard target != nil || invocation.value("port") == nil else {
                throw invocation.usageError(.rule("--port needs --to"))
            }
            return
        }
        guard format != "csv" else { throw invocation.usageError(.rule("-o csv needs --all")) }
        guard source != nil, let target else {
            throw invocation.usageError(.rule("give --from and --to for one connection, or --all for all"))
        }
        guard target.port != nil else {
            throw invocation.usageError(.rule("--to: \"\(target)\" has no port; write host:port, or give --port"))
        }
    }

    private static func target(_ invocation: Invocation) throws(UsageError) -> TargetPattern? {
        let port: UInt16? = try invocation.unsigned("port", in: 1...UInt16.max)
        guard let text = invocation.value("to") else { return nil }
        var pattern: TargetPattern
        do throws(TargetPattern.Problem) {
            pattern = try TargetPattern(parsing: text)
        } catch {
            throw invocation.usageError(.rule("--to: \"\(text)\" \(error.text)"))
        }
        guard pattern.port == nil || port == nil else {
            throw invocation.usageError(.rule("--to and --port both give a port; leave one out"))
        }
        pattern.port = pattern.port ?? port
        return pattern
    }

    /// Reads the mesh and answers.
    func run(on console: inout Console) throws -> ExitCode {
        var input = MeshInput(nodes: try invocation.nodes().map(\.value))
        for path in try invocation.mesh() {
            try console.withProgress { try input.add(path: path, progress: $0) }
        }
        let snapshot = try input.snapshot()
        for note in snapshot.notes { console.say("note: \(note)") }
        let subject = AuthorizationSubject(snapshot.mesh)
        let source = try source.map { (text) throws(InputError) in try subject.source(text) }
        let target = try target.map { (pattern) throws(InputError) in try subject.target(pattern) }
        guard isAll else {
            guard let source, let target else { preconditionFailure("no question, and not --all") }
            let answer = try subject.answer(from: source, to: target)
            if format == "json" {
                try console.write(answer.json)
            } else {
                try console.write(answer.text(console.style))
            }
            return answer.isAllowed ? .ok : .failed
        }
        for note in (source?.notes ?? []) + (target?.notes ?? []) { console.say("note: \(note)") }
        let report = AuthorizationMatrixReport(subject.matrix(from: source, to: target))
        switch format {
        case "csv": try console.write(report.csv.text)
        case "json": try console.write(report.json)
        default: try console.write(report.text(console.style))
        }
        return .ok
    }
}
