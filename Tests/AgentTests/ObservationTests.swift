import Foundation
import Glibc
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

/// Metrics, reports, and the access log.
@Suite(.enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct ObservationTests {
    @Test func metricsTellWhatHappens() throws {
        var node = try TestNode(["web.yaml": Manifests.web("10.0.0.1")], "--metrics", "127.0.0.1:0")
        try node.start(until: "metrics")
        try node.manage()
        #expect(try node.http("/healthz").code == 200)
        try eventually("/readyz") { try node.http("/readyz").code == 200 }
        #expect(try node.http("/nothing").code == 404)
        for _ in 0..<5 { #expect(try node.landing("10.96.0.1:80") == "10.0.0.1:8080") }
        #expect(try node.landing("10.96.0.1:81") == "error 111")
        try node.expectMetric("kmesh_hook_exits_total{hook=\"connect4\",reason=\"loadBalanced\"}", 5)
        try node.expectMetric("kmesh_hook_exits_total{hook=\"connect4\",reason=\"portNotListed\"}", 1)
        try node.expectMetric("kmesh_tcp_connections_open ", 0)
        try eventually("five opened connections") { try Self.opened(node).contains { $0.hasSuffix(" 5") } }
        let held = try node.driver.connect(
            ConnectRequest(to: try #require(SocketAddress("10.96.0.1:80")), in: node.pod.number))
        // Seen by the client's side and by the server's, which is in the same managed namespace.
        try eventually("an open connection") { try node.metric("kmesh_tcp_connections_open ") ?? 0 >= 1 }
        try node.driver.close(held.socket)
        try node.expectMetric("kmesh_tcp_connections_open ", 0)
        try node.expectMetric("kmesh_mesh_resources{kind=\"service\"}", 1)
        try node.expectMetric("kmesh_managed_pods", 1)
        let before = try #require(try node.metric("kmesh_changes_applied_total"))
        try node.write("web.yaml", Manifests.web("10.0.0.1", "10.0.0.2"))
        try node.expectMetric("kmesh_changes_applied_total", before + 1)
        try node.expectMetric("kmesh_changes_refused_total", 0)
        try node.expectMetric("kmesh_build_info{version=\"0.1.0\",node=\"node-a\"}", 1)
        // The name of each metric is in the documentation.
        let documentation = try String(contentsOfFile: "\(packageDirectory)/docs/agent.md", encoding: .utf8)
        for line in try node.http("/metrics").body.split(separator: "\n") where line.hasPrefix("# TYPE ") {
            let name = line.split(separator: " ")[2]
            #expect(documentation.contains("`\(name)`"), "\(name)")
        }
        // What was counted of a service goes with it.
        try node.remove("web.yaml")
        try eventually("no series of a service that is gone") { try Self.opened(node).isEmpty }
    }

    /// The series of opened connections to the service.
    private static func opened(_ node: borrowing TestNode) throws -> [Substring] {
        try node.http("/metrics").body.split(separator: "\n").filter {
            $0.hasPrefix("kmesh_tcp_connections_opened_total{")
                && $0.contains("destination_service=\"web.shop.svc.cluster.local\"")
        }
    }

    @Test func reportsAndTheAccessLogAreLinesOfJSON() throws {
        var node = try TestNode(["web.yaml": Manifests.web("10.0.0.1")])
        let reports = "\(node.scratch.path)/reports"
        try node.start(
            ["--reports", reports, "--access-log", "-", "--log-format", "json"], until: "\"message\":\"in force\"")
        try node.manage()
        _ = try node.landing("10.96.0.1:80")
        func lines(_ text: String) throws -> [[String: Any]] {
            try text.split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }
        try eventually("a closed connection") {
            node.output.contains("\"direction\":\"OUTBOUND\"") || node.output.contains("\"direction\":\"outbound\"")
        }
        let closed = try #require(
            try lines(node.output).first { ($0["direction"] as? String)?.lowercased() == "outbound" })
        #expect(closed["type"] as? String == "access")
        #expect(closed["dst.addr"] as? String == "10.0.0.1:8080")
        #expect(closed["original_dst.addr"] as? String == "10.96.0.1:80")
        #expect(closed["dst.workload"] as? String == "web-1")
        #expect(closed["dst.service"] as? String == "web.shop.svc.cluster.local")
        let written = try lines(try String(contentsOfFile: reports, encoding: .utf8))
        #expect(
            written.contains {
                $0["type"] as? String == "connection" && $0["service"] as? String == "shop/web.shop.svc.cluster.local"
            })
        for line in try lines(node.log) {
            #expect(line["level"] != nil && line["message"] != nil && line["time"] != nil)
        }

        // As logrotate does it.
        try FileManager.default.moveItem(atPath: reports, toPath: "\(reports).1")
        node.agent?.send(SIGHUP)
        try eventually("a new file") { FileManager.default.fileExists(atPath: reports) }
        _ = try node.landing("10.96.0.1:80")
        try eventually("a line in the new file") {
            try String(contentsOfFile: reports, encoding: .utf8).contains("\"type\":\"connection\"")
        }
        #expect(node.endAgent(SIGINT) == 0)
        #expect(node.log.contains("ending; what is in force stays"))
    }
}

/// The directory of the sources.
private let packageDirectory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
