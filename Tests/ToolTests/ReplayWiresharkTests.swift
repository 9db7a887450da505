import Foundation
import TestSupport
import Testing

/// tshark reads what a replay writes, without complaint, and decrypts it.
@Suite(.enabled(if: TestTool.tshark.isWanted, "tshark is not installed"))
struct ReplayWiresharkTests {
    private let scratch: ScratchDirectory
    private var packets: String { "\(scratch.path)/all.pcapng" }
    private var wire: String { "\(scratch.path)/wire.pcap" }

    /// Replays the sample with encryption, and writes everything; the keys where tshark looks for them.
    init() throws {
        scratch = try ScratchDirectory()
        let (pcapng, pcap) = ("\(scratch.path)/all.pcapng", "\(scratch.path)/wire.pcap")
        let finished = try Sample.replayEncrypted(
            "--pcap-out", pcapng, "--wire-out", pcap, "--esp-sa", "\(scratch.path)/esp_sa")
        #expect(finished.code == 1 && finished.errors == "")
    }

    /// Lines of fields that tshark prints of a file.
    private func fields(_ names: [String], of path: String, _ options: String...) throws -> [[String]] {
        let arguments = ["-r", path, "-T", "fields"] + names.flatMap { ["-e", $0] } + options
        let (code, output, errors) = try TestTool.tshark.run(
            arguments, environment: ["WIRESHARK_CONFIG_DIR": scratch.path])
        #expect(code == 0)
        // It always says that it should not run as root.
        #expect(!errors.split(separator: "\n").contains { !$0.contains("as user \"root\"") }, "\(errors)")
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }

    private static let decrypting = "esp.enable_encryption_decode:TRUE"

    @Test func everyAppearanceOfAPacketIsTiedToIt() throws {
        let names = [
            "frame.interface_name", "frame.packet_id", "frame.comment", "frame.verdict.ebpf_tc",
            "frame.verdict.ebpf_xdp",
        ]
        let lines = try fields(names, of: packets)
        // What is not IP has no appearance: the interfaces have no link layer.
        #expect(Set(lines.map { $0[1] }).count == 117)
        let denied = lines.filter { $0[1] == Sample.packet(.ratings) }
        let comment = "dropped: xdpIngress.deniedByDefault; denied (istio)"
        #expect(
            denied == [
                ["captured/pod:books/productpage-v1-0", "69", comment, "", ""],
                ["node-b/pod", "69", comment, "", ""],
                ["node-b/hostInterface", "69", "\(comment); mark 0xe0", "0", ""],
                ["wire", "69", comment, "", ""],
                ["node-a/decrypted", "69", "\(comment); mark 0xd0", "0", ""],
                ["node-a/arrival", "69", comment, "", "1"],
            ])
        let refused = lines.filter { $0[1] == Sample.packet(.unlistedPort) }
        #expect(refused == [["captured/pod:books/productpage-v1-0", "103", "refused: connect4.portNotListed", "", ""]])
    }

    @Test func namesAreResolved() throws {
        let hosts = try fields(["ip.src_host", "ip.dst_host"], of: packets, "-N", "n", "-Y", "frame.packet_id == 11")
        #expect(hosts.first == ["productpage-v1-0.books", "details.books.svc.cluster.local"])
        #expect(hosts.contains(["node-b", "node-a"]))
        #expect(hosts.last == ["productpage-v1-0.books", "details-v1-0.books"])
    }

    @Test(arguments: [true, false])
    func theKeysDecryptTheWire(isPCAPNG: Bool) throws {
        let path = isPCAPNG ? packets : wire
        let isOnWire = isPCAPNG ? "esp and frame.interface_name == \"wire\"" : "esp"
        let names = ["ip.src", "ip.dst", "frame.protocols", "_ws.malformed"]
        let lines = try fields(names, of: path, "-o", Self.decrypting, "-Y", isOnWire)
        #expect(lines.count == 40)
        for line in lines {
            #expect(line[0] == "192.168.0.12,10.244.2.2" && line[1].hasPrefix("192.168.0.11,10.244.1."), "\(line)")
            #expect(line[2].contains("esp:ip:") && line[3] == "", "\(line)")
        }
    }

    @Test func whatIsDecryptedIsWhatThePodSent() throws {
        let inner = ["tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.payload"]
        func seen(_ filter: String) throws -> [[String]] {
            try fields(["frame.packet_id"] + inner, of: packets, "-o", Self.decrypting, "-Y", "tcp and (\(filter))")
        }
        let onWire = try seen("esp")
        let numbers = Set(onWire.map { $0[0] })
        #expect(onWire.count == 38)
        let sent = try seen("frame.interface_name == \"node-b/pod\"").filter { numbers.contains($0[0]) }
        #expect(onWire == sent)
        #expect(try seen("frame.interface_name == \"node-a/arrival\"") == sent)
    }

    @Test func aWireFileIsTheWireAlone() throws {
        let names = ["frame.time_epoch", "ip.src", "ip.dst", "ip.id", "esp.sequence", "frame.len"]
        let all = try fields(names, of: packets, "-Y", "frame.interface_name == \"wire\"")
        #expect(try fields(names, of: wire) == all && all.count == 48)
    }

    @Test func filesWithKeysAreTheOwnersAlone() throws {
        for (path, mode) in [(packets, 0o600), ("\(scratch.path)/esp_sa", 0o600), (wire, 0o644)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == mode, "\(path)")
        }
    }

    @Test func theSameReplayWritesTheSameBytes() throws {
        func files(seed: Int) throws -> [Data] {
            let names = ["all", "wire", "keys"].map { "\(scratch.path)/\($0)-\(seed)" }
            _ = try Sample.replayEncrypted(
                "--pcap-out", names[0], "--wire-out", names[1], "--esp-sa", names[2], "--seed", "\(seed)")
            return try names.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
        }
        let first = try files(seed: 1)
        #expect(
            try first
                == ["all.pcapng", "wire.pcap", "esp_sa"].map {
                    try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/\($0)"))
                })
        let other = try files(seed: 2)
        #expect(first[0] != other[0] && first[1] != other[1] && first[2] == other[2])
    }
}
