import Inputs
import Model
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

@Test func aFileThatIsNotThereIsNamed() throws {
    var input = MeshInput()
    let error = #expect(throws: InputError.self) { try input.add(path: "no/such/file.yaml") }
    #expect(error?.description == "no/such/file.yaml: cannot be read: No such file or directory")
}
