import Captures
import Foundation
import Model
import TestSupport
import Testing

/// tshark reads what the writers write, without complaint, and sees all of it.
@Suite(.enabled(if: TestTool.tshark.isWanted, "tshark is not installed"))
struct WiresharkTests {
    private static let recording =
        "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        + "/Fixtures/captures/ipsec/basic4/underlay.pcap"

    /// Lines of fields that tshark prints of a file.
    private func fields(
        _ names: [String], of path: String, _ options: [String] = [], settings: String
    ) throws -> [[String]] {
        let arguments = ["-r", path, "-T", "fields"] + names.flatMap { ["-e", $0] } + options
        let (code, output, errors) = try TestTool.tshark.run(
            arguments, environment: ["WIRESHARK_CONFIG_DIR": settings])
        #expect(code == 0)
        // It always says that it should not run as root.
        #expect(!errors.split(separator: "\n").contains { !$0.contains("as user \"root\"") }, "\(errors)")
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// The ESP packets of a recording in a pcapng file with everything that the writer knows.
    private func write(_ path: String, _ states: [XFRMState]) throws -> Int {
        var writer = try PCAPNGWriter(path: path, application: "kmesh-sim", states: states)
        let wire = try writer.add(ObservationPoint(name: "wire", description: "between nodes", linkType: .ethernet))
        let tunnel = try writer.add(ObservationPoint(name: "node-a/tc", linkType: .raw))
        try writer.write(names: [
            (.v4(0xc0a8_6401), "node-a"), (.v4(0xc0a8_6402), "node-b"), (.v6(high: 1, low: 2), "other"),
        ])
        var reader = try CaptureReader(path: Self.recording)
        let filter = try CaptureFilter(expression: "esp", linkType: .ethernet)
        var count = 0
        while let record = try reader.next() {
            try reader.withBytes(of: record) { frame throws(CaptureWriteError) in
                guard filter.accepts(frame, originalByteCount: record.originalByteCount) else { return }
                count += 1
                let (id, time) = (UInt64(count), record.timestamp)
                try writer.write(
                    frame, at: wire, timestamp: time,
                    PacketAnnotations(comment: "rule \(count): é", packetID: id, verdict: .xdp(.pass)))
                try writer.write(
                    frame.extracting(droppingFirst: 14), at: tunnel, timestamp: time,
                    PacketAnnotations(packetID: id, verdict: .trafficControl(.shot), direction: .incoming))
            }
        }
        try writer.finish()
        return count
    }

    @Test func commentsNumbersVerdictsAndPlacesArrive() throws {
        let scratch = try ScratchDirectory()
        let path = "\(scratch.path)/a.pcapng"
        let count = try write(path, [ESPExample.state])
        let names = [
            "frame.interface_name", "frame.interface_description", "frame.comment", "frame.packet_id",
            "frame.verdict.ebpf_tc", "frame.verdict.ebpf_xdp", "esp.spi", "frame.encap_type",
        ]
        let lines = try fields(names, of: path, settings: scratch.path)
        #expect(lines.count == 2 * count && count > 60)
        for (index, line) in lines.enumerated() {
            let number = index / 2 + 1
            #expect(
                line
                    == (index.isMultiple(of: 2)
                        ? ["wire", "between nodes", "rule \(number): é", "\(number)", "", "2", "0x00000001", "1"]
                        : ["node-a/tc", "", "", "\(number)", "2", "", "0x00000001", "7"]))
        }
    }

    @Test func namesOfAddressesArrive() throws {
        let scratch = try ScratchDirectory()
        let path = "\(scratch.path)/a.pcapng"
        _ = try write(path, [])
        let hosts = try fields(["ip.src_host", "ip.dst_host"], of: path, ["-N", "n"], settings: scratch.path)
        #expect(Set(hosts) == [["node-a", "node-b"], ["node-b", "node-a"]])
    }

    @Test func theTableOfKeysDecryptsWhatWasRecorded() throws {
        let scratch = try ScratchDirectory()
        let path = "\(scratch.path)/a.pcapng"
        let count = try write(path, [])
        let settings = "\(scratch.path)/settings"
        try FileManager.default.createDirectory(atPath: settings, withIntermediateDirectories: true)
        try WiresharkKeys.table(of: [ESPExample.state]).write(
            toFile: "\(settings)/esp_sa", atomically: true, encoding: .utf8)
        let options = ["-o", "esp.enable_encryption_decode:TRUE"]
        let lines = try fields(
            ["ip.src", "ip.dst", "frame.protocols"], of: path,
            options + ["-Y", "ip.src == 192.168.100.1"], settings: settings)
        #expect(lines.count > count / 2)
        for line in lines {
            #expect(line[0] == "192.168.100.1,10.244.1.2" && line[1] == "192.168.100.2,10.244.2.2", "\(line)")
            #expect(line[2].contains("esp:ip"), "\(line)")
        }
        // The other direction's key is not in the table.
        let others = try fields(["ip.src"], of: path, options + ["-Y", "ip.src == 192.168.100.2"], settings: settings)
        #expect(Set(others) == [["192.168.100.2"]])
    }

    @Test func aPCAPFileIsReadToo() throws {
        let scratch = try ScratchDirectory()
        let path = "\(scratch.path)/a.pcap"
        var writer = try PCAPWriter(path: path, linkType: .ethernet)
        var reader = try CaptureReader(path: Self.recording)
        while let record = try reader.next() {
            try reader.withBytes(of: record) { frame throws(CaptureWriteError) in
                try writer.write(frame, timestamp: record.timestamp, originalByteCount: record.originalByteCount)
            }
        }
        try writer.finish()
        let names = ["frame.time_epoch", "frame.len", "ip.src", "ip.id"]
        let (written, recorded) = (
            try fields(names, of: path, settings: scratch.path),
            try fields(names, of: Self.recording, settings: scratch.path)
        )
        #expect(written == recorded && written.count == Int(reader.recordCount))
    }
}
