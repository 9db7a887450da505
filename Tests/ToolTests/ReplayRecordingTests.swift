import Captures
import Foundation
import TestSupport
import Testing

/// The recordings of two nodes, replayed by the command: what the pods sent gives what was on the wire.
struct ReplayRecordingTests {
    private static let mesh = ["--mesh", "Tests/Fixtures/captures/recordings-mesh.yaml"]

    private func file(_ recording: String, _ name: String) -> String { "\(Recordings.directory)/\(recording)/\(name)" }

    private func replayPods(_ recording: String, _ more: [String] = []) throws -> Finished {
        try kmeshSim(
            ["replay", file(recording, "podA.pcap"), file(recording, "podB.pcap"), "--at", "pod:recorded/pod-a"]
                + ["pod:recorded/pod-b", "--xfrm", file(recording, "commands.txt")] + Self.mesh
                + ["--preset", "upstream"] + more)
    }

    private func replayWire(
        _ recording: String, _ name: String, preset: String = "upstream", _ more: [String] = []
    ) throws -> Finished {
        try kmeshSim(
            ["replay", file(recording, name), "--at", "wire", "--xfrm", file(recording, "commands.txt")] + Self.mesh
                + ["--preset", preset] + more)
    }

    /// All but the rotation, whose rules change between packets, and the recording in which nothing is marked.
    @Test(arguments: ["basic4", "headers4", "replay_w0", "replay_w32", "v6in6", "wrongkey"])
    func whatPodsSentGivesTheWiresPackets(recording: String) throws {
        let scratch = try ScratchDirectory()
        let wire = "\(scratch.path)/wire.pcap"
        _ = try replayPods(recording, ["--wire-out", wire])
        let made = try WirePacket.packets(of: wire)
        let recorded = try WirePacket.packets(of: file(recording, "underlay.pcap"))
        #expect(!recorded.isEmpty)
        for source in Set(recorded.map(\.source)) {
            #expect(made.filter { $0.source == source } == recorded.filter { $0.source == source })
        }
        #expect(made.count == recorded.count)
    }

    /// With the IVs and identifications of the recording every ESP packet has the recorded bytes.
    @Test(arguments: ["basic4", "headers4", "replay_w0", "replay_w32", "v6in6", "wrongkey"])
    func givenTheRecordedChanceTheBytesAreTheWires(recording: String) throws {
        let scratch = try ScratchDirectory()
        let wire = "\(scratch.path)/wire.pcap"
        let underlay = file(recording, "underlay.pcap")
        _ = try replayPods(recording, ["--wire-out", wire, "--chance-from", underlay])
        let made = try WirePacket.encrypted(of: wire)
        let recorded = try WirePacket.encrypted(of: underlay)
        #expect(!recorded.isEmpty)
        #expect(made == recorded)
    }

