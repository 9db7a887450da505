import Inputs
import Model
import TestSupport
import Testing

@testable import Sim

/// The recordings of a Debian kernel: what their notes say is what is found.
struct DecryptionRecordingTests {
    /// What of a capture is not plainly decrypted.
    struct Expected: CustomTestStringConvertible {
        var recording: String
        var capture = "underlay.pcap"
        var decrypted: UInt64
        var other: [DecryptionReport.Kind: UInt64] = [:]

        var testDescription: String { "\(recording)/\(capture)" }
    }

    static let expected: [Expected] = [
        Expected(recording: "basic4", decrypted: 82),
        // Fragments, and an ICMP error of the node itself.
        Expected(recording: "headers4", decrypted: 92, other: [.fragment: 6, .quote: 1]),
        Expected(recording: "nomark", decrypted: 0, other: [.leak: 18]),
        Expected(recording: "replay_w0", decrypted: 91),
        // Played back by hand: numbers 1 and 3 again, 1 again later, a changed byte, number 1000, a cut packet.
        Expected(
            recording: "replay_w0", capture: "underlay_pb.pcap", decrypted: 91,
            other: [.replay: 3, .badICV: 2, .malformedESP: 1]),
        Expected(recording: "replay_w32", decrypted: 88),
        Expected(
            recording: "replay_w32", capture: "underlay_pb.pcap", decrypted: 88,
            other: [.replay: 3, .badICV: 2, .malformedESP: 1]),
        Expected(recording: "rotation", decrypted: 394),
        Expected(recording: "v6in6", decrypted: 62),
        Expected(recording: "wrongkey", decrypted: 3),
    ]

    @Test(arguments: expected)
    func everyPacketIsWhatTheNotesSay(_ expected: Expected) throws {
        let files = try ["commands.txt", "A.xfrm.txt", "B.xfrm.txt"].map { name in
            (name, try EncryptionFile(parsing: Recordings.text(expected.recording, name), file: name))
        }
        let report = try decrypt(
            Recordings.frames(expected.recording, expected.capture), DecryptionPlan(files: files, nodes: []))
        #expect(report[.decrypted] == expected.decrypted)
        for kind in DecryptionReport.Kind.allCases where kind != .decrypted {
            #expect(report[kind] == expected.other[kind] ?? 0, "\(kind)")
        }
        #expect(report.packetCount == UInt64(try Recordings.frames(expected.recording, expected.capture).count))
        #expect(report.associations.allSatisfy { $0.numbers.first == 1 && $0.numbers.gaps.isEmpty })
    }

    /// `ip -s xfrm state` counts inner packets with the outer header of 20 bytes.
    @Test func bytesAndPacketsAreThoseThatLinuxCounted() throws {
        let listing = try EncryptionFile(parsing: Recordings.text("basic4", "A.xfrm.txt"), file: "A")
        let report = try decrypt(
            Recordings.frames("basic4", "underlay.pcap"), DecryptionPlan(files: [("A", listing)], nodes: []))
        let sent = try #require(report.associations.first { $0.destination == IPAddress("192.168.100.2") })
        #expect(sent.packetCount == 41 && sent.byteCount == 22844)
    }

    /// On a node's own interface the decrypted packet is seen a second time.
    @Test func whatWasDecryptedJustBeforeIsNoLeak() throws {
        let listing = try EncryptionFile(parsing: Recordings.text("basic4", "A.xfrm.txt"), file: "A")
        for node in ["nodeA", "nodeB"] {
            let report = try decrypt(
                Recordings.frames("basic4", "\(node)_eth0.pcap"), DecryptionPlan(files: [("A", listing)], nodes: []))
            #expect(report.isSuccess && report[.copy] > 30 && report[.decrypted] == 82)
        }
    }

    @Test func underTheReceiversWrongKeyEveryICVIsWrong() throws {
        let listing = try EncryptionFile(parsing: Recordings.text("wrongkey", "B.xfrm.txt"), file: "B")
        let report = try decrypt(
            Recordings.frames("wrongkey", "underlay.pcap"), DecryptionPlan(files: [("B", listing)], nodes: []))
        #expect(report[.badICV] == 3 && report.packetCount == 3)
        let both = try ["A.xfrm.txt", "B.xfrm.txt"].map { name in
            (name, try EncryptionFile(parsing: Recordings.text("wrongkey", name), file: name))
        }
        let plan = try DecryptionPlan(files: both, nodes: [])
        #expect(plan.notes.contains { $0.text.contains("another key for 192.168.100.1 → 192.168.100.2") })
    }
}
