import Foundation
import Glibc
import KernelTestSupport
import Live
import Model
import SocketDriverProtocol
import Testing

/// Policies, as connections to a managed pod meet them.
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct AuthorizationTests {
    @Test func policiesLetInAndKeepOut() throws {
        var scene = try AuthorizationScene(["allow.yaml": Manifests.allowShop])
        try scene.node.start()
        try scene.manage()
        #expect(try scene.connectIn().errno == 0)
        _ = try scene.node.driver.listen(on: [81], in: scene.web.number)
        #expect(try scene.node.tool("status").output.contains("km_xdp_ingress"))
        #expect(try scene.connectIn(port: 81).errno == ETIMEDOUT)
        #expect(try scene.connectOut().errno == 0)
        // Another namespace, by its identity.
        try scene.change(
            "client.yaml",
            Manifests.pod("client", "10.1.0.1", app: "client", node: "node-b")
                .replacingOccurrences(of: "namespace: shop", with: "namespace: other"))
        #expect(try scene.connectIn().errno == ETIMEDOUT)
        try scene.remove("allow.yaml")
        #expect(try scene.connectIn().errno == 0)
    }

    @Test func aChangeOfPolicyMeetsTheNextPacket() throws {
        var scene = try AuthorizationScene()
        try scene.node.start()
        try scene.manage()
        let open = try scene.connectIn()
        #expect(try scene.goesThrough(open))
        try scene.change("deny.yaml", Manifests.denyAll)
        #expect(try !scene.goesThrough(open))
        try scene.remove("deny.yaml")
        // What was not let in is sent again by the client's kernel.
        let accepted = try #require(open.accepted)
        #expect(try scene.node.driver.receive(exactly: 3, on: accepted.socket, timeoutMilliseconds: 5000) == [1, 2, 3])
    }

    /// What the pod opened before it was judged goes on; so do its flows over restarts, and denials.
    @Test func whatThePodOpenedGoesOn() throws {
        var scene = try AuthorizationScene(["allow.yaml": Manifests.allowNobody])
        try scene.node.start()
        let before = try scene.connectOut()
        #expect(before.errno == 0)
        let accepted = try scene.connectIn()
        #expect(try scene.goesThrough(accepted))
        try scene.manage()
        #expect(try scene.goesThrough(before))
        #expect(try !scene.goesThrough(accepted), "what others opened is judged")
        #expect(try scene.connectIn().errno == ETIMEDOUT)
        let open = try scene.connectOut()
        #expect(open.errno == 0)

        scene.node.endAgent(SIGKILL)
        #expect(try scene.connectIn().errno == ETIMEDOUT, "without an agent")
        #expect(try scene.goesThrough(open))
        try scene.node.start()
        #expect(try scene.connectIn().errno == ETIMEDOUT, "after a restart")
        for connection in [before, open] { #expect(try scene.goesThrough(connection)) }
        try scene.remove("allow.yaml")
        #expect(try scene.connectIn().errno == 0, "the new agent's policies are those in force")
    }

    @Test func aReleasedPodIsJudgedNoMore() throws {
        var scene = try AuthorizationScene(["deny.yaml": Manifests.denyAll])
        try scene.node.start()
        try scene.manage()
        #expect(try scene.connectIn().errno == ETIMEDOUT)
        #expect(try NetworkNamespace(path: scene.web.path).interfaces.map { $0.xdpProgram != nil } == [true])
        #expect(try scene.node.tool("release", "--pod", "shop/web-1").code == 0)
        #expect(try NetworkNamespace(path: scene.web.path).interfaces.map { $0.xdpProgram != nil } == [false])
        #expect(try scene.connectIn().errno == 0)
        // And again, with an agent that is not there.
        try scene.node.start()
        try scene.manage()
        scene.node.endAgent()
        #expect(try scene.connectIn().errno == ETIMEDOUT)
        #expect(try scene.node.tool("detach").code == 0)
        #expect(try scene.connectIn().errno == 0)
    }

    @Test func anotherProgramStaysAndThePodIsReported() throws {
        var scene = try AuthorizationScene(["deny.yaml": Manifests.denyAll])
        let pins = try TestPinDirectory()
        let foreign = try Dataplane(ProgramSettings(options: .upstream), pins: PinDirectory(pins.path))
        let namespace = try NetworkNamespace(path: scene.web.path)
        _ = try foreign.attachIngress(to: "eth0", of: namespace)
        let program = try #require(try NetworkNamespace(path: scene.web.path).interfaces.first?.xdpProgram)
        try scene.node.start()
        let managed = try scene.node.tool("manage", "--netns", scene.web.path, "--pod", "shop/web-1")
        #expect(managed.code == 0)
        #expect(managed.errors.contains("not enforced: another XDP program"), "\(managed.errors)")
        try scene.node.waitForLog("not enforced pod=\"shop/web-1 eth0\"")
        #expect(try NetworkNamespace(path: scene.web.path).interfaces.map(\.xdpProgram) == [program])
        #expect(try scene.connectIn().errno == 0)
        let status = try scene.node.tool("status")
        #expect(status.output.contains("not enforced: another XDP program"), "\(status.output)")
    }

    /// The kernel takes no writes into a frozen map: new maps take its place.
    @Test func aFailedWriteOfPoliciesIsMadeGood() throws {
        var scene = try AuthorizationScene()
        try scene.node.start()
        try scene.manage()
        let open = try scene.connectIn()
        for name in ["km_authz_slot", "km_authz_view"] {
            let frozen = try scene.node.driver.run(
                ["bpftool", "map", "freeze", "pinned", "\(scene.node.pinDirectory)/\(name)"], in: .original)
            #expect(frozen.code == 0)
        }
        try scene.change("deny.yaml", Manifests.denyAll)
        #expect(scene.node.log.contains(" failed error="))
        #expect(try scene.connectIn().errno == ETIMEDOUT)
        #expect(try !scene.goesThrough(open))
        try scene.remove("deny.yaml")
        #expect(try scene.connectIn().errno == 0)
    }

    /// A pod that the mesh has nowhere, or on another node.
    @Test func aPodThatTheMeshDoesNotKnowIsJudged() throws {
        var scene = try AuthorizationScene(["deny.yaml": Manifests.denyAll], meshHasWeb: false)
        try scene.node.start()
        try scene.manage()
        try scene.node.waitForLog("a managed pod is not in the mesh pod=shop/web-1")
        #expect(try scene.connectIn().errno == ETIMEDOUT)
        try scene.remove("deny.yaml")
        #expect(try scene.connectIn().errno == 0)
        let selector = "{selector: {matchLabels: {app: other}}, action: ALLOW, rules: [{}]}"
        try scene.change("selecting.yaml", Manifests.policy("some", selector))
        #expect(try scene.connectIn().errno == ETIMEDOUT, "it may be selected")
        #expect(scene.node.log.contains("nothing gets in"))
        try scene.change("web.yaml", Manifests.pod("web-1", "10.1.0.2", app: "web", node: "node-b"))
        #expect(try scene.connectIn().errno == 0, "it is known, and not selected")
        try scene.change("web.yaml", Manifests.pod("web-1", "10.1.0.2", app: "other", node: "node-b"))
        try scene.change(
            "selecting.yaml",
            Manifests.policy("some", selector.replacingOccurrences(of: "action: ALLOW", with: "action: DENY")))
        #expect(try scene.connectIn().errno == ETIMEDOUT, "selected, although on another node")
    }
}
