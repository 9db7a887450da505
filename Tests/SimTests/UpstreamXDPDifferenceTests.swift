import Foundation
import Inputs
import Model
import Testing

@testable import Sim

/// A recorded case of upstream's XDP program, as a mesh.
private struct RecordedCase {
    let id: String
    /// What was recorded: whether the first and the second packet pass.
    let upstream: [Bool]
    let frame: [UInt8]
    var mesh = Mesh()
    /// Whether km_auth_res held a verdict before.
    let hasCachedVerdict: Bool
    /// Whether a policy names a port that is none.
    private(set) var hasLargePort = false

    init(_ vector: ConformanceCase) throws {
        id = vector.id
        var input = try vector.inputFields()
        hasCachedVerdict = !input.list("auth_res").isEmpty
        var packet = try Fields(input.required("packet"), file: vector.file, what: "a packet")
        let digits = try packet.requiredString("hex").utf8.compactMap { Digits.value(ofHexadecimal: $0) }
        frame = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        var expect = try Fields(#require(vector.expect), file: vector.file, what: "what is expected")
        upstream = try ["first", "second"].map { key in
            var run = try Fields(expect.required(key), file: vector.file, what: key)
            return try run.requiredString("verdict") == "XDP_PASS"
        }
        var addresses: [UInt32: [IPAddress]] = [:]
        for node in input.list("frontend") {
            var fields = try Fields(node, file: vector.file, what: "a frontend")
            let address = try #require(IPAddress(try fields.requiredString("ip")))
            addresses[try fields.number(fields.required("id"), key: "id"), default: []].append(address)
        }
        var names: [UInt32: String] = [:]
        for node in input.list("policies") {
            var fields = try Fields(node, file: vector.file, what: "a policy")
            let id: UInt32 = try fields.number(fields.required("id"), key: "id")
            let policy = converted(try fields.upstreamPolicy())
            names[id] = policy.resourceName
            mesh.apply(.setPolicy(policy))
        }
        var lists: [UInt32: [String]] = [:]
        for node in input.list("wlpolicy") {
            var fields = try Fields(node, file: vector.file, what: "a list")
            let uid: UInt32 = try fields.number(fields.required("uid"), key: "uid")
            lists[uid] = try fields.list("policies").map { node in
                let id: UInt32 = try fields.number(node, key: "policies")
                return names[id] ?? "default/missing-\(id)"
            }
        }
        for (id, addresses) in addresses {
            mesh.apply(
                .setWorkload(
                    Workload(
                        WorkloadUID("c//Pod/default/w\(id)"), name: "w\(id)", namespace: "default",
                        addresses: addresses, node: "n", policies: lists[id] ?? [])))
        }
    }

    /// The policy as Model has it. A port above 65,535 is none: a match that names nothing else never holds.
    private mutating func converted(_ policy: UpstreamPolicy) -> Policy {
        let rules = policy.rules.map { rule in
            Policy.Rule(rule.map { clause in Policy.Clause(clause.map { converted($0) }) })
        }
        return Policy(
            name: policy.name, namespace: policy.namespace, scope: .workload, action: policy.action, rules: rules)
    }

    private mutating func converted(_ match: UpstreamPolicy.Match) -> PolicyMatch {
        let ports = match.destinationPorts
        if (ports.any + ports.none).contains(where: { $0 > UInt16.max }) { hasLargePort = true }
        let any = ports.any.compactMap { UInt16(exactly: $0) }
        guard ports.any.isEmpty == any.isEmpty else { return PolicyMatch() }
        return PolicyMatch(
            namespaces: names(match.namespaces), principals: names(match.principals), sourceBlocks: match.sourceBlocks,
            destinationBlocks: match.destinationBlocks,
            destinationPorts: PolicyMatch.Values(any, not: ports.none.compactMap { UInt16(exactly: $0) }))
    }

    private func names(_ values: PolicyMatch.Values<UpstreamPolicy.StringMatch>) -> PolicyMatch.Values<StringMatch> {
        func name(_ match: UpstreamPolicy.StringMatch) -> StringMatch {
            switch match {
            case .exact(let text): .exact(text)
            case .prefix(let text): .prefix(text)
            case .suffix(let text): .suffix(text)
            case .unset: .presence
            }
        }
        return PolicyMatch.Values(values.any.map(name), not: values.none.map(name))
    }

    /// What xdp_ingress of preset `hardened` does with the first and the second packet.
    func hardened() throws -> [IngressDecision] {
        var compiler = AuthorizationCompiler(node: nil)
        for change in Mesh().changes(to: mesh) { compiler.apply(change) }
        var maps = AuthorizationMaps(capacities: .large)
        for write in compiler.takeWrites() { try maps.apply(write) }
        #expect(compiler.problems.isEmpty, "\(id)")
        let hook = XDPIngress(probeSources: [], denialsPerSecond: .max)
        var (flows, trace) = (InboundFlows(), NoTrace())
        return (0..<2).map { _ in
            hook.run(IngressPacket(parsing: frame), policies: maps, flows: &flows, now: 1, recorder: &trace)
        }
    }
}

/// Why hardened does otherwise: a row of the spec's table of what it changes, and a clause.
private struct Explanation: Hashable {
    let change: String
    let why: String

    init(_ change: String, _ why: String) {
        self.change = change
        self.why = why
    }

