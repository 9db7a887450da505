import Foundation
import Glibc
import KernelTestSupport
import Model
import SocketDriverProtocol
import TestSupport
import Testing

/// The commands that look at what is in force, and take it away.
@Suite(.enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct InspectionTests {
    private static let mesh = ["web.yaml": Manifests.web("10.0.0.1"), "other.yaml": Manifests.other]

    @Test func statusTellsWhatIsInForce() throws {
        var node = try TestNode(Self.mesh)
        let nothing = try node.tool("status")
        #expect(nothing.code == 1)
        #expect(nothing.errors.contains("no data plane is pinned in \(node.pinDirectory)"))
        try node.start()
        try node.manage()
        _ = try node.landing("10.96.0.1:80")
        let text = try node.tool("status")
        #expect(text.code == 0)
        let agent = node.processID ?? 0
        for part in [
            "agent     runs (process \(agent))", ", km_connect4\n", "km_frontend", "loadBalanced", "shop/client netns:",
        ] { #expect(text.output.contains(part), "\(part) in \(text.output)") }
        let json = try node.tool("status", "-o", "json")
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(document["agent"] as? Int == agent)
        #expect((document["attached"] as? [String])?.contains("km_connect4") ?? false)
        let maps = try #require(document["maps"] as? [[String: Any]])
        let frontend = try #require(maps.first { $0["name"] as? String == "km_frontend" })
        #expect(frontend["entries"] as? Int == 4)
        #expect(frontend["capacity"] as? Int == 1024)
        #expect(document["names"] as? Int == 4)
        node.endAgent()
        let alone = try node.tool("status")
        #expect(alone.code == 0, "the data plane stays")
        #expect(alone.output.contains("agent     does not run"))
        for name in try FileManager.default.contentsOfDirectory(atPath: node.pinDirectory) where name.hasPrefix("link_")
        {
            try FileManager.default.removeItem(atPath: "\(node.pinDirectory)/\(name)")
        }
        let detached = try node.tool("status")
        #expect(detached.code == 1)
        #expect(detached.output.contains("in force  nothing is attached"))
    }

    @Test func theSimulatorAnswersWhatThisNodeDoes() throws {
        var node = try TestNode([
            "web.yaml": Manifests.web("10.0.0.1"), "none.yaml": Manifests.service("none", "10.96.0.4"),
            "client.yaml": Manifests.pod("client", "10.0.8.1", app: "client"),
        ])
        // The simulator knows a managed pod by its address.
        for line in ["link add eth0 type veth peer name eth1", "link set eth0 up", "addr add 10.0.8.1/32 dev eth0"] {
            let done = try node.driver.run(["ip"] + line.split(separator: " ").map { String($0) }, in: node.pod.number)
            #expect(done.code == 0, "\(line): \(String(decoding: done.errors, as: UTF8.self))")
        }
        try node.start()
        try node.manage()
        let directory = "\(node.scratch.path)/dump"
        let dump = try node.tool("dump", directory)
        #expect(dump.code == 0, "\(dump.errors)")
        #expect(dump.output.contains("\(directory)/names.json\n"))
        for destination in ["10.96.0.1:80", "10.96.0.1:81", "10.96.0.4:80", "10.0.0.1:8080", "192.0.2.1:80"] {
            let simulated = try run(
                "kmesh-sim",
                ["connect", "-m", directory, "--from", "client", "--to", destination, "-p", "hardened", "-o", "json"],
                directory: node.scratch.path)
            let group = try #require(
                simulated.output.firstMatch(of: /"verdict": "(\w+)",\s*"destination": ("(.*)"|null)/))
            let end = group.1 == "refuse" ? "error 111" : group.3.map { String($0) } ?? destination
            #expect(try node.landing(destination) == end, "\(destination): \(group.1)")
        }
    }

    @Test func eventsAreSentWhileSomebodyWatches() throws {
        // Without somebody to read them there are no reports.
        var node = try TestNode(Self.mesh, "--metrics", "127.0.0.1:0")
        try node.start()
        try node.manage()
        var text = try AgentProcess(
            ["events", "--hook", "connect4", "--count", "2"] + node.places, files: "\(node.scratch.path)/events")
        try connectUntilEnded(&text, &node, "10.96.0.1:80")
        #expect(text.wait() == 0)
        let lines = try String(contentsOfFile: text.outputFile, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2)
        let expected =
            "connect4 loadBalanced shop/client 10.96.0.1:80 (shop/web.shop.svc.cluster.local) → 10.0.0.1:8080 (shop/web-1)"
        #expect(lines.first?.hasSuffix(expected) ?? false, "\(lines)")

        var json = try AgentProcess(
            ["events", "--reasons", "portNotListed", "-o", "json", "--count", "1"] + node.places,
            files: "\(node.scratch.path)/refusals")
        try connectUntilEnded(&json, &node, "10.96.0.1:81")
        let line = try String(contentsOfFile: json.outputFile, encoding: .utf8)
        #expect(line.contains("\"reason\":\"portNotListed\""), "\(line)")
        #expect(line.contains("\"pod\":\"shop/client\""), "\(line)")

        var reports = try AgentProcess(
            ["events", "--reports", "-o", "json", "--count", "1"] + node.places,
            files: "\(node.scratch.path)/reports")
        try connectUntilEnded(&reports, &node, "10.96.0.1:80")
        let report = try String(contentsOfFile: reports.outputFile, encoding: .utf8)
        #expect(report.contains("\"type\":\"connection\""), "\(report)")
        #expect(report.contains("\"service\":\"shop/web.shop.svc.cluster.local\""), "\(report)")
        #expect(try node.eventsUntil() == 0, "nobody listens any more")

        var killed = try AgentProcess(["events"] + node.places, files: "\(node.scratch.path)/killed")
        try eventually("a listener") { try node.eventsUntil() != 0 }
        let second = try node.tool("events")
        #expect(second.code == 1)
        #expect(second.errors.contains("another process watches the events of \(node.pinDirectory)"))
        killed.end(SIGKILL)
        let now = try #require(try String(contentsOfFile: "/proc/uptime", encoding: .utf8).split(separator: ".").first)
        #expect(try node.eventsUntil() < (UInt64(now) ?? 0) * 1_000_000_000 + 4_500_000_000, "it ends by itself")
    }

    private func connectUntilEnded(_ process: inout AgentProcess, _ node: inout TestNode, _ destination: String) throws
    {
        for _ in 0..<500 where process.code == nil {
            _ = try node.landing(destination)
            process.wait(milliseconds: 10)
        }
        #expect(process.wait(milliseconds: 1) == 0, "\(process.log)")
    }

    @Test func detachRemovesWhatIsOursAlone() throws {
        var node = try TestNode(Self.mesh)
        try node.start()
        try node.manage()
        let refused = try node.tool("detach")
        #expect(refused.code == 1)
        #expect(refused.errors.contains("an agent runs (process \(node.processID ?? 0)); stop it first"))
        #expect(try node.landing("10.96.0.1:80") == "10.0.0.1:8080")
        node.endAgent()
        // Somebody else's: another node's programs in the same cgroup, and a pin beside ours.
        let other = try TestNode(["other.yaml": Manifests.other])
        var arguments = other.agentArguments
        arguments[try #require(arguments.firstIndex(of: other.cgroup.directory))] = node.cgroup.directory
        #expect(try run("kmesh-live", arguments + ["--once"], directory: node.scratch.path).code == 0)
        let foreign = "\(node.pinDirectory)/foreign"
        let made = try node.driver.run(
            [
                "bpftool", "map", "create", foreign, "type", "array", "key", "4", "value", "4", "entries", "1", "name",
                "x",
            ],
            in: .original)
        #expect(made.code == 0)
        let done = try node.tool("detach")
        #expect(done.code == 0)
        #expect(done.output.contains("removed \(node.pinDirectory)/link_km_connect4"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: node.pinDirectory) == ["foreign"])
        #expect(try node.landing("10.96.0.1:80") == "10.96.0.1:80")
        #expect(try other.tool("status").code == 0)
        let tree = try node.driver.run(["bpftool", "cgroup", "tree", node.cgroup.directory], in: .original)
        #expect(String(decoding: tree.output, as: UTF8.self).contains("km_connect4"), "the other's")
        #expect(try other.tool("detach").code == 0)
        let empty = try node.driver.run(["bpftool", "cgroup", "tree", node.cgroup.directory], in: .original)
        #expect(!String(decoding: empty.output, as: UTF8.self).contains("km_"))
        try FileManager.default.removeItem(atPath: foreign)
        let again = try node.tool("detach")
        #expect(again.code == 0)
        #expect(again.errors.contains("nothing of ours is pinned"))
        #expect(!FileManager.default.fileExists(atPath: node.pinDirectory))
    }
}
