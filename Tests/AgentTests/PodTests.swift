import Foundation
import Glibc
import KernelTestSupport
import Live
import Model
import SocketDriverProtocol
import Testing

/// `manage` and `release`, and what the agent makes of the record.
@Suite(.enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct PodTests {
    private static let web = ["web.yaml": Manifests.web("10.0.0.1")]

    @Test func aPodIsManagedUntilItIsReleased() throws {
        var node = try TestNode(Self.web)
        try node.start()
        let before = try node.driver.connect(
            ConnectRequest(to: try #require(SocketAddress("10.96.0.1:80")), in: node.pod.number))
        try node.manage()
        #expect(try node.landing("10.96.0.1:80") == "10.0.0.1:8080")
        #expect(try node.driver.state(of: before.socket).remoteEnd == SocketAddress("10.96.0.1:80"))
        #expect(try node.driver.state(of: before.socket).tcpState == 1)
        let status = try node.tool("status")
        #expect(status.output.contains("shop/client netns:\(node.pod.cookie)"), "\(status.output)")

        try node.start()
        #expect(try node.landing("10.96.0.1:80") == "10.0.0.1:8080", "after a restart")
        let released = try node.tool("release", "--pod", "shop/client")
        #expect(released.code == 0)
        #expect(released.output.contains("released shop/client"))
        #expect(try node.landing("10.96.0.1:80") == "10.96.0.1:80")
        let again = try node.tool("release", "--pod", "shop/client")
        #expect(again.code == 1)
        #expect(again.errors.contains("no such pod is managed"))
        try node.start()
        #expect(try node.landing("10.96.0.1:80") == "10.96.0.1:80", "after another restart")
    }

    /// A program in a namespace of its own, whose process names it.
    @Test func aPodIsManagedByAProcessAndItsEndIsNoticed() throws {
        var node = try TestNode(Self.web, "--metrics", "127.0.0.1:0")
        let sleeper = try node.driver.start(["sleep", "60"], in: node.pod.number)
        let children = try String(
            contentsOfFile: "/proc/\(node.driver.process)/task/\(node.driver.process)/children",
            encoding: .utf8)
        let process = try #require(children.split(separator: " ").first)
        // Managed before there is an agent: the record waits for it.
        let managed = try node.tool("manage", "--pid", "\(process)", "--pod", "shop/client")
        #expect(managed.code == 0, "\(managed.errors)")
        try node.start(until: "metrics")
        #expect(try node.landing("10.96.0.1:80") == "10.0.0.1:8080")
        try node.expectMetric("kmesh_managed_pods", 1)
        _ = try node.driver.stop(sleeper)
        node.agent?.send(SIGHUP)
        try node.waitForLog("a managed pod's namespace is gone pod=shop/client")
        #expect(try node.landing("10.96.0.1:80") == "10.96.0.1:80")
    }

    /// Pods of a node come and go, and so do their addresses: what is recorded of one that is gone takes nothing away.
    @Test func aGonePodTakesNoAddressFromAnother() throws {
        var node = try TestNode(Self.web)
        let gone = ManagedPod(
            namespace: "z", name: "old", netnsPath: "/proc/0/ns/net", netnsInode: 1, netnsCookie: 1,
            addresses: [.v4(0x0AF4_0107)])
        let there = ManagedPod(
            namespace: "a", name: "web", netnsPath: node.pod.path,
            netnsInode: try NetworkNamespace(path: node.pod.path).inode, netnsCookie: node.pod.cookie,
            addresses: gone.addresses)
        try ManagedPods.change(inDirectory: node.stateDirectory) { (pods) throws(AgentError) in
            pods.manage(gone)
            pods.manage(there)
        }
        try node.start()
        let managed = try PinnedMaps(PinDirectory(node.pinDirectory)).snapshot().maps.manage
        #expect(managed.lookup(ManageKey(gone.addresses[0])) != nil)
        #expect(managed.lookup(ManageKey(cookie: there.netnsCookie)) != nil)
        #expect(managed.lookup(ManageKey(cookie: gone.netnsCookie)) == nil)
    }

    @Test func theNodeItselfIsNeverManaged() throws {
        var node = try TestNode(Self.web)
        try node.start()
        for reference in [["--pid", "\(getpid())"], ["--netns", "/proc/self/ns/net"]] {
            let refused = try node.tool("manage", reference[0], reference[1], "--pod", "shop/node")
            #expect(refused.code == 1)
            #expect(refused.errors.contains("is the node's own network namespace, which is never managed"))
        }
        let missing = try node.tool("manage", "--netns", "\(node.scratch.path)/nothing", "--pod", "shop/x")
        #expect(missing.code == 1)
        #expect(missing.errors.contains("open the network namespace"), "\(missing.errors)")
        let other = try node.tool("manage", "--netns", "/dev/null", "--pod", "shop/x")
        #expect(other.code == 1, "\(other.errors)")
        #expect(try !node.tool("status").output.contains("shop/"))
    }

    @Test func aPodManagesItselfWhereThatIsAllowed() throws {
        var node = try TestNode(Self.web)
        for (options, isObeyed) in [([], false), (["--preset", "upstream"], true)] {
            try node.start(options)
            var request = ConnectRequest(to: try #require(SocketAddress("0.0.0.2:929")), in: node.pod.number)
            request.acceptingNamespace = nil
            request.timeoutMilliseconds = 200
            request.ending = .reset
            _ = try node.driver.connect(request)
            #expect(try node.landing("10.96.0.1:80") == (isObeyed ? "10.0.0.1:8080" : "10.96.0.1:80"))
        }
        // What the programs wrote stays over a restart, although no agent wrote it.
        try node.start(["--preset", "upstream"])
        #expect(try node.landing("10.96.0.1:80") == "10.0.0.1:8080")
        var request = ConnectRequest(to: try #require(SocketAddress("0.0.0.2:930")), in: node.pod.number)
        request.acceptingNamespace = nil
        request.timeoutMilliseconds = 200
        request.ending = .reset
        _ = try node.driver.connect(request)
        #expect(try node.landing("10.96.0.1:80") == "10.96.0.1:80")
    }

    @Test func interfacesAndAddressesOfAPodAreRecorded() throws {
        var node = try TestNode(Self.web)
        try node.start()
        let name = "kt\(getpid() % 100_000)"
        let empty = try node.driver.makeNamespace(isEveryAddressLocal: false)
        for line in [
            "link add eth0 type veth peer name \(name) netns \(getpid())", "link set eth0 up",
            "addr add 10.0.5.1/24 dev eth0", "addr add fd00::5/64 dev eth0 nodad",
        ] {
            let done = try node.driver.run(["ip"] + line.split(separator: " ").map { String($0) }, in: empty.number)
            #expect(done.code == 0, "\(line): \(String(decoding: done.errors, as: UTF8.self))")
        }
        let managed = try node.tool("manage", "--netns", empty.path, "--pod", "shop/veth", "-o", "json")
        // Removes both ends.
        _ = try node.driver.run(["ip", "link", "del", "eth0"], in: empty.number)
        #expect(managed.code == 0, "\(managed.errors)")
        for part in [
            "\"interface\": \"eth0\"", "\"peer\": \"\(name)\"", "\"10.0.5.1\"", "\"fd00::5\"",
            "\"cookie\": \(empty.cookie)",
        ] { #expect(managed.output.contains(part), "\(part) in \(managed.output)") }
        #expect(try node.tool("status").output.contains("eth0 ↔ \(name) 10.0.5.1 fd00::5"))
    }
}
