import Inputs
import Model
import Testing

@testable import Sim

struct DecryptionPlanTests {
    @Test func aKeyFileWithNodeInfosHasTheStatesOfAllPairs() throws {
        let spi = SPI(rawValue: 1)
        let key = EncryptionKey(spi: spi, key: try #require(AEADKey(bytes: Array(1...20))))
        let nodes = try (1...3).map { number in
            Node(
                "n\(number)",
                encryption: NodeEncryption(
                    spi: spi, addresses: [try #require(IPAddress("10.0.0.\(number)"))],
                    bootID: "550e8400-e29b-41d4-a716-44665544000\(number)",
                    podPrefixes: [try #require(Prefix("10.244.\(number).0/24"))]))
        }
        let plan = try DecryptionPlan(files: [("k", .key(key))], nodes: nodes)
        #expect(plan.associations.count == 6 && Set(plan.associations.map(\.key)).count == 6)
        #expect(plan.knowsPodPrefixes)
        #expect(throws: InputError.self) { try DecryptionPlan(files: [("k", .key(key))], nodes: [nodes[0]]) }
    }
}
