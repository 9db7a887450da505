import CommandLineTool
import Inputs
@testable import kmesh_live
@testable import Live
import Model
import TestSupport
import Testing

private let packaging = "\(packageDirectory)/Packaging"

/// The objects of the manifest.
private func objects() throws -> [KubernetesObject] {
    let file = "\(packaging)/kmesh-live.yaml"
    var reader = KubernetesObjectReader(text: try TextFile.contents(ofPath: file), file: file)
    var objects: [KubernetesObject] = []
    while let object = try reader.next() { objects.append(object) }
    return objects
}

/// What the agent makes of these words of its command line.
private func agent(_ words: [String]) throws -> AgentCommand? {
    let tool = Command("kmesh-live", summary: "", subcommands: [AgentCommand.declaration])
    guard case .run(let invocation) = try tool.parse(words) else { return nil }
    return try AgentCommand(invocation)
}

/// Names as a container's securityContext and a unit have them, without CAP_.
private let neededCapabilities = Capabilities.needed.map { String($0.name.dropFirst("CAP_".count)) }

@Test func theExampleConfigurationIsRead() throws {
    let file = "\(packaging)/kmesh-live-config.yaml"
    let read = try AgentConfiguration(AgentSettings(file: file), hostName: "host")
    var expected = AgentConfiguration(mesh: ["\(packaging)/mesh"], node: "node-a")
    expected.nodeAddresses = [IPAddress("192.0.2.10")].compactMap { $0 }
    expected.podGateways = [IPAddress("10.244.0.1")].compactMap { $0 }
    expected.metrics = ListenAddress("127.0.0.1:15201")
    expected.accessLog = .standardOutput
    #expect(read == expected)
}

@Test func theManifestIsAMeshThatCanBeRead() throws {
    var input = MeshInput()
    try input.add(path: "\(packaging)/kmesh-live.yaml")
    _ = try input.snapshot()
    #expect(try objects().map(\.kind) == ["Namespace", "ServiceAccount", "ConfigMap", "ConfigMap", "DaemonSet"])
}

@Test func theManifestStartsTheAgentWithItsConfiguration() throws {
    let objects = try objects()
    let pod = try #require(objects.last?.document["spec", "template", "spec"])
    let container = try #require(pod["containers"]?.elements?.first)
    let text = try #require(objects[2].document["data", "config.yaml"]?.text)
    let scratch = try ScratchDirectory()
    let config = try scratch.write(text, to: "config.yaml")
    let words = try #require(container["args"]?.elements).compactMap(\.text).map { word in
        word.replacing("/etc/kmesh-live/config/config.yaml", with: config)
            .replacing("$(NODE_NAME)", with: "node-a").replacing("$(NODE_ADDRESS)", with: "10.0.0.1")
    }
    let configuration = try #require(try agent(words)).configuration
    #expect(configuration.node == "node-a")
    #expect(configuration.probeSources == [IPAddress("10.0.0.1")].compactMap { $0 })

    // Each path that the agent uses is a volume.
    let mounts = try #require(container["volumeMounts"]?.elements)
    let points = mounts.compactMap { $0["mountPath"]?.text }
    for path in configuration.mesh + [
        configuration.pinDirectory, configuration.stateDirectory, "/etc/kmesh-live/config",
    ]
        + [configuration.cgroup ?? "none"]
    {
        #expect(points.contains { path == $0 || path.hasPrefix($0 + "/") }, "\(path)")
    }
    let volumes = try #require(pod["volumes"]?.elements).compactMap { $0["name"]?.text }
    #expect(mounts.compactMap { $0["name"]?.text } == volumes)
    let port = try #require(container["ports"]?.elements?.first?["containerPort"]?.integer)
    #expect(configuration.metrics?.port == UInt16(port))
}

@Test func theManifestAsksForNoMoreThanItNeeds() throws {
    let pod = try #require(try objects().last?.document["spec", "template", "spec"])
    let context = try #require(pod["containers"]?.elements?.first?["securityContext"])
    #expect(context["privileged"] == nil)
    let added = context["capabilities", "add"]?.elements?.compactMap(\.text)
    #expect(added == neededCapabilities + ["SYS_PTRACE"])
    #expect(context["capabilities", "drop"]?.elements?.compactMap(\.text) == ["ALL"])
}

@Test func theMeshOfTheManifestIsRead() throws {
    let text = try #require(try objects()[3].document["data", "mesh.yaml"]?.text)
    var input = MeshInput()
    try input.add(text: text, file: "mesh.yaml")
    #expect(try input.snapshot().notes.isEmpty)
}

@Test func theUnitStartsTheAgentWithWhatItNeeds() throws {
    let lines = try TextFile.contents(ofPath: "\(packaging)/kmesh-live.service").split(separator: "\n")
    func value(_ key: String) -> String? {
        lines.first { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.count + 1)) }
    }
    let start = try #require(value("ExecStart")).split(separator: " ").map { String($0) }
    let words = start.dropFirst().map {
        $0 == "/etc/kmesh-live/config.yaml" ? "\(packaging)/kmesh-live-config.yaml" : $0
    }
    #expect(try agent(Array(words)) != nil)
    let capabilities = (neededCapabilities + ["SYS_PTRACE"]).map { "CAP_\($0)" }.joined(separator: " ")
    #expect(value("CapabilityBoundingSet") == capabilities)
    #expect(value("AmbientCapabilities") == capabilities)
    #expect(value("StateDirectory").map { "/var/lib/\($0)" } == AgentConfiguration.standardStateDirectory)
    // The data plane stays when the agent ends.
    #expect(value("ExecStop") == nil)
}
