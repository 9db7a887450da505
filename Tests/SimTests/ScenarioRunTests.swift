import Inputs
import Model
import Scenario
import Sim
import Testing

/// Runs steps on a mesh of a service `svc`, its two pods `srv` and a client `web`.
func runSteps(
    _ steps: String, preset: Preset = .hardened, settings: String = "", mesh: String = twoServers
) throws -> ScenarioResult {
    let indented = mesh.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n")
    let text = "name: t\n\(settings)\nmesh:\n  - inline: |\n\(indented)\nsteps:\n\(steps)\n"
    var runner = try ScenarioRunner(Scenario(text: text, file: "t.yaml"), .init(preset: preset))
    return try runner.run()
}

/// The message of a scenario that cannot run.
func refusal(
    _ steps: String, preset: Preset = .hardened, settings: String = "", mesh: String = twoServers
) -> String? {
    do {
        _ = try runSteps(steps, preset: preset, settings: settings, mesh: mesh)
        return nil
    } catch {
        return "\(error)"
    }
}

/// Checks that are not met.
func failures(
    _ steps: String, preset: Preset = .hardened, settings: String = "", mesh: String = twoServers
) throws -> [String] {
    try runSteps(steps, preset: preset, settings: settings, mesh: mesh).steps.flatMap(\.checks)
        .filter { !$0.isMet }.map { "\($0.key): \($0.expected), got \($0.got)" }
}

let twoServers = """
    {apiVersion: v1, kind: Service, metadata: {name: svc, namespace: default},
     spec: {clusterIP: 10.96.0.10, selector: {app: srv}, ports: [{port: 80, targetPort: 8080}]}}
    ---
    {apiVersion: apps/v1, kind: Deployment, metadata: {name: srv, namespace: default}, spec: {replicas: 2,
     selector: {matchLabels: {app: srv}}, template: {metadata: {labels: {app: srv}}, spec: {containers: [{name: c}]}}}}
    ---
    {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: default}, spec: {replicas: 1,
     selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}}
    """

/// A hole among the endpoints leaves some connections alone under upstream, and refuses none.
private let hole = "  - mapWrite: {delete: {km_endpoint: [svc/0/1]}}\n"

@Test func unknownNamesAreRefusedWhateverHappened() throws {
    for (key, value) in [
        ("destination", "typo:8080"), ("oneOf", "[\"svc:8080\", typo]"), ("via", "typo"),
        ("originalDestination", "typo:80"),
    ] {
        let text = refusal(
            hole + "  - connect: {from: web, to: \"svc:80\", repeat: 20}\n    expect: {\(key): \(value)}",
            preset: .upstream)
        #expect(text?.contains("there is no workload or service named \"typo\"") == true, "\(key): \(text ?? "")")
    }
}

@Test func everyConnectionNeedsTheReason() throws {
    let steps = hole + "  - connect: {from: web, to: \"svc:80\", repeat: 20}\n    expect: {reason: loadBalanced}"
    let failed = try failures(steps, preset: .upstream)
    #expect(failed.count == 1)
    #expect(failed.first?.contains("loadBalanced × ") == true, "\(failed)")
    #expect(
        try failures("  - connect: {from: web, to: \"svc:80\", repeat: 20}\n    expect: {reason: loadBalanced}") == [])
}

@Test func timeDoesNotWrap() throws {
    let text = refusal(
        "  - connect: {from: web, to: \"svc:80\", keep: s}\n  - advance: 18446744073709551615ns\n  - close: s")
    #expect(text?.contains("the clock cannot go so far") == true)
    #expect(try runSteps("  - advance: 1h\n  - advance: 5000h").steps.count == 2)
}

@Test func aReusedSocketKeepsItsFamily() {
    let kept = "  - connect: {from: web, to: \"svc:80\", keep: s}\n"
    #expect(
        refusal(kept + "  - connect: {reuse: s, to: \"[fd00::1]:80\"}")?.contains("socket \"s\" is an IPv4 socket")
            == true)
    #expect(refusal(kept + "  - connect: {reuse: s, to: \"10.0.0.9:80\"}") == nil)
}

@Test func deletingWhatIsGoneIsNoFullMap() throws {
    let result = try runSteps(
        "  - mapWrite: {delete: {km_frontend: [10.96.0.10]}}\n  - remove: Service/default/svc\n"
            + "    expect: {problems: 0}")
    #expect(result.isSuccess)
    #expect(result.steps.flatMap(\.problems) == [])
}
