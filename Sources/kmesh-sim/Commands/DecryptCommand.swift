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

            Exits with 1 when anything fails or leaks, or a capture could not be read to its end, and with 3 when \
            nothing can be read.
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
            .filter, .tunnels,
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
        var packets = try invocation.packets()
        try console.withProgress { try Self.decrypt(&packets, with: &decryption, progress: $0) }
        for fault in packets.faults { notes.append("\(fault); what came before was read") }
        for index in captures.indices { notes += packets.notes(of: index).map { "\(captures[index]): \($0)" } }
        let report = decryption.finished()
        if !plan.knowsPodPrefixes {
            notes.append("nothing says which addresses are pods of different nodes: packets in clear are not judged")
        }
        let isComplete = packets.faults.isEmpty && packets.counts.allSatisfy { $0.unsupported == 0 }
        let output = DecryptionOutput(report, captures: captures, notes: notes, isComplete: isComplete)
        try write(output, notes, on: &console)
        guard packets.couldBeRead else { return .badInput }
        return output.isSuccess ? .ok : .failed
    }

    /// Hands all packets over.
    private static func decrypt(
        _ packets: inout NetworkPackets, with decryption: inout Decryption,
        progress: (_ file: String, _ fraction: Double?) -> Void
    ) throws {
        while let packet = try packets.next() {
            if packet.record.number % 65_536 == 0, let (done, all) = packets.progress, all > 0 {
                progress("", Double(done) / Double(all))
            }
            guard !packet.isDamaged else {
                decryption.takeOther(isMalformed: true)
                continue
            }
            guard packet.layer.etherType == .ipv4 || packet.layer.etherType == .ipv6 else {
                decryption.takeOther()
                continue
            }
            let place = DecryptionReport.Place(capture: packet.capture, number: packet.record.number)
            try packets.withBytes(of: packet) { bytes in
                try decryption.take(
                    bytes, isIPv6: packet.layer.etherType == .ipv6, originalByteCount: packet.originalByteCount,
                    at: place)
            }
        }
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