    /// The reason by what the case is, not by its name; nil where there is none.
    init?(_ recorded: RecordedCase, _ decisions: [IngressDecision]) {
        if recorded.hasCachedVerdict {
            self.init("H8", "a verdict without a generation of its policies does not count")
            return
        }
        let packet = IngressPacket(parsing: recorded.frame)
        let read = try? UpstreamFrame(recorded.frame)
        guard case .tcp(let tcp) = packet,
            read?.tuple.source == tcp.flow.source, read?.tuple.destination == tcp.flow.destination
        else {
            self.init("H5", Self.why(packet))
            return
        }
        if tcp.flow.destination.address.isMapped {
            self.init("H6", "IPv4-mapped addresses on the wire stay IPv6")
            return
        }
        if recorded.hasLargePort {
            self.init("H7", "a port above 65,535 is none")
            return
        }
        let scene = AuthorizationScene(recorded.mesh)
        let destination = scene.destinations.first { $0.address == tcp.flow.destination.address }
        guard let destination, let hardened = decisions.first.map({ $0.verdict == .pass }) else { return nil }
        let connection = JudgedConnection(
            JudgedSource(address: tcp.flow.source.address), destination, port: tcp.flow.destination.port, scene)
        let gap = VerdictGap(
            connection, .xdp, isAllowed: hardened, xdpPasses: recorded.upstream[0], userSpaceAllows: hardened)
        guard let gap, connection.verdict(.xdp).isAllowed == recorded.upstream[0],
            connection.verdict([]).isAllowed == hardened
        else { return nil }
        let texts = UpstreamAccidents.all.filter { gap.causes.contains($0.accident) }.map(\.text)
        self.init(gap.causes.contains(.packedBlocks) ? "H6" : "H7", "upstream: " + texts.joined(separator: "; and "))
    }

    private static func why(_ packet: IngressPacket) -> String {
        switch packet {
        case .notIP: "by its EtherType the frame is not IP"
        case .notTCP: "behind all headers there is no TCP"
        case .malformed(let fault, _): "it cannot be parsed: \(fault.rawValue)"
        case .laterFragment: "a later fragment goes the way of its first"
        case .tcp: "what stands before TCP is stepped over"
        }
    }
}

/// Every packet that upstream's XDP program was recorded with, put to the hook of preset `hardened`.
struct UpstreamXDPDifferenceTests {
    private struct Row: Hashable {
        let change: String
        let why: String
        let upstream: String
        let hardened: String
    }

    private static let changes = ["H5", "H6", "H7", "H8"]

    @Test func whereHardenedDoesOtherwiseItIsOneOfItsChanges() throws {
        let path = try #require(Vectors.paths.first { $0.hasSuffix("/xdp-authz.jsonl") })
        let vectors = try VectorFile.cases(atPath: path)
        #expect(vectors.count == 218)
        var rows: [Row: [String]] = [:]
        for vector in vectors {
            let recorded = try RecordedCase(vector)
            let decisions = try recorded.hardened()
            let passes = decisions.map { $0.verdict == .pass }
            guard passes != recorded.upstream else { continue }
            guard let explanation = Explanation(recorded, decisions) else {
                Issue.record("\(recorded.id): upstream \(recorded.upstream), hardened \(decisions), and no reason")
                continue
            }
            let row = Row(
                change: explanation.change, why: explanation.why, upstream: Self.text(recorded.upstream),
                hardened: Self.text(passes))
            rows[row, default: []].append(String(recorded.id.dropFirst("xdp-authz/".count)))
        }
        #expect(Set(rows.keys.map(\.change)) == Set(Self.changes))
        let total = rows.values.reduce(0) { $0 + $1.count }
        let sorted = rows.sorted {
            ($0.key.change, $0.key.why, $0.key.upstream) < ($1.key.change, $1.key.why, $1.key.upstream)
        }
        var table = [
            "| cases | upstream | hardened | change | why |", "|---|---|---|---|---|",
        ]
        for (row, ids) in sorted {
            let names = ids.sorted().map { "`\($0)`" }.joined(separator: ", ")
            table.append("| \(names) | \(row.upstream) | \(row.hardened) | \(row.change) | \(row.why) |")
        }
        try expectDocumented(table, "Of \(vectors.count) cases, \(total) differ.")
    }

    /// `passes`, or what comes of each packet where they differ.
    private static func text(_ passes: [Bool]) -> String {
        let texts = passes.map { $0 ? "passes" : "drops" }
        return Set(texts).count == 1 ? texts[0] : texts.joined(separator: ", then ")
    }

    /// Compares the section's sentence and table in docs/authorization.md, or writes them when UPDATE_GOLDEN=1 is set.
    private func expectDocumented(_ table: [String], _ sentence: String) throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/authorization.md")
        var lines = try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n")
        let heading = try #require(lines.firstIndex(of: "## Where upstream's XDP engine differs"))
        let start = try #require(lines[heading...].firstIndex { $0.hasPrefix("Of ") })
        let end = lines[start...].firstIndex { $0.hasPrefix("## ") } ?? lines.count - 1
        let expected = [sentence, ""] + table
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            lines.replaceSubrange(start..<end, with: expected)
            try lines.joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
            return
        }
        let documented = Array(lines[start..<end])
        for (number, line) in zip(1..., expected) where !documented.contains(line) {
            Issue.record("docs/authorization.md lacks line \(number) of the table: \(line)")
        }
        #expect(documented.count == expected.count)
    }
}
