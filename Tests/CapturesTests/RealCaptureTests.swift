import Captures
import Foundation
import Model
import TestSupport
import Testing

/// tcpdump's own samples, valid and not, and the recordings of encrypted traffic.
struct RealCaptureTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let file: String
        let count: Int
        let linkType: LinkType
        /// How many frames have a network layer that is found, and how many of these a packet in a tunnel.
        let layers: (found: Int, tunnelled: Int)
        var notes: [String] = []

        var testDescription: String { file }

        init(
            _ file: String, _ count: Int, _ linkType: LinkType = .ethernet, found: Int? = nil, tunnelled: Int = 0,
            notes: [String] = []
        ) {
            (self.file, self.count, self.linkType, self.notes) = (file, count, linkType, notes)
            layers = (found ?? count, tunnelled)
        }
    }

    static let rows = [
        Row("08-sunrise-sunset-aes.pcap", 8),
        Row("802.1ad_QinQ.pcap", 2),
        Row("LINKTYPE_RAW_ipv4.pcap", 1, .raw),
        Row("LINKTYPE_RAW_ipv6.pcap", 1, .raw),
        Row("dns_tcp.pcap", 11),
        Row("dns_udp.pcap", 2),
        Row("empty.pcap", 0),
        Row("geneve.pcap", 39, tunnelled: 39),
        Row("ip6_frag_asan.pcap", 1),
        Row("ipv4_invalid_hdr_length.pcap", 1),
        Row("ipv4_invalid_total_length.pcap", 1),
        Row("ipv4_tcp_http_xml.pcap", 1),
        Row("ipv6-routing-header.pcap", 4),
        Row("mptcp-v1.pcap", 20, .linuxCooked),
        Row("ssh.pcap", 54),
        Row("tcp-handshake-nano.pcap", 3, .linuxCooked),
        Row("tcp_rst_data-trunc.pcap", 1),
        Row(
            "timestamp_invalid_nano.pcap", 3, .linuxCooked,
            notes: ["2 timestamps with a fraction of a second or more"]),
        Row("unsupported-link-type-160.pcap", 1, LinkType(rawValue: 160), found: 0),
        Row("vxlan.pcap", 10, tunnelled: 10),
    ]

    private static let directory = UpstreamSamples.directory + "/captures/tcpdump"

    @Test(.enabled(if: UpstreamSamples.areWanted, Comment(rawValue: UpstreamSamples.absence)), arguments: rows)
    func everyRecordOfASampleIsRead(_ row: Row) throws {
        let path = "\(Self.directory)/\(row.file)"
        let read = try ReadCapture(path: path)
        #expect(read.error == nil)
        #expect(read.records.count == row.count)
        #expect(read.interfaces.map(\.linkType) == [row.linkType])
        #expect(read.notes.phrases == row.notes)
        var layers = (found: 0, tunnelled: 0)
        var reader = try CaptureReader(path: path)
        while let record = try reader.next() {
            reader.withBytes(of: record) { frame in
                guard let layer = try? LinkLayer(record.linkType).networkLayer(of: frame) else { return }
                layers.found += 1
                if layer.tunnelled(in: frame, TunnelPorts()) != nil { layers.tunnelled += 1 }
            }
        }
        #expect(layers == row.layers, "\(layers)")
    }

    @Test(.enabled(if: UpstreamSamples.areWanted, Comment(rawValue: UpstreamSamples.absence)))
    func everySampleIsInTheTable() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.directory)
        #expect(files.filter { $0.hasSuffix(".pcap") }.sorted() == Self.rows.map(\.file).sorted())
        for file in files where !file.hasSuffix(".pcap") {
            #expect(throws: CaptureError.self) { _ = try CaptureReader(path: "\(Self.directory)/\(file)") }
        }
    }

    /// Lengths and times as tshark reads them; it knows every sample.
    @Test(
        .enabled(
            if: UpstreamSamples.areWanted && TestTool.tshark.isWanted, "tshark or the samples are not there"),
        arguments: rows)
    func tsharkReadsTheSame(_ row: Row) throws {
        let path = "\(Self.directory)/\(row.file)"
        let fields = ["frame.number", "frame.time_epoch", "frame.cap_len", "frame.len"].flatMap { ["-e", $0] }
        let (code, output, _) = try TestTool.tshark.run(["-r", path, "-T", "fields"] + fields)
        #expect(code == 0)
        let wanted = String(decoding: output, as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: "\t").map(String.init) }
        let records = try ReadCapture(path: path).records
        #expect(
            records.map { ["\($0.number)", "\($0.capturedByteCount)", "\($0.originalByteCount)"] }
                == wanted.map { [$0[0], $0[2], $0[3]] })
        // A fraction of more than a second is carried here, and printed as it stands there.
        guard row.notes.isEmpty else { return }
        let times = records.map { record in
            let fraction = String(record.timestamp % 1_000_000_000 + 1_000_000_000).dropFirst()
            return "\(record.timestamp / 1_000_000_000).\(fraction)"
        }
        #expect(times == wanted.map { $0[1] })
    }

    /// The recordings that the tests of encryption use.
    private static let recordings =
        "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures/captures/ipsec"

    @Test(.enabled(if: TestTool.tcpdump.isWanted, "tcpdump is not installed"))
    func tcpdumpCountsTheSameInTheRecordings() throws {
        var count = 0
        for folder in try FileManager.default.contentsOfDirectory(atPath: Self.recordings).sorted() {
            for file in try FileManager.default.contentsOfDirectory(atPath: "\(Self.recordings)/\(folder)")
            where file.hasSuffix(".pcap") {
                let path = "\(Self.recordings)/\(folder)/\(file)"
                let read = try ReadCapture(path: path)
                #expect(read.error == nil)
                // Packets of the filter too, which both compile by libpcap.
                for expression in ["", "esp", "icmp and less 120"] {
                    let (_, output, _) = try TestTool.tcpdump.run(["-nn", "--count", "-r", path, expression])
                    let filter = try CaptureFilter(expression: expression, linkType: .ethernet)
                    let accepted = read.packets.count { packet in
                        packet.bytes.withRawSpan {
                            filter.accepts($0, originalByteCount: packet.originalByteCount ?? 0)
                        }
                    }
                    #expect(String(decoding: output, as: UTF8.self).hasPrefix("\(accepted) packet"), "\(path)")
                }
                count += 1
            }
        }
        #expect(count > 25)
    }
}
