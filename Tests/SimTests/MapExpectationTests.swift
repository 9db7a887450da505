import Scenario
import Sim
import Testing

@Test func mapValuesAreComparedByTheirBytes() throws {
    let failed = try failures(
        "  - mapWrite: {put: {km_backend: {web: {waypoint: \"10.9.9.9:0\"}}}}\n"
            + "    expect: {maps: {km_backend: {web: {waypoint: none}}}}")
    #expect(failed.count == 1, "\(failed)")
}

@Test(arguments: [
    ("{endpointCounts: [1, 0, 0, 0, 0, 0, 0, 9]}", "there are 7 priorities, not 8"),
    ("{ports: nonsense}", "ports are written as {80: 8080}"),
    ("{ports: {0: 80}}", "ports are written as 80: 8080"),
    ("{ports: {1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1, 11: 1}}", "at most 10 ports, not 11"),
    ("{ports: }", "\"ports\" has no value"),
])
func wrongMapWritesAreRefused(_ value: String, _ message: String) {
    let text = refusal("  - mapWrite: {put: {km_service: {svc: \(value)}}}")
    #expect(text?.contains(message) == true, "\(text ?? "accepted")")
}

@Test func prefixesAreFoundByTheirNetwork() throws {
    let failed = try failures(
        "  - mapWrite: {put: {km_nodeinfo: {10.1.2.9/24: 1, \"fd00::/40\": 1}}}\n"
            + "    expect: {maps: {km_nodeinfo: {10.1.2.0/24: 1, 10.1.2.7/24: 1, \"fd00::1/40\": 1, 10.1.2.0/25: absent}}}"
    )
    #expect(failed == [])
}

@Test func longPrefixesArePrintedAsIPv6() throws {
    let text = """
        name: t
        nodes: [{name: n}]
        mesh: [{inline: {apiVersion: v1, kind: Namespace, metadata: {name: default}}}]
        steps: [{mapWrite: {put: {km_nodeinfo: {"fd00::/40": 1, 10.1.0.0/16: 1}}}}]
        """
    var runner = try ScenarioRunner(Scenario(text: text, file: "t.yaml"))
    _ = try runner.run()
    let section = try #require(runner.maps(of: "n")?.sections.last)
    #expect(section.rows.map(\.key) == ["10.1.0.0/16", "fd00::/40"])
}
