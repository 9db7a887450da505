import Captures
import CommandLineTool
import Inputs
import Model
import Sim
import SimOutput

/// `kmesh-sim decrypt`
struct DecryptCommand {
    /// Arguments and help.
    static let declaration = Command(
        "decrypt", summary: "Decrypt the ESP packets of a capture, and tell what is not encrypted.",
        discussion: """
            Every ESP packet, also in UDP and in fragments, is decrypted and its integrity checked. Replays and gaps \
            are told for each state. A packet in clear between pods of different nodes is a leak; whose addresses are \
            whose is known from policies, from KmeshNodeInfo objects, or from --pod-cidr.

            The states come from what ip xfrm state prints (policies may follow), from ip xfrm command lines, or from \
            a key file of Kmesh together with the nodes' KmeshNodeInfo objects. Several captures are taken as one, in \
            the order of time: give those of one place, for a packet that is seen at two is a replay.

            Exits with 1 when anything fails or leaks, and with 3 when nothing can be read.
            """,
        examples: [
            .init("kmesh-sim decrypt wire.pcap --states states", "Is everything encrypted, and right?"),
            .init("ip xfrm state > states; ip xfrm policy >> states", "Where such a file comes from, on a node."),
            .init(
                "kmesh-sim decrypt wire.pcapng --states key.json --mesh nodeinfos.yaml --verify",
                "The same with Kmesh's own inputs; packets must also encrypt to the same bytes again."),
        ],
        positionals: [
            .init("CAPTURE", maximum: nil, help: "pcap or pcapng, also in gzip or zstd; - is standard input.")
        ],
        options: [
            .value(
                "states", "FILE", arity: .several, presence: .required,
                help: """
                    Output of ip xfrm state (and policy), ip xfrm command lines, or a key file; the content decides. \
                    Keys of earlier states may be needed too.
                    """),
            .value(
                "mesh", short: "m", "FILE", arity: .several,
                help: "Where the nodes' KmeshNodeInfo objects are, for key files and for whose pods are whose."),
            .value(
                "pod-cidr", "PREFIX", arity: .repeatable,
                help: "Addresses of pods, behind a node of their own, where no policy or node says so."),
            .flag("verify", help: "Encrypt each packet again with its own IV and number, and compare the bytes."),
            .output(["text", "json", "csv"]),
        ])

    private let invocation: Invocation
    private let captures: [String]
    private let podPrefixes: [Prefix]

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws(UsageError) {
        self.invocation = invocation
        captures = invocation.positionals
        let inputs = captures + invocation.values("states") + invocation.values("mesh")
        guard inputs.filter({ $0 == "-" }).count <= 1 else {
            throw invocation.usageError(.rule("standard input can be read only once; save it to a file"))
        }
        var prefixes: [Prefix] = []
        for text in invocation.values("pod-cidr") {
            guard let prefix = Prefix(text) else {
                throw invocation.usageError(
                    .badValue(of: "--pod-cidr", value: text, expected: "an address prefix such as 10.244.1.0/24"))
            }
            prefixes.append(prefix)
        }
        podPrefixes = prefixes
    }

    /// Decrypts the captures as a whole.
    func run(on console: inout Console) throws -> ExitCode {
        var notes: [String] = []
        let plan = try plan(on: &console, &notes)
        var decryption = Decryption(plan, verifies: invocation.flag("verify"))
        var reading: DecryptionReading
        do throws(CaptureError) {
            reading = try DecryptionReading(captures)
        } catch {
            return console.end(with: .badInput, saying: "\(error)")
        }
        try console.withProgress { try reading.run(&decryption, progress: $0) }
        notes += reading.notes
        let report = decryption.finished()
        if !plan.knowsPodPrefixes {
            notes.append("nothing says which addresses are pods of different nodes: packets in clear are not judged")
        }
        try write(DecryptionOutput(report, captures: captures, notes: notes), notes, on: &console)
        let isEmpty = report.packetCount == 0 && reading.hasFailed
        return isEmpty ? .badInput : report.isSuccess ? .ok : .failed
    }

    private func write(_ output: DecryptionOutput, _ notes: [String], on console: inout Console) throws {
        switch invocation.value("output") {
        case "json": try console.write(output.json)
        case "csv": try console.write(output.csv)
        default: try console.write(output.text(console.style))
        }
        if invocation.value("output") != "json" { for note in notes { console.say("note: \(note)") } }
    }

    private func plan(on console: inout Console, _ notes: inout [String]) throws -> DecryptionPlan {
        var nodes: [Node] = []
        let paths = invocation.values("mesh")
        if !paths.isEmpty {
            var input = MeshInput()
            for path in paths { try console.withProgress { try input.add(path: path, progress: $0) } }
            nodes = try input.snapshot().mesh.sortedNodes
        }
        var files: [(name: String, file: EncryptionFile)] = []
        for path in invocation.values("states") { files.append((path, try EncryptionFile(path: path))) }
        let plan = try DecryptionPlan(files: files, nodes: nodes, podPrefixes: podPrefixes)
        notes += plan.notes.map { "\($0)" }
        return plan
    }
}

/// Hands the packets of captures to a decryption.
private struct DecryptionReading: ~Copyable {
    private var captures: MergedCaptures
    /// What could not be read, or was passed over.
    private(set) var notes: [String] = []

    init(_ paths: [String]) throws(CaptureError) { captures = try MergedCaptures(paths: paths) }

    /// Whether a capture breaks off, or holds what cannot be looked into.
    private(set) var hasFailed = false

    mutating func run(
        _ decryption: inout Decryption, progress: (_ file: String, _ fraction: Double?) -> Void
    ) throws {
        var layer: LinkLayer?
        var unsupported: [UnsupportedLinkType: UInt64] = [:]
        while let (capture, record) = captures.next() {
            if layer?.linkType != record.linkType {
                do throws(UnsupportedLinkType) {
                    layer = try LinkLayer(record.linkType)
                } catch {
                    layer = nil
                    unsupported[error, default: 0] += 1
                }
            }
            if record.number % 65_536 == 0, let (done, all) = captures.progress, all > 0 {
                progress("", Double(done) / Double(all))
            }
            guard let layer else { continue }
            let place = DecryptionReport.Place(capture: capture, number: record.number)
            let isCut = record.capturedByteCount < record.originalByteCount
            try captures.withBytes(of: record) { frame in
                try Self.take(frame, layer, isCut: isCut, at: place, &decryption)
            }
        }
        for fault in captures.faults { notes.append("\(fault); what came before was read") }
        for (type, count) in unsupported.sorted(by: { $0.key.linkType.rawValue < $1.key.linkType.rawValue }) {
            notes.append("\(type): \(count) packets were not looked into")
        }
        hasFailed = !notes.isEmpty
    }

    private static func take(
        _ frame: RawSpan, _ layer: LinkLayer, isCut: Bool, at place: DecryptionReport.Place,
        _ decryption: inout Decryption
    ) throws {
        let network: NetworkLayer
        do throws(PacketFault) {
            network = try layer.networkLayer(of: frame)
        } catch {
            decryption.takeOther(isMalformed: true)
            return
        }
        switch network.etherType {
        case .ipv4, .ipv6:
            try decryption.take(
                frame.extracting(droppingFirst: network.offset), network.etherType, at: place, isCut: isCut)
        default: decryption.takeOther()
        }
    }
}
