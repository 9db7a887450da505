import Foundation
import TestSupport
import Testing

private let recordings = "Tests/Fixtures/captures/ipsec"

private func decrypt(_ recording: String, _ capture: String = "underlay.pcap", _ more: [String] = []) throws -> Finished
{
    let directory = "\(recordings)/\(recording)"
    return try kmeshSim(
        ["decrypt", "\(directory)/\(capture)", "--verify", "--states", "\(directory)/commands.txt"] + more)
}

@Test func theExitCodeSaysWhetherSomethingFails() throws {
    for recording in Recordings.names {
        let finished = try decrypt(recording)
        #expect(finished.code == (recording == "nomark" ? 1 : 0), "\(recording): \(finished.output)")
    }
    #expect(try decrypt("replay_w0", "underlay_pb.pcap").code == 1)
}

@Test func leaksAndFailuresComeFirst() throws {
    let leaks = try decrypt("nomark").output
    #expect(
        leaks.hasPrefix("18 packets in clear between pods of different nodes\n  10.244.1.2 → 10.244.2.2: 9 packets"))
    #expect(leaks.hasSuffix("     18  read\n18 packets failed\n"))
    let replays = try decrypt("replay_w0", "underlay_pb.pcap").output
    #expect(replays.hasPrefix("6 packets not as they should be\n  packet 7: ESP seen before"))
    #expect(replays.contains("no listed state has a replay window"))
}

