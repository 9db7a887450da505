import TestSupport
import Testing

private let books = "scenarios/mesh/books.yaml"
private let next = "Tests/Fixtures/meshes/books-next.yaml"

private func dump(_ mesh: [String], _ preset: String, to directory: String) throws {
    let written = try kmeshSim(
        ["maps", "--mesh"] + mesh
            + ["--node", "node-0", "--preset", preset, "-o", "bpftool", "--directory", directory])
    #expect(written.code == 0, "\(written.errors)")
}

@Test(arguments: ["upstream", "hardened"])
func dumpsDifferAsTheirMeshesDo(preset: String) throws {
    let directory = try ScratchDirectory()
    let (first, second) = ("\(directory.path)/first", "\(directory.path)/second")
    try dump([books], preset, to: first)
    try dump([books, next], preset, to: second)
    let options = ["--node", "node-0", "--preset", preset]
    let same = try kmeshSim(["diff", "--before", books, "--after", first] + options)
    #expect(same.output.hasSuffix("no connection changes\n"))
    #expect(same.code == 0)
    let meshes = try kmeshSim(["diff", "--before", books, "--after", books, next] + options)
    // Addresses were given anew for the second dump; who has them is the same.
    let dumps = try kmeshSim(["diff", "--before", first, "--after", second] + options)
    #expect(meshes.code == 1 && dumps.code == 1)
    for text in ["books/reviews-v3-2:", "lists port 80 now", "through waypoint books/books-waypoint"] {
        #expect(meshes.output.contains(text))
        #expect(dumps.output.contains(text))
    }
}

@Test func theDirectionTurnsEverythingAround() throws {
    let forth = try kmeshSim(["diff", "--before", books, "--after", books, next])
    let back = try kmeshSim(["diff", "--before", books, next, "--after", books])
    #expect(forth.output.contains("2 workloads added, ") && back.output.contains("2 workloads removed, "))
    #expect(forth.output.contains("+ 1/7  books/reviews-v3-2:8080"))
    #expect(back.output.contains("− 1/7  books/reviews-v3-2:8080"))
    #expect(forth.output.contains("policy books/ratings-clients is new"))
    #expect(back.output.contains("policy books/ratings-clients is gone"))
}

@Test func oneSideIsReadFromStandardInput() throws {
    let object = """
        {apiVersion: v1, kind: Service, metadata: {name: a, namespace: b}, spec: {clusterIP: 10.96.0.9, ports: [{port: 80}]}}
        """
    let finished = try kmeshSim(["diff", "--before", "-", "--after", books], input: object)
    #expect(finished.code == 1)
    #expect(finished.output.contains("service b/a.b.svc.cluster.local (10.96.0.9)"))
    #expect(finished.output.contains("because it is gone"))
}

@Test func theDifferenceIsTheSameInEveryProcess() throws {
    for format in ["text", "json", "markdown"] {
        let line = ["diff", "--before", books, "--after", books, next, "-o", format]
        let first = try kmeshSim(line)
        for _ in 0..<3 { #expect(try kmeshSim(line) == first, "\(format)") }
    }
}
