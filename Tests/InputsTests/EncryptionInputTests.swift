import Inputs
import Model
import TestSupport
import Testing

private let goodKey = "LclBDXzWsyRGG/FttRhkZZQnbFNiww/EduvKPxo5S27URiFh"

@Test func aKeyFileIsRead() throws {
    let key = try EncryptionKeyFile.key(
        parsing: #"{"spi": 3, "aeadKeyName": "rfc4106(gcm(aes))", "aeadKey": "\#(goodKey)", "length": 96}"#, file: "f")
    #expect(key.spi == SPI(rawValue: 3) && key.key.bytes.count == 36 && key.key.icvByteCount == 12)
    #expect(Digits.hexadecimal(key.key.bytes).hasPrefix("2dc9410d7cd6b324"))
}

@Test(arguments: [
    WrongText(
        testDescription: "not JSON", text: "{ invalid json }", line: 1, column: 1, message: "\"aeadKeyName\" is missing"
    ),
    WrongText(
        testDescription: "another algorithm", text: #"{"aeadKeyName": "gcm(aes)"}"#, line: 1, column: 17,
        message: "must begin with rfc"),
    WrongText(
        testDescription: "another RFC", text: #"{"aeadKeyName": "rfc4309(ccm(aes))"}"#, line: 1, column: 17,
        message: "only rfc4106(gcm(aes))"),
    WrongText(
        testDescription: "SPI 0", text: #"{"aeadKeyName": "rfc4106(gcm(aes))", "spi": 0}"#, line: 1, column: 45,
        message: "from 1 to"),
    WrongText(
        testDescription: "no base64", text: #"{"aeadKeyName": "rfc4106(gcm(aes))", "spi": 1, "aeadKey": "?"}"#, line: 1,
        column: 59, message: "base64"),
    WrongText(
        testDescription: "a short key", text: #"{"aeadKeyName": "rfc4106(gcm(aes))", "spi": 1, "aeadKey": "AAAA"}"#,
        line: 1, column: 59, message: "20, 28 or 36 bytes"),
    WrongText(
        testDescription: "another ICV",
        text: "{\"aeadKeyName\": \"rfc4106(gcm(aes))\", \"spi\": 1, \"aeadKey\": \"\(goodKey)\",\n\"length\": 100}",
        line: 2,
        column: 11, message: "128, 96 or 64 bits"),
])
func whatIsWrongInAKeyFileIsToldWithItsPlace(_ wrong: WrongText) throws {
    let error = try #require(throws: InputError.self) { try EncryptionKeyFile.key(parsing: wrong.text, file: "f") }
    #expect(error.position == Position(line: wrong.line, column: wrong.column), "\(error)")
    #expect(error.message.contains(wrong.message), "\(error)")
    #expect(!error.message.contains(goodKey))
}

@Test func theContentDecidesWhatAFileIs() throws {
    let listing = try EncryptionFile(parsing: Recordings.text("basic4", "A.xfrm.txt"), file: "f")
    let commands = try EncryptionFile(parsing: Recordings.text("basic4", "commands.txt"), file: "f")
    guard case .listing(let listed) = listing, case .commands(let lines) = commands else {
        Issue.record("\(listing) \(commands)")
        return
    }
    #expect(listed.states.count == 2 && lines.commands.count == 10)
    #expect(throws: InputError.self) { try EncryptionFile(parsing: "hello", file: "f") }
    #expect(throws: InputError.self) { try EncryptionFile(parsing: "", file: "f") }
}

private let nodeInfo = """
    apiVersion: kmesh.net/v1alpha1
    kind: KmeshNodeInfo
    metadata: {name: worker-1, namespace: kmesh-system, annotations: {kmesh.net/esn: "true"}}
    spec:
      spi: 2
      addresses: [192.168.100.1, "fd00::1"]
      bootID: 550e8400-e29b-41d4-a716-446655440000
      podCIDRs: [10.244.1.0/24]
    """

@Test func aNodeInfoBelongsToItsNode() throws {
    var cluster = try KubernetesCluster(nodeInfo)
    let mesh = try cluster.mesh()
    let node = try #require(mesh.nodes["worker-1"])
    let encryption = try #require(node.encryption)
    #expect(encryption.spi == SPI(rawValue: 2) && encryption.hasExtendedSequence)
    #expect(encryption.bootID == "550e8400-e29b-41d4-a716-446655440000")
    #expect(node.addresses == encryption.addresses && node.addresses.count == 2)
    #expect(node.podPrefixes == [try #require(Prefix("10.244.1.0/24"))])
    try cluster.apply(
        """
        apiVersion: v1
        kind: Node
        metadata: {name: worker-1}
        spec: {podCIDRs: [10.244.9.0/24]}
        status: {addresses: [{type: InternalIP, address: 10.0.0.9}]}
        """)
    let merged = try cluster.mesh()
    let both = try #require(merged.nodes["worker-1"])
    #expect(both.addresses.map(\.description) == ["10.0.0.9"] && both.encryption == encryption)
    let wasThere = cluster.remove(kind: .nodeInfo, namespace: "kmesh-system", name: "worker-1")
    let after = try cluster.mesh()
    #expect(wasThere && after.nodes["worker-1"]?.encryption == nil)
}

@Test func aNodeInfoWithoutWhatItNeedsIsRefused() throws {
    for (field, message) in [
        ("spi: 2", "\"spi\" is missing"), ("bootID: 550e8400-e29b-41d4-a716-446655440000", "\"bootID\" is missing"),
    ] {
        let error = try #require(throws: InputError.self) {
            _ = try KubernetesCluster(nodeInfo.replacing(field, with: "other: 1"))
        }
        #expect(error.message.contains(message))
    }
    let error = try #require(throws: InputError.self) {
        _ = try KubernetesCluster(nodeInfo.replacing("10.244.1.0/24", with: "pods"))
    }
    #expect(error.position?.line == 8 && error.message.contains("address prefixes"))
    let short = try #require(throws: InputError.self) {
        _ = try KubernetesCluster(nodeInfo.replacing("550e8400-e29b-41d4-a716-446655440000", with: "550e8400"))
    }
    #expect(short.position != nil && short.message.contains("must have 36 characters"))
}
