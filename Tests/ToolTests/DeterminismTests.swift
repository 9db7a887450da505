import TestSupport
import Testing

private let books = "\(packageDirectory)/scenarios/books.yaml"

@Test func outputDependsOnTheInputsAlone() throws {
    let line = ["run", "--preset", "upstream,hardened", "--trace", "full", "-o", "json", books]
    let first = try kmeshSim(line)
    let environments: [[String: String]] = [
        [:], ["TZ": "Pacific/Kiritimati"], ["LC_ALL": "tr_TR.UTF-8"], ["LC_ALL": "C"],
        ["SWIFT_DETERMINISTIC_HASHING": "1"], ["NO_COLOR": "1", "TERM": "dumb"], ["HOME": "/nonexistent"],
    ]
    for environment in environments {
        #expect(try kmeshSim(line, environment: environment) == first, "\(environment)")
    }
    #expect(try kmeshSim(line, directory: "/") == first)
}

@Test func everyFormatIsTheSameInEveryProcess() throws {
    let mesh = "scenarios/mesh/books.yaml"
    let lines = [
        ["run", books], ["run", "-o", "junit", books], ["maps", "--mesh", mesh],
        ["maps", "--mesh", mesh, "-o", "bpftool", "--map", "km_frontend"],
        ["authz", "--mesh", "scenarios/mesh/harbour-policies.yaml", "--all", "-o", "json"],
        ["authz", "--mesh", "scenarios/mesh/harbour-policies.yaml", "--from", "officer", "--to", "log:80"],
        ["connect", "--mesh", mesh, "--from", "productpage-v1", "--to", "reviews:9080", "--repeat", "50"],
    ]
    for line in lines {
        let first = try kmeshSim(line)
        for _ in 0..<4 { #expect(try kmeshSim(line) == first, "\(line)") }
    }
}
