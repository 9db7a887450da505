import Inputs
import Model
import TestSupport
import Testing

private let deployment = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: 2
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec: {containers: [{name: web, image: example.test/web}]}
    """

private func input(_ texts: String..., keeping: MeshInput.KeptDocuments = .all) throws -> MeshInput {
    var input = MeshInput(
        nodes: [Node("node-a", podPrefixes: [Prefix("10.244.1.0/24")].compactMap(\.self))], keeping: keeping)
    for text in texts { try input.add(text: text, file: "test.yaml") }
    return input
}

private func names(_ mesh: Mesh) -> [String] { mesh.sortedWorkloads.map(\.name) }

@Test func aPatchScalesADeploymentAndKeepsWhatStays() throws {
    var input = try input(deployment)
    let before = try input.snapshot().mesh
    var reader = DocumentReader(text: "spec: {replicas: 3}", file: "patch")
    let patch = try reader.single()
    let isPatched = try input.patch(kind: "Deployment", namespace: "default", name: "web", with: patch)
    #expect(isPatched)
    let after = try input.snapshot().mesh
    #expect(names(after) == ["web-0", "web-1", "web-2"])
    for (uid, workload) in before.workloads { #expect(after.workloads[uid] == workload) }
}

@Test func whatIsNotThereCannotBePatchedOrRemoved() throws {
    var input = try input(deployment)
    var reader = DocumentReader(text: "spec: {replicas: 3}", file: "patch")
    let patch = try reader.single()
    let isPatched = try input.patch(kind: "Deployment", namespace: "default", name: "wed", with: patch)
    #expect(!isPatched)
    let isRemovedElsewhere = input.remove(kind: "Deployment", namespace: "other", name: "web")
    #expect(!isRemovedElsewhere)
    let isRemoved = input.remove(kind: "Deployment", namespace: "default", name: "web")
    #expect(isRemoved)
    let rest = try input.snapshot().mesh
    #expect(rest.workloads.isEmpty)
}

@Test func controllersAreFoundByName() throws {
    let input = try input(deployment)
    #expect(input.controllers(named: "web").map(\.kind) == ["Deployment"])
    #expect(input.controllers(named: "default/web").count == 1)
    #expect(input.controllers(named: "other").isEmpty)
}

@Test func aBadDocumentSaysWhereAndLeavesTheRest() throws {
    var input = try input(deployment)
    let error = #expect(throws: InputError.self) {
        try input.add(text: "apiVersion: v1\nkind: Service\n", file: "bad.yaml")
    }
    #expect(error?.description.hasPrefix("bad.yaml:1:1: ") ?? false)
    let rest = try input.snapshot().mesh
    #expect(names(rest) == ["web-0", "web-1"])
}

@Test(arguments: [false, true])
func workloadsWithoutANodeNeedNoNodeWithoutAName(isNodeGiven: Bool) throws {
    let scratch = try ScratchDirectory()
    let file = try scratch.write(
        """
        workloads:
        - {uid: a, name: a, namespace: n, workloadIps: [10.0.0.1]}
        - {uid: b, name: b, namespace: n, workloadIps: []}
        """, to: "ztunnel.yaml")
    var input = MeshInput(nodes: isNodeGiven ? [Node("node-a")] : [])
    try input.add(path: file)
    let mesh = try input.snapshot().mesh
    #expect(mesh.nodes.keys.sorted() == [isNodeGiven ? "node-a" : "node-0"])
    #expect(mesh.sortedWorkloads.map(\.node) == [isNodeGiven ? "" : "node-0", ""])
    #expect(mesh.sortedWorkloads.map(\.addresses.count) == [1, 0])
}

@Test func aWorkloadStaysOnTheDefaultNodeWhenThatIsDescribedAnew() throws {
    let scratch = try ScratchDirectory()
    let file = try scratch.write(
        "workloads: [{uid: a, name: a, namespace: n, workloadIps: [10.0.0.1]}]", to: "ztunnel.yaml")
    var input = MeshInput()
    try input.add(path: file)
    var node = try #require(try input.snapshot().mesh.nodes["node-0"])
    node.locality.zone = "z"
    input.set(node)
    let mesh = try input.snapshot().mesh
    #expect(mesh.nodes["node-0"]?.locality.zone == "z" && mesh.sortedWorkloads.map(\.node) == ["node-0"])
}

@Test func anIgnoredObjectCountsOnce() throws {
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: "
    var input = try input("\(map)a}}", "\(map)a}}")
    let one = try input.snapshot().notes.map(\.text)
    #expect(one == ["1 ConfigMap object is ignored: the mesh does not use this kind"])
    try input.add(text: "\(map)a, namespace: other}}", file: "test.yaml")
    let two = try input.snapshot().notes.map(\.text)
    #expect(two == ["2 ConfigMap objects are ignored: the mesh does not use this kind"])
}

@Test func aFileThatIsNotThereIsNamed() throws {
    var input = MeshInput()
    let error = #expect(throws: InputError.self) { try input.add(path: "no/such/file.yaml") }
    #expect(error?.description == "no/such/file.yaml: cannot be read: No such file or directory")
}
