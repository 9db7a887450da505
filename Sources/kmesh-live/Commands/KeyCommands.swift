import CommandLineTool
import Live
import Model

extension Command {
    /// `kmesh-live key`
    fileprivate static let key = Command(
        "key", summary: "Make, rotate and look at the key that nodes share.",
        examples: [
            .init("kmesh-live key new key.json", "Make a key for a new cluster."),
            .init("kmesh-live key rotate key.json", "Make the next one; then bring the file to every node."),
        ],
        subcommands: [KeyNewCommand.declaration, KeyRotateCommand.declaration, KeyShowCommand.declaration])
}

extension Positional {
    fileprivate static let keyFile = Positional("FILE", help: "The key file: JSON, as Kmesh has it.")
}

/// `kmesh-live key new`
struct KeyNewCommand: ToolCommand {
    static let group: Command? = .key

    /// Arguments and help.
    static let declaration = Command(
        "new", summary: "Write a key file with a random key.",
        discussion: """
            The file has mode 0600 and appears as a whole. One that is there is not replaced: rotate does that. \
            Give the same file to all nodes.
            """,
        examples: [.init("kmesh-live key new /etc/kmesh/key.json", "Make the first key.")],
        positionals: [.keyFile],
        options: [
            .value(
                "bits", "SIZE", choices: ["128", "192", "256"], presence: .defaults(to: "256"),
                help: "The size of the AES key."),
            .value(
                "spi", "NUMBER", presence: .defaults(to: "1"), help: "The key's version; all nodes follow the highest."),
            .output(["text", "json"]),
        ])

    let file: String
    let bitCount: Int
    let spi: SPI
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws {
        file = invocation.positionals[0]
        bitCount = invocation.value("bits").flatMap { Digits.decimal($0[...]) } ?? 256
        let text = invocation.value("spi") ?? "1"
        guard let number = Digits.decimal(text[...], as: UInt32.self), number > 0 else {
            throw invocation.usageError(.rule("--spi expects a number from 1 to \(UInt32.max), not '\(text)'"))
        }
        spi = SPI(rawValue: number)
        isJSON = invocation.value("output") == "json"
    }

    func run(on console: inout Console) throws -> ExitCode {
        guard !KeyFile.isThere(file) else {
            throw AgentError.refused("\(file) is there already; use key rotate, or another name")
        }
        guard let key = try KeyFile.randomKey(bitCount: bitCount, spi: spi) else {
            preconditionFailure("the command line allows \(bitCount) bits")
        }
        try KeyFile.writeNew(key, to: file)
        try console.write(KeyReport(file: file, key: key), isJSON: isJSON)
        return .ok
    }
}

/// `kmesh-live key rotate`
struct KeyRotateCommand: ToolCommand {
    static let group: Command? = .key

    /// Arguments and help.
    static let declaration = Command(
        "rotate", summary: "Replace the key of a file by a random one of the next version.",
        discussion: """
            The new key has the size of the old one and the next SPI; the file gets mode 0600 and is replaced as a \
            whole. Agents take it up by themselves: give the new file to all nodes, in any order. A node that has the \
            new key goes on sending under the old one to those that do not, and no packet is lost. Wait until \
            encryption status shows that no node is behind before the next rotation.
            """,
        examples: [.init("kmesh-live key rotate /etc/kmesh/key.json", "Go on with a new key.")],
        positionals: [.keyFile], options: [.output(["text", "json"])])

    let file: String
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) {
        file = invocation.positionals[0]
        isJSON = invocation.value("output") == "json"
    }

    func run(on console: inout Console) throws -> ExitCode {
        let old = try KeyFile(path: file).key
        guard old.spi.rawValue < .max else {
            throw AgentError.refused("\(file) has the last SPI there is, and versions must rise")
        }
        let key = try KeyFile.randomKey(
            bitCount: old.key.cipherBitCount, spi: SPI(rawValue: old.spi.rawValue + 1),
            icvByteCount: old.key.icvByteCount)
        guard let key else { preconditionFailure("a key of \(old.key.cipherBitCount) bits") }
        try KeyFile.write(key, to: file)
        try console.write(KeyReport(file: file, key: key), isJSON: isJSON)
        return .ok
    }
}

/// `kmesh-live key show`
struct KeyShowCommand: ToolCommand {
    static let group: Command? = .key

    /// Arguments and help.
    static let declaration = Command(
        "show", summary: "Say what is in a key file.",
        discussion: """
            The version, the sizes, and a fingerprint by which two files can be compared: the key cannot be found from \
            it. The key itself is shown with --reveal only.
            """,
        examples: [.init("kmesh-live key show /etc/kmesh/key.json", "Compare by the fingerprint with another node's.")],
        positionals: [.keyFile],
        options: [.flag("reveal", help: "Print the key itself, in base64."), .output(["text", "json"])])

    let file: String
    let reveals: Bool
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) {
        file = invocation.positionals[0]
        reveals = invocation.flag("reveal")
        isJSON = invocation.value("output") == "json"
    }

    func run(on console: inout Console) throws -> ExitCode {
        let read = try KeyFile(path: file)
        try console.write(KeyReport(file: file, key: read.key, reveals: reveals), isJSON: isJSON)
        if read.isReadableByOthers { console.say("others may read \(file); chmod 600 \(file)") }
        return .ok
    }
}

/// What the commands say of a key.
private struct KeyReport {
    var file: String
    var key: EncryptionKey
    var reveals = false

    var document: JSONValue {
        let members: [JSONValue.Member] = [
            .init("file", .string(file)), .init("spi", JSONValue(key.spi.rawValue)),
            .init("algorithm", .string(AEADKey.algorithm)), .init("bits", JSONValue(key.key.cipherBitCount)),
            .init("icvBits", JSONValue(key.key.icvByteCount * 8)),
            .init("fingerprint", .string(KeyFile.fingerprint(of: key))),
        ]
        return .object(members + (reveals ? [.init("key", .string(KeyFile.revealed(key)))] : []))
    }

    var text: String {
        var lines = [
            "file         \(file)", "SPI          \(key.spi)",
            "algorithm    \(AEADKey.algorithm), \(key.key.cipherBitCount) bits, ICV \(key.key.icvByteCount * 8) bits",
            "fingerprint  \(KeyFile.fingerprint(of: key))",
        ]
        if reveals { lines.append("key          \(KeyFile.revealed(key))") }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Console {
    fileprivate mutating func write(_ report: KeyReport, isJSON: Bool) throws {
        if isJSON { try write(report.document) } else { try write(report.text) }
    }
}
