import CommandLineTool
import Glibc
import Inputs
public import Model

/// What the agent tells other processes of encryption: this node, the others, and what is wrong. A file of the state
/// directory, without keys.
public struct EncryptionReport: Hashable, Sendable {
    /// The file's name in the state directory.
    static let fileName = "encryption-status"

    public var node: String
    /// What this node says of itself.
    public var local: NodeEncryption
    /// Versions of keys that are known, in order.
    public var knownSPIs: [SPI]
    /// The others, by name.
    public var peers: [String: NodeEncryption]
    /// A sentence each.
    public var problems: [String]

    init(
        node: String, local: NodeEncryption, knownSPIs: [SPI], peers: [String: NodeEncryption], problems: [String]
    ) {
        self.node = node
        self.local = local
        self.knownSPIs = knownSPIs
        self.peers = peers
        self.problems = problems
    }

    /// Reads it; nil where no agent has written it.
    public init?(inDirectory path: String) throws(AgentError) {
        let file = "\(path)/\(Self.fileName)"
        // The path is lent for the call.
        guard unsafe access(file, F_OK) == 0 else { return nil }
        self = try AgentError.wrapping {
            var reader = try DocumentReader(path: file)
            var fields = try Fields(reader.single(), file: file, what: "an agent's report of encryption")
            return try EncryptionReport(&fields)
        }
    }

    private init(_ fields: inout Fields) throws(InputError) {
        node = try fields.requiredString("node")
        guard var local = try fields.mapping("local") else {
            throw InputError(fields.file, fields.position, "\"local\" is missing here")
        }
        self.local = try Self.info(&local)
        knownSPIs = try fields.strings("knownSPIs").compactMap { Digits.decimal($0[...]).map { SPI(rawValue: $0) } }
        problems = try fields.strings("problems")
        peers = [:]
        for node in fields.list("peers") {
            var peer = try Fields(node, file: fields.file, what: "a node")
            peers[try peer.requiredString("node")] = try Self.info(&peer)
        }
    }

    private static func info(_ fields: inout Fields) throws(InputError) -> NodeEncryption {
        let spi = try fields.integer("spi", in: 0...Int(UInt32.max)) ?? 0
        return NodeEncryption(
            spi: SPI(rawValue: UInt32(spi)), addresses: try fields.strings("addresses").compactMap { IPAddress($0) },
            bootID: try fields.string("bootID") ?? "",
            podPrefixes: try fields.strings("podCIDRs").compactMap { Prefix($0) },
            hasExtendedSequence: try fields.boolean("esn") ?? false)
    }

    /// The file's text.
    var text: String {
        let document: JSONValue = [
            "node": .string(node), "local": .object(local.members),
            "knownSPIs": .array(knownSPIs.map { JSONValue($0.rawValue) }),
            "peers": .array(
                peers.keys.sorted().map { .object([.init("node", .string($0))] + (peers[$0]?.members ?? [])) }),
            "problems": .array(problems.map { .string($0) }),
        ]
        return document.compact + "\n"
    }
}

extension NodeEncryption {
    fileprivate var members: [JSONValue.Member] {
        [
            .init("spi", JSONValue(spi.rawValue)),
            .init("addresses", .array(addresses.map { .string($0.description) })),
            .init("bootID", .string(bootID)), .init("podCIDRs", .array(podPrefixes.map { .string($0.description) })),
            .init("esn", .bool(hasExtendedSequence)),
        ]
    }
}
