import Foundation
import TestSupport
import Testing

private func expectGolden(
    _ finished: Finished, code: Int32, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(finished.code == code && finished.errors == "", "\(finished.errors)", sourceLocation: sourceLocation)
    guard let difference = try Golden.difference(of: finished.output, from: name) else { return }
    Issue.record("\(difference)", sourceLocation: sourceLocation)
}

@Test func theReportSaysWhatBecomesOfTodaysTraffic() throws {
    try expectGolden(try Sample.replay(), code: 1, "replay-books.txt")
    try expectGolden(try Sample.replayEncrypted(), code: 1, "replay-books-encrypted.txt")
    try expectGolden(try Sample.replayEncrypted("-o", "json"), code: 1, "replay-books-encrypted.json")
    try expectGolden(try Sample.replay("--preset", "upstream"), code: 0, "replay-books-upstream.txt")
}

@Test func flowsAreListed() throws {
    let finished = try Sample.replayEncrypted("-o", "csv")
    #expect(finished.errors == "note: 2 flows began before the capture: looked up, and nothing drawn for it\n")
    try expectGolden(
        Finished(code: finished.code, output: finished.output, errors: ""), code: 1, "replay-books-encrypted.csv")
    let lines = finished.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 21 && lines.last == "")
    let columns = lines[0].split(separator: ",").count
    for line in lines.dropLast() {
        #expect(line.split(separator: ",", omittingEmptySubsequences: false).count == columns, "\(line)")
    }
}

@Test(arguments: [
    (SampleCapture.Landmark.connect, false, "clear"), (.answer, false, "answer"), (.unlistedPort, false, "refused"),
    (.connect, true, "encrypted"), (.ratings, true, "denied"), (.largeSegment, true, "too-big"),
])
func onePacketIsExplained(landmark: SampleCapture.Landmark, isEncrypted: Bool, name: String) throws {
    let packet = Sample.packet(landmark)
    let finished = try isEncrypted ? Sample.replayEncrypted("--packet", packet) : Sample.replay("--packet", packet)
    try expectGolden(finished, code: 0, "replay-packet-\(name).txt")
}

@Test func aPacketIsExplainedForScripts() throws {
    let finished = try Sample.replayEncrypted("--packet", Sample.packet(.ratings), "-o", "json")
    #expect(finished.code == 0)
    let json = try #require(JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [String: Any])
    #expect(json["what"] as? String == "dropped" && json["encrypted"] as? Bool == true)
    #expect((json["why"] as? [String: String])?["name"] == "xdpIngress.deniedByDefault")
    let titles = (json["sections"] as? [[String: Any]])?.compactMap { $0["title"] as? String }
    #expect(titles?.first == "connect4 on node-b: loadBalanced")
    #expect(titles?.dropFirst() == ["replay", "node-b", "node-a", "xdpIngress on node-a: deniedByDefault"])
}

@Test func totalsAddUpToThePacketsRead() throws {
    for options in [[], ["--filter", "tcp port 9080"], ["--filter", "not ip"], ["--managed", "none"]] {
        let finished = try kmeshSim(["replay", Sample.capture] + Sample.encrypted + ["-o", "json"] + options)
        let json = try #require(JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [String: Any])
        func packets(_ value: Any?) -> Int { ((value as? [String: Any])?["packets"] as? Int) ?? -1 }
        func sum(_ rows: Any?) -> Int {
            (rows as? [[String: Any]] ?? []).reduce(0) { $0 + packets($1["traffic"]) }
        }
        let totals = try #require(json["totals"] as? [String: Any])
        let filtered = try #require(totals["filtered"] as? Int)
        #expect(totals["read"] as? Int == 119)
        #expect(packets(totals["replayed"]) + filtered == 119, "\(options)")
        #expect(sum(json["dispositions"]) == packets(totals["replayed"]), "\(options)")
        let others = packets((json["otherConnections"] as? [String: Any])?["traffic"])
        #expect(sum(json["connections"]) + others == packets(totals["inFlows"]), "\(options)")
    }
}

@Test func aWrittenWireDecryptsAndEndsAsThePacketsDid() throws {
    let scratch = try ScratchDirectory()
    let wire = "\(scratch.path)/wire.pcap"
    _ = try Sample.replayEncrypted("--wire-out", wire)
    let decrypted = try kmeshSim([
        "decrypt", wire, "--verify", "--states", "scenarios/captures/test-key.json", "--mesh",
        "scenarios/captures/nodeinfos.yaml",
    ])
    #expect(decrypted.code == 0 && decrypted.output.contains("     40  ESP, decrypted\n"), "\(decrypted.errors)")
    let replayed = try kmeshSim(["replay", wire, "--at", "wire"] + Sample.encrypted)
    #expect(replayed.code == 1)
    #expect(replayed.output.contains("      2    196  dropped  25, 26         xdpIngress.deniedByDefault"))
    #expect(replayed.output.contains("     33   3676  delivered"))
    #expect(replayed.output.contains("      8    429  left the mesh"))
}

/// Lines of a block of the README's that is cut by lines of three dots.
private func blocks(of document: String, after command: String) -> [Substring] {
    guard let start = document.range(of: "$ \(command)\n") else { return [] }
    return document[start.upperBound...].split(separator: "\n", omittingEmptySubsequences: false).prefix { $0 != "```" }
        .filter { $0 != "..." }
}

@Test func theDocumentationOfReplaysShowsRealOutput() throws {
    let document = try String(contentsOfFile: "\(packageDirectory)/docs/replay.md", encoding: .utf8)
    for name in ["books", "packet-clear", "books-encrypted", "packet-denied"] {
        let path = "\(packageDirectory)/Tests/Fixtures/golden/replay-\(name).txt"
        #expect(document.contains(try String(contentsOfFile: path, encoding: .utf8)), "\(name)")
    }
    let readme = try String(contentsOfFile: "\(packageDirectory)/README.md", encoding: .utf8)
    let line = "replay \(Sample.capture) \(Sample.encrypted.joined(separator: " "))"
    let shown = blocks(of: readme, after: ".build/release/kmesh-sim \(line)")
    #expect(shown.count > 10)
    let real = try Sample.replayEncrypted().output.split(separator: "\n", omittingEmptySubsequences: false)
    var rest = real[...]
    for line in shown {
        let place = rest.firstIndex(of: line)
        #expect(place != nil, "\(line)")
        if let place { rest = rest[(place + 1)...] }
    }
}
