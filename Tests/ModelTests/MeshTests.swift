import Model
import TestSupport
import Testing

@Suite struct MeshTests {
    @Test func changesLeadToTheTarget() {
        forEachSeed(count: 300) { seed in
            var generator = MeshGenerator(seed: seed)
            func drawn() -> Mesh {
                var mesh = generator.mesh()
                for name in generator.random.some(of: ["a", "b"]) {
                    let count = generator.random.below(2)
                    mesh.apply(
                        .setPolicy(
                            Policy(
                                name: name, namespace: "ns", scope: .global, action: .deny,
                                rules: Array(repeating: Policy.Rule(), count: count)))
                    )
                    mesh.apply(.setNode(Node("n\(name)")))
                }
                return mesh
            }
            var mesh = drawn()
            let target = drawn()
            let changes = mesh.changes(to: target)
            for change in changes { mesh.apply(change) }
            #expect(mesh == target, "seed \(seed)")
            #expect(mesh.changes(to: target).isEmpty, "seed \(seed)")
        }
    }

    /// Nodes, services, workloads, policies, then removals with workloads first.
    @Test func changesComeInTheOrderOfControlPlanes() {
        var generator = MeshGenerator(seed: 1)
        let service = generator.service(0)
        let workload = generator.workload(0)
        let policy = Policy(name: "p", namespace: "ns", scope: .global, action: .deny)
        var mesh = Mesh()
        let additions: [MeshChange] = [
            .setNode(Node("n")), .setService(service), .setWorkload(workload), .setPolicy(policy),
        ]
        for change in additions { mesh.apply(change) }
        #expect(Mesh().changes(to: mesh) == additions)
        #expect(
            mesh.changes(to: Mesh()) == [
                .removeWorkload(workload.uid), .removeService(service.name), .removePolicy("ns/p"), .removeNode("n"),
            ])
    }

    @Test(arguments: ["ns/host", "a/b.c"]) func serviceNamesAreRead(text: String) {
        #expect(ServiceName(text)?.description == text)
    }

    @Test(arguments: ["", "/", "ns", "ns/", "/host", "a/b/c"]) func badServiceNamesAreRefused(text: String) {
        #expect(ServiceName(text) == nil)
    }

    @Test func emptyPartsAtTheEndOfALocalityAreLeftOut() {
        #expect(Locality(region: "r", subzone: "s").description == "r//s" && Locality(region: "r").description == "r")
        #expect(Locality().description == "" && Locality().isEmpty && !Locality(zone: "z").isEmpty)
    }
}
