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

@Test(.enabled(if: UpstreamSamples.areWanted, "\(UpstreamSamples.absence)"))
func packetsOfUnknownStatesAreNamed() throws {
    let finished = try kmeshSim([
        "decrypt", "\(UpstreamSamples.directory)/captures/tcpdump/08-sunrise-sunset-aes.pcap", "--states",
        "\(recordings)/basic4/A.xfrm.txt",
    ])
    #expect(finished.code == 1 && finished.output.contains("no state has this destination and SPI"))
    #expect(finished.output.contains("8  ESP of an unknown SPI"))
}
