import Foundation
import Inputs
import Model
import Scenario
import Sim
import Testing

@testable import SimOutput

private func harbour() throws -> AuthorizationSubject {
    var input = MeshInput()
    try input.add(path: "\(packageDirectory)/scenarios/mesh/harbour-policies.yaml")
    return AuthorizationSubject(try input.snapshot().mesh)
}

private func answer(_ from: String, _ to: String, in subject: AuthorizationSubject) throws -> AuthorizationAnswer {
    try subject.answer(from: subject.source(from), to: subject.target(TargetPattern(parsing: to)))
}

@Test func authorizationAnswersAreGolden() throws {
    let subject = try harbour()
    let questions = [
        ("pilot", "log:80"), ("diver", "log:81"), ("officer", "log:80"), ("officer", "harbour/log-0:8081"),
        ("buoy-agent", "log-1:8081"), ("192.0.2.7", "10.96.5.1:81"), ("pilot", "buoy-agent:80"),
        ("fd00:5::99", "log:81"), ("pilot", "10.9.9.9:80"),
    ]
    let text = try questions.map { try answer($0.0, $0.1, in: subject).text(.plain) }.joined(separator: "\n")
    try expectGolden(text, "harbour-authz.txt")
    try expectGolden(answer("officer", "log:80", in: subject).json.pretty + "\n", "harbour-authz.json")
}

@Test func findingsAboutVerdictsAreGolden() throws {
    let report = FindingsReport(AuthorizationSoundness.findings(in: try harbour().mesh), notes: [])
    try expectGolden(report.text(.plain), "harbour-check.txt")
    try expectGolden(report.json.pretty + "\n", "harbour-check.json")
}

@Test func theAuthorizationMatrixIsGolden() throws {
    let subject = try harbour()
    let report = AuthorizationMatrixReport(subject.matrix())
    try expectGolden(report.text(.plain), "harbour-matrix.txt")
    try expectGolden(report.csv.text, "harbour-matrix.csv")
    try expectGolden(report.json.pretty + "\n", "harbour-matrix.json")
    let narrowed = try subject.matrix(
        from: subject.source("officer"), to: subject.target(TargetPattern(parsing: "log:81")))
    try expectGolden(AuthorizationMatrixReport(narrowed).text(.plain), "harbour-matrix-narrowed.txt")
}

/// Endpoints that listen on different ports, a policy that is not there, workloads that share an address.
private func mixed() -> Mesh {
    let name = ServiceName(namespace: "ns", hostname: "s.ns.svc.cluster.local")
    var mesh = Mesh()
    mesh.apply(.setService(Service(name, ports: [ServicePort(80, targetName: "http")])))
    func add(_ pod: String, _ address: String, port: UInt16, policies: [String] = []) {
        mesh.apply(
            .setWorkload(
                Workload(
                    WorkloadUID(cluster: "c", podNamespace: "ns", pod: pod), name: pod, namespace: "ns",
                    addresses: [IPAddress(address) ?? .anyV4], ownerName: "s",
                    services: [name: [ServicePort(80, to: port)]], policies: policies)))
    }
    add("s-0", "10.0.0.1", port: 8080)
    add("s-1", "10.0.0.2", port: 9090, policies: ["ns/gone", "ns/ports", "ns/gone"])
    add("s-2", "10.0.0.2", port: 9090)
    mesh.apply(
        .setPolicy(
            Policy(
                name: "ports", namespace: "ns", scope: .workload, action: .allow,
                rules: [.init([.init([PolicyMatch(destinationPorts: .init([8080]))])]), .init([.init()])])))
    return mesh
}

@Test func aServiceIsAnsweredForEachClassOfItsEndpoints() throws {
    let answer = try answer("192.0.2.1", "s:80", in: AuthorizationSubject(mixed()))
    #expect(answer.cases.map(\.port) == [8080, 9090])
    #expect(answer.cases.map { $0.destination.members.map(\.workload.name) } == [["s-0"], ["s-1"]])
    #expect(answer.cases.map(\.missing) == [[], ["ns/gone"]])
    #expect(
        answer.notes.dropFirst() == [
            "port 80 of service ns/s.ns.svc.cluster.local is port 8080 at ns/s-0",
            "port 80 of service ns/s.ns.svc.cluster.local is port 9090 at ns/s-1, ns/s-2",
            "ns/s-2 shares its address 10.0.0.2 with ns/s-1, the first by uid, and counts as that",
        ])
    let text = answer.text(.plain)
    #expect(text.contains("policy ns/gone is listed by the workload but does not exist"))
    #expect(text.contains("matches by rule 2, which has no conditions"))
}

@Test(arguments: [
    ("s-0", "s:81", "--to: service ns/s.ns.svc.cluster.local has no port 81; it has 80"),
    ("s-00", "s:80", "--from: there is no workload named \"s-00\"; did you mean s-0?"),
    ("s-0", "t-0:80", "--to: there is no service or workload named \"t-0\"; did you mean s-0?"),
    ("s-0", "[fd00::1]:80", "--to: s-0 and [fd00::1]:80 have no addresses of the same family"),
])
func aQuestionThatCannotBeAnsweredSaysWhy(from: String, to: String, message: String) throws {
    let subject = AuthorizationSubject(mixed())
    let error = #expect(throws: InputError.self) { try answer(from, to, in: subject) }
    #expect(error?.description == message)
}

@Test(arguments: [
    (["a", "b"], "a,b"), (["a,b", "c"], "\"a,b\",c"), (["say \"a\"", ""], "\"say \"\"a\"\"\","),
    (["a\nb"], "\"a\nb\""), ([""], ""),
])
func cellsAreQuotedWhereTheyNeedIt(cells: [String], line: String) {
    #expect(CSVWriter.line(cells) == line)
}
