import Foundation
import Glibc
import KernelTestSupport
import Model
import Testing

/// `kmesh-live authz`
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct AuthzCommandTests {
    private static func status(_ scene: borrowing AuthorizationScene) throws -> (code: Int32, [String: Any]) {
        let done = try scene.node.tool("authz", "status", "-o", "json")
        return (
            done.code,
            try #require(try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [String: Any], "\(done)")
        )
    }

    @Test func statusTellsWhoDecidesAndWhere() throws {
        var scene = try AuthorizationScene(["deny.yaml": Manifests.denyAll])
        #expect(try scene.node.tool("authz", "status").code == 1, "nothing is pinned")
        try scene.node.start()
        try scene.manage()
        #expect(try scene.connectIn().errno == ETIMEDOUT)
        let (code, status) = try Self.status(scene)
        #expect(code == 0)
        #expect(status["authorization"] as? String == "compiled")
        #expect(status["mode"] as? String == "kernel")
        #expect(status["policies"] as? Int == 1)
        #expect(status["judgedAddresses"] as? Int == 1)
        let pods = try #require(status["pods"] as? [[String: Any]])
        #expect(pods.map { $0["enforced"] as? Bool } == [true])
        let denials = try #require(status["denials"] as? [[String: Any]])
        #expect(denials.contains { $0["reason"] as? String == "deniedByPolicy" })
        let before = try #require(status["generation"] as? Int)
        try scene.remove("deny.yaml")
        #expect(try #require(try Self.status(scene).1["generation"] as? Int) > before)
        let text = try scene.node.tool("authz", "status")
        #expect(text.output.contains("decides     the kernel, on the first packet"), "\(text.output)")
        #expect(text.output.contains("shop/web-1  enforced at eth0"))
        // An interface that is not judged.
        _ = try scene.node.driver.run(
            ["ip", "link", "add", "eth1", "type", "veth", "peer", "name", "eth2"], in: scene.web.number)
        _ = try scene.node.driver.run(["ip", "link", "set", "eth1", "up"], in: scene.web.number)
        let gap = try scene.node.tool("authz", "status")
        #expect(gap.code == 1)
        #expect(gap.output.contains("not enforced: nothing is attached to eth1"), "\(gap.output)")
        scene.node.agent?.send(SIGHUP)
        try scene.node.waitForLog("judged pod=shop/web-1 interface=eth1")
        #expect(try scene.node.tool("authz", "status").code == 0)
    }

    @Test func theSwitchHoldsAtOnceAndOverRestarts() throws {
        var scene = try AuthorizationScene(["deny.yaml": Manifests.denyAll])
        // Before there is anything to switch.
        #expect(try scene.node.tool("authz", "off").code == 0)
        try scene.node.start()
        #expect(try Self.status(scene).1["mode"] as? String == "userSpace")
        #expect(try scene.node.tool("authz", "on").code == 0)
        #expect(try Self.status(scene).1["mode"] as? String == "kernel")
        try scene.manage()
        #expect(try scene.connectIn().errno == ETIMEDOUT)
        #expect(try scene.node.tool("authz", "disable").code == 0)
        #expect(try scene.connectIn().errno == 0, "the agent decides, once a connection is there")
        try scene.node.start()
        #expect(try Self.status(scene).1["mode"] as? String == "userSpace")
        scene.node.endAgent()
        let alone = try scene.node.tool("authz", "off")
        #expect(alone.errors.contains("no agent runs: until one does, nobody decides"))
        #expect(try scene.node.tool("authz", "enable").code == 0)
        #expect(try scene.connectIn().errno == ETIMEDOUT, "the pinned programs obey without an agent")
    }
}
