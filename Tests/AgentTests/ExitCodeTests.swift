import Foundation
import Glibc
import KernelTestSupport
import TestSupport
import Testing

/// How an agent ends that cannot start.
@Suite(.enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct ExitCodeTests {
    private static let mesh = ["web.yaml": Manifests.web("10.0.0.1")]

    /// Runs the agent, or another program with it as its last arguments.
    private func end(_ node: inout TestNode, _ further: [String] = [], code: Int32, _ text: String) throws {
        let finished = try node.finished(further)
        #expect(finished.code == code, "\(finished.errors)")
        #expect(finished.errors.contains(text), "\(finished.errors)")
        #expect(finished.output == "")
    }

    @Test func aWrongCommandLineIsTwo() throws {
        var node = try TestNode(Self.mesh)
        try end(&node, ["--preset", "soft"], code: 2, "--preset")
        try end(&node, ["--option", "noEndpiont=leave"], code: 2, "noEndpoint")
        try end(&node, ["--metrics", "nowhere"], code: 2, "--metrics")
        #expect(!FileManager.default.fileExists(atPath: node.stateDirectory))
    }

    @Test func aBadMeshAtStartIsThreeAndTouchesNothing() throws {
        var node = try TestNode(["web.yaml": "kind: Service\nmetadata: ["])
        try end(&node, code: 3, "\(node.meshDirectory)/web.yaml:3:1: not valid YAML")
        #expect(!FileManager.default.fileExists(atPath: node.stateDirectory))
        #expect(!FileManager.default.fileExists(atPath: node.pinDirectory))
        try end(&node, ["--mesh", "\(node.scratch.path)/absent.yaml"], code: 3, "absent.yaml")
        // Where a data plane is in force, it stays as it is.
        try node.write("web.yaml", Manifests.web("10.0.0.1"))
        try node.start()
        try node.manage()
        node.endAgent()
        try node.write("web.yaml", "[")
        try end(&node, code: 3, "web.yaml:2:1")
        #expect(try node.landing("10.96.0.1:80") == "10.0.0.1:8080")
        // By hand mended, and the same mistake in a file of settings.
        let settings = try node.scratch.write("mehs: mesh\n", to: "config.yaml")
        try end(&node, ["--config", settings], code: 3, "config.yaml:1")
    }

    @Test func aMissingPrivilegeIsFour() throws {
        var node = try TestNode(Self.mesh)
        let program = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .deletingLastPathComponent().appendingPathComponent("kmesh-live").path
        let agent = [program] + node.agentArguments
        let bare = try node.driver.run(
            ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] + agent, in: .original)
        #expect(bare.code == 4, "\(String(decoding: bare.errors, as: UTF8.self))")
        #expect(
            String(decoding: bare.errors, as: UTF8.self).contains("CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN are needed")
        )
        #expect(!FileManager.default.fileExists(atPath: node.pinDirectory))
        // With a data plane in force.
        try node.start()
        try node.manage()
        node.endAgent()
        let again = try node.driver.run(
            ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] + agent, in: .original)
        #expect(again.code == 4, "\(String(decoding: again.errors, as: UTF8.self))")
        #expect(try node.landing("10.96.0.1:80") == "10.0.0.1:8080")
    }

    @Test func twoAgentsDoNotShareAStateDirectory() throws {
        var node = try TestNode(Self.mesh)
        try node.start()
        try node.manage()
        try end(
            &node, code: 1,
            "\(node.stateDirectory) is in use by process \(node.processID ?? 0); give each agent its own")
        #expect(try node.landing("10.96.0.1:80") == "10.0.0.1:8080")
        #expect(try node.tool("status").output.contains("runs (process \(node.processID ?? 0))"))
        // A look at whether an agent runs does not keep one from starting.
        node.endAgent()
        #expect(try node.tool("status").output.contains("does not run"))
    }

    @Test func aStateDirectoryMustBeWritableByTheAgentAlone() throws {
        var node = try TestNode(Self.mesh)
        let files = FileManager.default
        try files.createDirectory(
            atPath: node.stateDirectory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o777])
        // chmod(2) reads the path up to its end, which Swift provides.
        _ = unsafe chmod(node.stateDirectory, 0o777)
        try end(&node, code: 1, "its group or everybody may write into it (chmod 700 \(node.stateDirectory))")
        try files.removeItem(atPath: node.stateDirectory)
        try node.scratch.write("a file", to: "state")
        try end(&node, code: 1, "it is not a directory")
        try files.removeItem(atPath: node.stateDirectory)
        let bad = [
            (node.stateDirectory, "/proc/nowhere", Int32(1), "create /proc/nowhere"),
            (node.pinDirectory, "\(node.scratch.path)/pins", 4, "is not on a BPF file system"),
            (node.cgroup.directory, "\(node.scratch.path)/none", 1, "cannot open the cgroup \(node.scratch.path)/none"),
        ]
        for (good, bad, code, text) in bad {
            let arguments = node.agentArguments.map { $0 == good ? bad : $0 }
            let finished = try run("kmesh-live", arguments, directory: node.scratch.path)
            #expect(finished.code == code, "\(finished.errors)")
            #expect(finished.errors.contains(text), "\(finished.errors)")
        }
        #expect(!files.fileExists(atPath: node.pinDirectory), "nothing may be left by an agent that never was in force")
    }
}
