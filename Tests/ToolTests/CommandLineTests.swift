import Foundation
import TestSupport
import Testing

private let books = "scenarios/books.yaml"
private let mesh = "scenarios/mesh/books.yaml"
private let harbour = "scenarios/mesh/harbour-policies.yaml"
private let failing = "Tests/Fixtures/scenarios/failing.yaml"
private let next = "Tests/Fixtures/meshes/books-next.yaml"

/// A command line, its exit code, and texts that must be on one of the streams; the other one stays empty.
struct LineCase: CustomTestStringConvertible {
    var arguments: [String]
    var code: Int32
    /// On standard output when the code is 0 or 1, else on standard error.
    var texts: [String]

    init(_ line: String, _ code: Int32, _ texts: String...) {
        arguments = line.split(separator: " ").map { String($0) }
        self.code = code
        self.texts = texts
    }

    var testDescription: String { arguments.joined(separator: " ") }
}

@Test(arguments: [
    LineCase("run \(books)", 0, "1 scenario, 3 steps", "all met"),
    LineCase("run \(failing)", 1, "FAILED  destination: expected 10.0.1.9:8080", "\(failing):27:27"),
    LineCase("run -q \(books) \(failing)", 1, "2 scenarios", "2 FAILED", "FAILED \(failing) (hardened)"),
    LineCase("run --preset upstream,hardened \(failing)", 1, "upstream: (differs)", "differ in step 6."),
    LineCase("run -o junit \(failing)", 1, "<failure message=\"1 of 2 expectations failed\""),
    LineCase("run -o json \(failing)", 1, "\"success\": false", "\"failed\": 2"),
    LineCase("run --seed 7 \(books)", 0, "seed 7"),
    LineCase("run", 2, "kmesh-sim run: missing argument SCENARIO", "See 'kmesh-sim run --help'."),
    LineCase("run --preset upstraem \(books)", 2, "did you mean 'upstream'?"),
    LineCase("run --preset upstream,upstream \(books)", 2, "--preset names upstream twice"),
    LineCase("run --seed -1 \(books)", 2, "--seed expects a number from 0 to"),
    LineCase("run --trace much \(books)", 2, "one of: off, decisions, full"),
    LineCase("run - -", 2, "standard input can be read only once"),
    LineCase("run nowhere.yaml", 3, "nowhere.yaml: cannot be read"),
    LineCase("run \(mesh)", 3, "\(mesh):"),
    LineCase("run \(books) nowhere.yaml", 3, "nowhere.yaml: cannot be read"),
    LineCase("connect --mesh \(mesh) --from productpage-v1 --to details:9080", 0, "1 × books/details-v1-0:8080"),
    LineCase(
        "connect -m \(mesh) --from productpage-v1 --to ratings:80", 0, "option          unlistedPort (H3) → refuse"),
    LineCase("connect -m \(mesh) --from productpage-v1 --to ratings:80 -p upstream,hardened", 1, "hardened: (differs)"),
    LineCase("connect -m \(mesh) --from productpage-v1 --to ratings:9080 --protocol udp -t decisions", 0, "notTCP"),
    LineCase("connect -m \(mesh) --from productpage-v1 --to ratings:9080 --mapped", 0, "connect6 on"),
    LineCase(
        "connect -m \(mesh) --from productpage-v1 --to reviews:9080 --repeat 60 -o json", 0, "reviews:9080 × 60",
        "\"trace\""),
    LineCase("connect -m \(mesh) --nodes \(books) --from productpage-v1 --to details:9080", 0, "connect4 on node-b"),
    LineCase("connect -m \(mesh) --from nobody --to details:9080", 3, "--from: there is no workload named \"nobody\""),
    LineCase("connect -m \(mesh) --from details-v1 --to detials:9080", 3, "--to: ", "did you mean details"),
    LineCase("connect -m \(mesh) --from details-v1 --to details", 2, "has no port; write host:port"),
    LineCase(
        "connect -m \(mesh) --from details-v1 --to [fd00::1]:80 --mapped", 2, "only an IPv4 address can be mapped"),
    LineCase("connect -m - --from a --to b:1 -p upstream,hardened", 2, "standard input can be read only once"),
    LineCase("connect -m \(mesh) --from a", 2, "missing option '--to HOST:PORT'"),
    LineCase("connect -m \(mesh) --from details-v1 --to a:1 --repeat 0", 2, "--repeat expects a number from 1"),
    LineCase("maps --mesh \(mesh)", 0, "km_service: 4 of", "books/details.books.svc.cluster.local"),
    LineCase("maps --mesh \(mesh) --map km_endpoint -o json", 0, "\"map\": \"km_endpoint\""),
    LineCase("maps --mesh \(mesh) --nodes \(books)", 2, "the mesh has 2 nodes; give one by --node: node-a, node-b"),
    LineCase("maps --mesh \(mesh) --nodes \(books) --node node-c", 3, "--node: there is no node named \"node-c\""),
    LineCase("maps --mesh \(mesh) -o bpftool", 2, "needs either --map, for one map, or --directory"),
    LineCase("maps --mesh \(mesh) -o bpftool --map km_service_port", 0, "[]"),
    LineCase("maps --mesh \(mesh) --directory x", 2, "--directory needs -o bpftool"),
    LineCase("check --mesh scenarios/mesh/clash-kmesh.json", 1, "errors\n", "shared-workload-address", "[fails open]"),
    LineCase("check --mesh scenarios/mesh/clash-kmesh.json -o json", 1, "\"failsOpen\": true"),
    LineCase(
        "check --mesh scenarios/mesh/harbour-policies.yaml", 1,
        "authz-first-rule  policy harbour/log-access: XDP denies",
        "packet: IPv4 TCP SYN, "),
    LineCase("check --mesh nowhere.yaml", 3, "nowhere.yaml: cannot be read"),
    LineCase("diff --before \(mesh) --after \(mesh)", 0, "no connection changes"),
    LineCase("diff --before \(mesh) --after \(mesh) -o json", 0, "\"changes\": false"),
    LineCase("diff --before \(mesh) --after \(mesh) -o markdown", 0, "## Mesh: no connection changes"),
    LineCase("diff --before \(mesh) --after \(mesh) \(next) -o json", 1, "\"changes\": true", "\"share\": \"1/7\""),
    LineCase("diff --before \(mesh) --after \(mesh) \(next) -o markdown", 1, "deny what was allowed"),
    LineCase("diff --before \(mesh) --after \(mesh) --set unlistedPort=leave", 0, "hardened, unlistedPort=leave"),
    LineCase("diff --before \(mesh) --after \(mesh) --set unlistedPort=go", 2, "--set unlistedPort", "leave, refuse"),
    LineCase("diff --before \(mesh) --after \(mesh) --set unlistedPrt=leave", 2, "did you mean 'unlistedPort'?"),
    LineCase("diff --before \(mesh) --after \(mesh) --set leave", 2, "--set expects OPTION=VALUE"),
    LineCase("diff --before \(mesh) --after \(mesh) --preset upstream,hardened", 2, "one of: upstream, hardened"),
    LineCase("diff --before \(mesh)", 2, "missing option '--after FILE...'"),
    LineCase("diff --before - --after -", 2, "standard input can be read only once"),
    LineCase("diff --before \(mesh) --after nowhere.yaml", 3, "nowhere.yaml: cannot be read"),
    LineCase("diff --before \(mesh) --after \(mesh) --node node-x", 3, "--node: there is no node named \"node-x\""),
    LineCase("authz -m \(harbour) --from pilot --to log:80", 0, "allowed by rule 1 of policy harbour/log-access"),
    LineCase("authz -m \(harbour) --from diver --to log --port 81", 1, "denied by rule 1 of policy harbour/no-divers"),
    LineCase("authz -m \(harbour) --from diver --to log:81 -o json", 1, "\"allowed\": false"),
    LineCase("authz -m \(harbour) --all", 0, "D3  8080   S4     allowed  rule 1 of policy harbour/log-access"),
    LineCase(
        "authz -m \(harbour) --all -o csv --to log", 0, "from,from_members,", ",8080,allowed,harbour/log-access,1,"),
    LineCase("authz -m \(harbour) --all -o json", 0, "\"rows\": ["),
    LineCase("authz -m \(mesh) --all", 0, "D1  any    S1-S2  allowed"),
    LineCase("authz -m \(harbour) --from pilot", 2, "give --from and --to for one connection, or --all for all"),
    LineCase("authz -m \(harbour) --from pilot --to log", 2, "--to: \"log\" has no port"),
    LineCase("authz -m \(harbour) --from pilot --to log:80 --port 80", 2, "both give a port"),
    LineCase("authz -m \(harbour) --from pilot --to :80", 2, "names no host"),
    LineCase("authz -m \(harbour) --from pilot --to log:80 -o csv", 2, "-o csv needs --all"),
    LineCase("authz -m \(harbour) --all --port 80", 2, "--port needs --to"),
    LineCase("authz -m \(harbour) --from pilto --to log:80", 3, "--from: ", "did you mean pilot?"),
    LineCase("authz -m \(harbour) --from pilot --to log:82", 3, "has no port 82; it has 80, 81"),
    LineCase("authz -m nowhere.yaml --all", 3, "nowhere.yaml: cannot be read"),
    LineCase("conform nowhere.jsonl", 3, "nowhere.jsonl"),
    LineCase("completion bash", 0, "_kmesh_sim() {", "complete "),
    LineCase("completion tcsh", 2, "one of: bash, zsh, fish"),
    LineCase("man", 0, ".TH KMESH\\-SIM 1", "0.1.0"),
    LineCase("--version", 0, "kmesh-sim 0.1.0\n"),
    LineCase("--help", 0, "Examples:", "Commands:"),
    LineCase("connect --help", 0, "kmesh-sim connect --mesh mesh.yaml --from productpage-v1 --to reviews:9080"),
    LineCase("", 2, "kmesh-sim: missing command"),
    LineCase("rnu", 2, "did you mean 'run'?"),
])
func commandLinesEndAsDocumented(_ c: LineCase) throws {
    let finished = try kmeshSim(c.arguments)
    #expect(finished.code == c.code)
    let isMessage = c.code > 1
    #expect((isMessage ? finished.output : finished.errors) == "")
    for text in c.texts { #expect((isMessage ? finished.errors : finished.output).contains(text)) }
}

@Test func everyHelpFitsATerminalAndShowsExamples() throws {
    for command in [
        "run", "connect", "maps", "check", "authz", "diff", "replay", "decrypt", "conform", "completion", "man",
    ] {
        let help = try kmeshSim([command, "--help"])
        #expect(help.code == 0)
        let examples = try #require(help.output.range(of: "Examples:\n"))
        #expect(help.output[examples.upperBound...].prefix { $0 != "\n" }.contains("kmesh-sim \(command)"))
        // Examples are not broken, so that they can be copied.
        for line in help.output.split(separator: "\n") where !line.contains("kmesh-sim \(command)") {
            #expect(line.count <= 80, "\(line)")
        }
    }
}

@Test func mistakesNameFileLineAndColumn() throws {
    let directory = try ScratchDirectory()
    let file = try directory.write("name: x\nsteps:\n  - conect: {}\n", to: "bad.yaml")
    let finished = try kmeshSim(["run", "scenarios/books.yaml", file])
    #expect(finished.code == 3)
    #expect(finished.output == "")
    #expect(finished.errors.hasPrefix("\(file):3:5: "))
    #expect(finished.errors.contains("did you mean \"connect\"?"))
}

@Test func standardInputIsRead() throws {
    let text = """
        name: from a pipe
        steps:
          - advance: 1s
        """
    let finished = try kmeshSim(["run", "-"], input: text)
    #expect(finished.code == 0)
    #expect(finished.output.hasSuffix("1 scenario, 1 step, nothing expected\n"))
}

@Test func aClosedPipeEndsQuietly() throws {
    let line = ["run", "--trace", "full", "scenarios/books.yaml"]
    // Ended by the signal, which the subprocess reports by its number.
    #expect(try kmeshSim(line, isReaderGone: true) == Finished(code: 13, output: "", errors: ""))
}

@Test func notesOnTheMeshAreMessages() throws {
    let directory = try ScratchDirectory()
    let file = try directory.write(
        """
        {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b}}
        ---
        {apiVersion: x/v1, kind: Thing, metadata: {name: c}}
        """, to: "mesh.yaml")
    let finished = try kmeshSim(["connect", "--mesh", file, "--from", "a", "--to", "10.0.0.1:80"])
    #expect(finished.code == 0)
    #expect(finished.errors.hasPrefix("note: \(file):3:1: "))
    #expect(!finished.output.contains("note:"))
}

@Test func aScenarioThatNamesNobodyDoesNotStopTheOthers() throws {
    let directory = try ScratchDirectory()
    let late = try directory.write(
        """
        name: names nobody
        mesh: [{inline: [{apiVersion: v1, kind: Namespace, metadata: {name: a}}]}]
        steps:
          - connect: {from: nobody, to: "10.0.0.1:80"}
        """, to: "late.yaml")
    let finished = try kmeshSim(["run", "-q", late, books])
    #expect(finished.code == 3)
    #expect(finished.errors.contains("there is no workload named \"nobody\""))
    #expect(finished.output.contains("1 scenario, 3 steps"))
}
