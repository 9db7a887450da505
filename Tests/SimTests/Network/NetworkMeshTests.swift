import Model
import TestSupport
import Testing

@testable import Sim

/// The network of a mesh: whose addresses are where.
@Suite struct NetworkMeshTests {
    private func workload(
        _ name: String, _ address: String, node: String, _ mode: NetworkMode = .standard
    ) -> Workload {
        Workload(
            WorkloadUID(name), name: name, namespace: "default", addresses: [required(IPAddress(address))], node: node,
            networkMode: mode)
    }

    @Test func nodesAndPodsComeFromTheMesh() throws {
        var mesh = Mesh()
        mesh.nodes["b"] = Node(
            "b", addresses: [required(IPAddress("192.168.0.2"))], podPrefixes: [required(Prefix("10.2.0.0/16"))],
            podGateway: IPAddress("10.2.0.1"))
        mesh.nodes["a"] = Node("a", addresses: [required(IPAddress("192.168.0.1"))])
        for workload in [
            workload("p", "10.2.0.5", node: "b"), workload("q", "10.1.0.5", node: "a"),
            workload("r", "10.3.0.5", node: "c"), workload("unscheduled", "10.3.0.6", node: ""),
            workload("host", "192.168.0.1", node: "a", .hostNetwork),
        ] {
            mesh.workloads[workload.uid] = workload
        }
        let network = Network(mesh, options: .hardened)
        #expect(network.nodes.map(\.name) == ["a", "b", "c"])
        #expect(network.pods.map(\.name) == ["p", "q", "r"] && network.pods.map(\.node) == [1, 0, 2])
        for (address, node, pod) in [
            ("10.2.0.5", 1, 0), ("10.2.0.1", 1, nil), ("10.2.9.9", 1, nil), ("192.168.0.1", 0, nil),
            ("10.1.0.5", 0, 1), ("10.3.0.5", 2, 2), ("10.3.0.6", nil, nil), ("::ffff:10.2.0.5", 1, 0),
        ] as [(String, Int?, Int?)] {
            let address = required(IPAddress(address))
            #expect(network.node(for: address) == node && network.pod(at: address) == pod, "\(address)")
        }
    }

    @Test(arguments: [(Preset.upstream, "sends it in clear"), (.hardened, "blocks it")])
    func whatCannotBeEncryptedIsTold(_ preset: Preset, _ instead: String) throws {
        var mesh = Mesh()
        var keys = EncryptionKeys(EncryptionKey(spi: SPI(rawValue: 1), key: NetworkScene.key))
        keys.take(EncryptionKey(spi: SPI(rawValue: 2), key: NetworkScene.key))
        for (name, number) in [("a", 1), ("b", 2)] as [(String, UInt64)] {
            let (address, prefix) = (NetworkScene.nodeAddress(.v4, number), NetworkScene.prefix(.v4, number))
            mesh.nodes[name] = Node(
                name, addresses: [address], podPrefixes: [prefix],
                encryption: NodeEncryption(
                    spi: SPI(rawValue: UInt32(number)), addresses: [address], bootID: String(repeating: "0", count: 36),
                    podPrefixes: [prefix]))
        }
        var network = Network(mesh, options: DataplaneOptions(preset))
        #expect(
            try network.encrypt(mesh, keys: keys) == [
                "node a cannot encrypt what it sends to the pods of b, and \(instead)"
            ])
    }

    @Test func chanceFollowsTheSeed() throws {
        func wire(_ seed: UInt64) throws -> [UInt8] {
            var scene = try NetworkScene(.upstream)
            var mesh = Mesh()
            mesh.nodes["a"] = Node("a", addresses: [NetworkScene.nodeAddress(.v4, 1)])
            scene.network.nodes[0].outerIdentifications =
                Network(mesh, options: .upstream, seed: seed).nodes[0]
                .outerIdentifications
            return try #require(scene.carry(NetworkScene.packet()).trace.packets(at: .wire).first)
        }
        #expect(try wire(1) == wire(1) && wire(1) != wire(2))
    }
}
