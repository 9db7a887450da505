import TestSupport
import Testing

/// A mesh, the file with its nodes, the caller's node, and the caller.
struct Question: CustomTestStringConvertible {
    var mesh: String
    var nodes: String
    var node: String
    var caller: String
    var targets: [String]

    var testDescription: String { mesh }

    /// The lines of the document with what was decided. A dump does not know the name of every address.
    func decisions(of mesh: String, _ target: String, _ preset: String) throws -> [Substring] {
        let finished = try kmeshSim([
            "connect", "--mesh", mesh, "--nodes", nodes, "--from", caller, "--to", target, "--repeat", "20", "--preset",
            preset, "--trace", "decisions", "-o", "json",
        ])
        #expect(finished.code == 0, "\(finished.errors)")
        let keys = ["count", "verdict", "destination", "reason"].map { "                  \"\($0)\": " }
        return finished.output.split(separator: "\n").filter { line in keys.contains { line.hasPrefix($0) } }
    }
}

@Test(
    arguments: ["upstream", "hardened"],
    [
        Question(
            mesh: "scenarios/mesh/books.yaml", nodes: "scenarios/books.yaml", node: "node-b",
            caller: "productpage-v1-0",
            targets: ["details:9080", "reviews:9080", "ratings:80", "10.0.0.1:80"]),
        Question(
            mesh: "scenarios/mesh/media.yaml", nodes: "scenarios/more-than-ten-ports.yaml", node: "node-a",
            caller: "player-0", targets: ["streams:7010", "streams:7011", "streams:7013"]),
        Question(
            mesh: "scenarios/mesh/dual-stack.yaml", nodes: "scenarios/ipv6-and-mapped-java.yaml", node: "node-a",
            caller: "java-0",
            targets: ["10.96.6.1:80", "[fd00:10:96::601]:80", "10.244.1.50:80", "[fd00:10:244:1::50]:80"]),
    ])
func aWrittenDumpDecidesLikeTheMesh(preset: String, question: Question) throws {
    let directory = try ScratchDirectory()
    let dump = "\(directory.path)/dump"
    let written = try kmeshSim([
        "maps", "--mesh", question.mesh, "--nodes", question.nodes, "--node", question.node, "--preset", preset, "-o",
        "bpftool", "--directory", dump,
    ])
    #expect(written.code == 0)
    for target in question.targets {
        let expected = try question.decisions(of: question.mesh, target, preset)
        #expect(!expected.isEmpty)
        #expect(try question.decisions(of: dump, target, preset) == expected, "\(target)")
    }
}

@Test func aDumpOfADumpIsTheSame() throws {
    let directory = try ScratchDirectory()
    let (first, second) = ("\(directory.path)/first", "\(directory.path)/second")
    for (mesh, dump) in [("scenarios/mesh/books.yaml", first), (first, second)] {
        let line = ["maps", "--mesh", mesh, "--node", "node-0", "-o", "bpftool", "--directory", dump]
        #expect(try kmeshSim(line).code == 0)
    }
    // Not km_manage: the namespaces in a dump are those of another boot.
    for map in ["km_frontend", "km_service", "km_endpoint", "km_backend", "km_nodeinfo"] {
        let line = ["-o", "bpftool", "--map", map, "--node", "node-0"]
        let maps = try [first, second].map { try kmeshSim(["maps", "--mesh", $0] + line) }
        #expect(maps[0].code == 0)
        #expect(maps[0] == maps[1], "\(map)")
    }
}