    @Test func duringARotationNothingIsLost() throws {
        let scratch = try ScratchDirectory()
        let wire = "\(scratch.path)/wire.pcap"
        let finished = try replayPods("rotation", ["--wire-out", wire])
        #expect(finished.code == 0)
        #expect(
            try WirePacket.packets(of: wire).count == WirePacket.packets(of: file("rotation", "underlay.pcap")).count)
    }

    @Test func whatWasNotMarkedIsALeak() throws {
        let upstream = try replayWire("nomark", "underlay.pcap")
        #expect(upstream.code == 1)
        #expect(upstream.output.contains("In clear, and had to be encrypted\n"))
        #expect(upstream.output.contains("      9   3492  recorded/pod-a  recorded/pod-b  1, 3, 5, 7, 8, …\n"))
        #expect(upstream.output.contains("     18   3988  delivered"))
        let hardened = try replayWire("nomark", "underlay.pcap", preset: "hardened")
        #expect(hardened.code == 1)
        #expect(hardened.output.contains("     18   3988  dropped  1, 2, 3, 4, 5, …  clearFromPeer: "))
    }

    @Test func replayedPacketsAreCountedAsTheKernelDid() throws {
        // Of the node's /proc/net/xfrm_stat; a cut packet is not even ESP here.
        let checked = try replayWire("replay_w32", "underlay_pb.pcap")
        #expect(checked.code == 1)
        #expect(checked.output.contains("      4    368  dropped  7, 8, 89, 90   XfrmInStateSeqError: "))
        #expect(checked.output.contains("      1     92  dropped  91             XfrmInStateProtoError: "))
        #expect(checked.output.contains("    4  XfrmInStateSeqError    B\n"))
        let unchecked = try replayWire("replay_w0", "underlay_pb.pcap")
        #expect(!unchecked.output.contains("XfrmInStateSeqError"))
        #expect(unchecked.output.contains("      2    184  dropped  93, 94         XfrmInStateProtoError: "))
        #expect(unchecked.output.contains("no replay window"))
        let trace = try replayWire("replay_w0", "underlay_pb.pcap", ["--packet", "7"])
        #expect(trace.output.contains("  replay window   none, so that nothing is checked\n"))
    }

    /// What /proc/net/xfrm_stat showed after the recording, but for what is 0.
    private func recordedCounters(_ recording: String) throws -> [String] {
        try ["A", "B"].flatMap { node in
            try Recordings.text(recording, "\(node).xfrm_stat").split(separator: "\n").compactMap { line in
                let fields = line.split(whereSeparator: \.isWhitespace)
                return fields.count == 2 && fields[1] != "0" ? "\(node) \(fields[0]) \(fields[1])" : nil
            }
        }
    }

    @Test(arguments: ["replay_w0", "replay_w32", "wrongkey", "basic4"])
    func countersAreThoseOfTheKernel(recording: String) throws {
        let isOnWire = recording.hasPrefix("replay")
        let finished =
            try isOnWire
            ? replayWire(recording, "underlay_pb.pcap", ["-o", "json"]) : replayPods(recording, ["-o", "json"])
        let json = try #require(JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [String: Any])
        let counters = try #require(json["xfrmCounters"] as? [[String: Any]])
        let made = counters.map { "\($0["node"] ?? "") \($0["counter"] ?? "") \($0["count"] ?? "")" }
        #expect(try made == recordedCounters(recording))
    }

    @Test func aWrongKeyIsTold() throws {
        let finished = try replayPods("wrongkey")
        #expect(finished.code == 1)
        #expect(
            finished.output.contains("      3    204  dropped  1, 2, 3        XfrmInStateProtoError: the ICV is wrong"))
    }
}

/// A packet between the nodes, without what chance gave it: the outer header's identification, the IV and what it
/// encrypts, an error's flow label.
private struct WirePacket: Hashable {
    var source: [UInt8]
    var byteCount: Int
    var header: [UInt8]

    /// Nil for what neighbours and routers say to each other.
    private init?(_ packet: [UInt8]) {
        let isIPv4 = packet[0] >> 4 == 4
        byteCount = isIPv4 ? Int(packet[2]) << 8 | Int(packet[3]) : 40 + Int(packet[4]) << 8 | Int(packet[5])
        header = Array(packet.prefix(byteCount))
        source = Array(isIPv4 ? header[12..<16] : header[8..<24])
        if isIPv4 {
            // Identification and checksum.
            for offset in [4, 5, 10, 11] { header[offset] = 0 }
            let isLaterFragment = header[6] & 0x1f != 0 || header[7] != 0
            if header[9] == 50 { header.removeSubrange((isLaterFragment ? 20 : 28)...) }
        } else {
            guard header[6] != 0, header[6] != 58 || !(133...137).contains(header[40]) else { return nil }
            if header[6] == 50 {
                header.removeSubrange(48...)
            } else {
                header[1] &= 0xf0
                (header[2], header[3]) = (0, 0)
            }
        }
    }

    static func packets(of path: String) throws -> [WirePacket] {
        try bytes(of: path).compactMap { WirePacket($0) }
    }

    /// All bytes of ESP packets and their fragments, by their source.
    static func encrypted(of path: String) throws -> [[UInt8]: [[UInt8]]] {
        var packets: [[UInt8]: [[UInt8]]] = [:]
        for packet in try bytes(of: path) where packet[packet[0] >> 4 == 4 ? 9 : 6] == 50 {
            guard let source = WirePacket(packet)?.source else { continue }
            packets[source, default: []].append(packet)
        }
        return packets
    }

    /// Packets from the IP header on, without an Ethernet frame's padding.
    private static func bytes(of path: String) throws -> [[UInt8]] {
        var reader = try CaptureReader(path: path)
        var packets: [[UInt8]] = []
        while let record = try reader.next() {
            let link = try LinkLayer(record.linkType)
            try reader.withBytes(of: record) { frame in
                let layer = try link.networkLayer(of: frame)
                guard layer.etherType == .ipv4 || layer.etherType == .ipv6 else { return }
                let packet = (layer.offset..<frame.byteCount).map { frame.byte(at: $0) }
                let isIPv4 = layer.etherType == .ipv4
                let length = Int(packet[isIPv4 ? 2 : 4]) << 8 | Int(packet[isIPv4 ? 3 : 5])
                packets.append(Array(packet.prefix(isIPv4 ? length : 40 + length)))
            }
        }
        return packets
    }
}
