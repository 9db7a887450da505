import Testing

/// What follows the header: the decision and its trace.
private func decision(_ mesh: String, _ target: String, _ preset: String) throws -> [Substring] {
    let finished = try kmeshSim([
        "connect", "--mesh", mesh, "--nodes", "scenarios/books.yaml", "--from", "productpage-v1-0", "--to", target,
        "--repeat", "20", "--preset", preset, "--trace", "decisions",
    ])
    #expect(finished.code == 0, "\(finished.errors)")
    return finished.output.split(separator: "\n").filter { $0.contains(" × ") }
}

@Test(arguments: ["upstream", "hardened"], ["details:9080", "reviews:9080", "ratings:80", "10.0.0.1:80"])
func aWrittenDumpDecidesLikeTheMesh(preset: String, target: String) throws {
    let directory = try ScratchDirectory()
    let mesh = "scenarios/mesh/books.yaml"
    let dump = "\(directory.path)/dump"
    let written = try kmeshSim([
        "maps", "--mesh", mesh, "--nodes", "scenarios/books.yaml", "--node", "node-b", "--preset", preset, "-o",
        "bpftool", "--directory", dump,
    ])
    #expect(written.code == 0)
    let expected = try decision(mesh, target, preset)
    #expect(!expected.isEmpty)
    #expect(try decision(dump, target, preset) == expected)
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