@Test func everyFormatOfADecryptionIsTheSameInEveryProcess() throws {
    for format in ["text", "json", "csv"] {
        let first = try decrypt("headers4", "underlay.pcap", ["-o", format])
        #expect(first.output.contains("192.168.100.1"))
        for _ in 0..<2 { #expect(try decrypt("headers4", "underlay.pcap", ["-o", format]) == first, "\(format)") }
    }
    let csv = try decrypt("nomark", "underlay.pcap", ["-o", "csv"]).output
    #expect(csv.contains("\nleak,10.244.1.2,10.244.2.2,,9,3492,"))
}

@Test(arguments: ["nomark", "replay_w0", "wrongkey"])
func everyRowHasAllCells(recording: String) throws {
    let csv = try decrypt(recording, "underlay.pcap", ["-o", "csv"]).output
    let rows = csv.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
    #expect(rows.count > 2 && csv.last == "\n")
    // None of these has a cell that is quoted.
    for row in rows { #expect(row.count { $0 == "," } == rows[0].count { $0 == "," }, "\(row)") }
}

@Test func whatCannotBeReadIsBadInput() throws {
    let states = "\(recordings)/basic4/A.xfrm.txt"
    let none = try kmeshSim(["decrypt", states, "--states", states])
    #expect(none.code == 3 && none.errors.contains("neither pcap nor pcapng"))
    let noStates = try kmeshSim(
        ["decrypt", "\(recordings)/basic4/underlay.pcap", "--states", "\(recordings)/basic4/notes.json"])
    #expect(noStates.code == 3 && noStates.errors.contains("aeadKeyName"))
    let twice = try kmeshSim(["decrypt", "-", "--states", "-"])
    #expect(twice.code == 2 && twice.errors.contains("only once"))
}

/// A recording's capture, as one that is cut off in its last record, or of another link type.
private func spoiled(cutting byteCount: Int, linkType: UInt8 = 1, in scratch: ScratchDirectory) throws -> String {
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(recordings)/basic4/underlay.pcap")))
    bytes.removeLast(byteCount)
    bytes[20] = linkType
    let path = "\(scratch.path)/\(linkType).pcap"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
}

@Test func whatWasReadOnlyInPartIsNoSuccess() throws {
    let scratch = try ScratchDirectory()
    let states = ["--states", "\(recordings)/basic4/commands.txt"]
    let broken = try spoiled(cutting: 10, in: scratch)
    // USER0 is nobody's.
    let other = try spoiled(cutting: 0, linkType: 147, in: scratch)
    for (captures, reason) in [
        ([broken], "what came before was read"),
        (["\(recordings)/basic4/underlay.pcap", other], "82 packets of link type 147"),
    ] {
        let text = try kmeshSim(["decrypt"] + captures + states)
        #expect(text.code == 1 && text.errors.contains(reason), "\(text.errors)")
        #expect(text.output.hasSuffix("nothing failed of what could be read\n"), "\(text.output)")
        let json = try kmeshSim(["decrypt"] + captures + states + ["-o", "json"])
        #expect(json.code == 1 && json.output.contains(reason))
        #expect(json.output.contains("\"success\": false") && json.output.contains("\"complete\": false"))
    }
    #expect(try kmeshSim(["decrypt", other] + states).code == 3)
    #expect(try decrypt("basic4", "underlay.pcap", ["-o", "json"]).output.contains("\"complete\": true"))
}

@Test func tunnelsAreOpenedAndAFilterChoosesAmongThem() throws {
    let scratch = try ScratchDirectory()
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(recordings)/basic4/underlay.pcap")).prefix(24))
    for (index, frame) in try Recordings.frames("basic4", "underlay.pcap").enumerated() {
        // VXLAN network 1, to port 4789, between 10.9.0.1 and 10.9.0.2 or 10.9.0.3 in turn.
        let vxlan = [0x12, 0xb5, 0x12, 0xb5] + network16(frame.count + 16) + [0, 0, 8, 0, 0, 0, 0, 0, 1, 0] + frame
        let outer =
            [0x45, 0] + network16(vxlan.count + 20) + [
                0, 0, 0, 0, 64, 17, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2 + UInt8(index % 2),
            ]
        let whole = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0] + outer + vxlan
        let count = network16(whole.count).reversed() + [0, 0]
        bytes += [UInt8](repeating: 0, count: 8) + count + count + whole
    }
    let capture = "\(scratch.path)/vxlan.pcap"
    try Data(bytes).write(to: URL(fileURLWithPath: capture))
    let command = ["decrypt", capture, "--states", "\(recordings)/basic4/commands.txt"]
    #expect(try kmeshSim(command).output.contains("82  in clear, as it may be"))
    let opened = try kmeshSim(command + ["--tunnels", "vxlan"])
    #expect(opened.code == 0 && opened.output.contains("82  ESP, decrypted"))
    #expect(opened.errors.contains("82 packets taken out of a tunnel"))
    // What a filter sees is the outer packet.
    let chosen = try kmeshSim(command + ["--tunnels", "all", "--filter", "dst host 10.9.0.2"])
    #expect(chosen.output.contains("41  ESP, decrypted"))
    let none = try kmeshSim(command + ["--filter", "esp"])
    #expect(none.code == 0 && none.output.contains("0  read"))
}

private func network16(_ number: Int) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }

@Test func whatIsSeenTwiceIsALineOfItsOwn() throws {
    let finished = try decrypt("basic4", "nodeB_eth0.pcap")
    #expect(finished.code == 0 && finished.output.hasPrefix("41 packets in clear right after the ESP packet"))
    let csv = try decrypt("basic4", "nodeB_eth0.pcap", ["-o", "csv"]).output
    #expect(csv.contains("\ncopy,10.244.1.2,10.244.2.2,,"))
}

@Test(.enabled(if: UpstreamSamples.areWanted, "\(UpstreamSamples.absence)"))
func packetsOfUnknownStatesAreNamed() throws {
    let finished = try kmeshSim([
        "decrypt", "\(UpstreamSamples.directory)/captures/tcpdump/08-sunrise-sunset-aes.pcap", "--states",
        "\(recordings)/basic4/A.xfrm.txt",
    ])
    #expect(finished.code == 1 && finished.output.contains("no state has this destination and SPI"))
    #expect(finished.output.contains("8  ESP of an unknown SPI"))
}
