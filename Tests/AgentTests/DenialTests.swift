import Foundation
import Glibc
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

/// What is told of denials, and the verdicts of user space.
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct DenialTests {
    @Test func denialsAreLoggedAndCountedByName() throws {
        var scene = try AuthorizationScene(["deny.yaml": Manifests.denyAll], "--metrics", "127.0.0.1:0")
        try scene.node.start(until: "metrics")
        try scene.manage()
        #expect(try scene.connectIn().errno == ETIMEDOUT)
        try scene.node.waitForLog(" denied source=10.1.0.1:")
        let line = try #require(scene.node.log.split(separator: "\n").first { $0.contains(" denied source=") })
        for part in [
            "source_workload=shop/client", "principal=cluster.local/ns/shop/sa/default", "destination=10.1.0.2:80",
            "destination_workload=shop/web-1", "reason=deniedByPolicy", "policy=shop/deny-all", "rule=0",
        ] { #expect(line.contains(part), "\(part) in \(line)") }
        let labels =
            "source_workload=\"client\",source_workload_namespace=\"shop\",destination_workload=\"web-1\","
            + "destination_workload_namespace=\"shop\",policy=\"shop/deny-all\",reason=\"deniedByPolicy\""
        try eventually("denials by their labels") {
            try scene.node.metric("kmesh_authorization_denials_total{\(labels)}") ?? 0 >= 1
        }
        try eventually("denied packets") {
            try scene.node.metric("kmesh_authorization_denied_packets_total{reason=\"deniedByPolicy\"}") ?? 0 >= 1
        }
        try scene.node.expectMetric("kmesh_authorization_policies ", 1)
        try scene.node.expectMetric("kmesh_authorization_judged_addresses ", 1)
        try scene.node.expectMetric("kmesh_authorization_pods{state=\"enforced\"}", 1)
        try scene.node.expectMetric("kmesh_authorization_pods{state=\"notEnforced\"}", 0)
        var watched = try AgentProcess(
            ["events", "--hook", "xdpIngress", "--count", "1"] + scene.node.places,
            files: "\(scene.node.scratch.path)/events")
        for _ in 0..<20 where watched.code == nil {
            _ = try scene.connectIn()
            watched.wait(milliseconds: 10)
        }
        #expect(watched.wait() == 0, "\(watched.log)")
        let event = try String(contentsOfFile: watched.outputFile, encoding: .utf8)
        #expect(event.contains("xdpIngress deniedByPolicy - 10.1.0.2:80 (shop/web-1) → 10.1.0.1:"), "\(event)")
        #expect(event.contains("(shop/client)"), "\(event)")
        // Closed by default, and as JSON.
        try scene.node.start(["--log-format", "json"], until: "\"message\":\"metrics\"")
        try scene.node.write("deny.yaml", Manifests.allowNobody)
        try scene.node.waitForLog("\"message\":\"mesh changed\"")
        #expect(try scene.connectIn().errno == ETIMEDOUT)
        try scene.node.waitForLog("\"reason\":\"deniedByDefault\"")
    }

    /// With upstream's preset, and where the compiled policies are switched off, the agent decides.
    @Test(arguments: [["--preset", "upstream"], ["--option", "authorization=userSpace"], []])
    func userSpaceResetsWhatItDenies(_ options: [String]) throws {
        var scene = try AuthorizationScene(["deny.yaml": Manifests.denyAll])
        if options.isEmpty { #expect(try scene.node.tool("authz", "off").code == 0) }
        scene.node.options = options
        try scene.node.start()
        try scene.manage()
        let denied = try scene.connectIn()
        #expect(denied.errno == 0, "it is established before anybody decides")
        try scene.node.waitForLog(" denied source=10.1.0.1:")
        #expect(scene.node.log.contains("policy=shop/deny-all"))
        // The next packet becomes a reset, which ends the pod's side.
        try scene.node.driver.send([1], on: denied.socket)
        let accepted = try #require(denied.accepted)
        try eventually("a reset") { try scene.node.driver.state(of: accepted.socket).tcpState == 7 }
        let status = try scene.node.tool("authz", "status")
        #expect(status.output.contains("decides     user space"), "\(status.output)")
        #expect(status.output.contains("reset"))
        try scene.remove("deny.yaml")
        let open = try scene.connectIn()
        for _ in 0..<3 { #expect(try scene.goesThrough(open)) }
        if options == ["--preset", "upstream"] {
            #expect(scene.node.log.contains("upstream's XDP engine is only simulated"))
        }
    }
}
