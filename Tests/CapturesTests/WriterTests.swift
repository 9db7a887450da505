import Captures
import Foundation
import Model
import TestSupport
import Testing

/// What the writers write, and that the reader gives it back.
struct WriterTests {
    private func contents(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private static func hex(_ text: String) -> [UInt8] {
        let digits = text.filter { !$0.isWhitespace }
        return stride(from: 0, to: digits.count, by: 2).compactMap { offset in
            UInt8(digits.dropFirst(offset).prefix(2), radix: 16)
        }
    }

    @Test func aPCAPFileIsTheseBytes() throws {
        let scratch = try ScratchDirectory()
        let path = "\(scratch.path)/a.pcap"
        var writer = try PCAPWriter(path: path, linkType: .raw)
        try [0x45, 1, 2].withRawSpan { packet throws(CaptureWriteError) in
            try writer.write(packet, timestamp: 5_000_000_007, originalByteCount: 60)
        }
        try writer.finish()
        let wanted = """
            4d3cb2a1 0200 0400 00000000 00000000 00000400 65000000
            05000000 07000000 03000000 3c000000 450102
            """
        #expect(try contents(path) == Self.hex(wanted))
    }

    @Test func aPCAPNGFileIsTheseBytes() throws {
        let scratch = try ScratchDirectory()
        let path = "\(scratch.path)/a.pcapng"
        var writer = try PCAPNGWriter(path: path, application: "kmesh")
        let point = try writer.add(ObservationPoint(name: "a", linkType: .ethernet))
        try writer.write(names: [(.v4(0x0a00_0001), "x"), (.v6(high: 1, low: 2), "yz")])
        try [1, 2, 3, 4, 5].withRawSpan { packet throws(CaptureWriteError) in
            let annotations = PacketAnnotations(
                comment: "c", packetID: 9, verdict: .xdp(.drop), direction: .outgoing)
            try writer.write(packet, at: point, timestamp: 1 << 32 | 2, annotations)
        }
        try writer.finish()
        let wanted = """
            0a0d0d0a 2c000000 4d3c2b1a 0100 0000 ffffffffffffffff 0400 0500 6b6d657368 000000 0000 0000 2c000000
            01000000 28000000 0100 0000 00000400 0200 0100 61000000 0900 0100 09000000 0000 0000 28000000
            04000000 34000000 0100 0600 0a000001 7800 0000
                              0200 1300 0000000000000001 0000000000000002 797a00 00 00000000 34000000
            06000000 58000000 00000000 01000000 02000000 05000000 05000000 0102030405 000000
                0100 0100 63000000 0200 0400 02000000 0500 0800 0900000000000000
                0700 0900 02 0100000000000000 000000 0000 0000 58000000
            """
        #expect(try contents(path) == Self.hex(wanted))
    }

    @Test func writtenPacketsAreReadBack() throws {
        try forEachSeed(count: 20) { seed in
            let scratch = try ScratchDirectory()
            let paths = (pcap: "\(scratch.path)/a.pcap", pcapng: "\(scratch.path)/a.pcapng")
            let packets = HandMadePacket.some(200, seed: seed)
            var plain = try PCAPWriter(path: paths.pcap, linkType: .linuxCooked)
            var full = try PCAPNGWriter(path: paths.pcapng, application: "test")
            let points = try [LinkType.ethernet, .raw].enumerated().map { index, linkType in
                try full.add(ObservationPoint(name: "p\(index)", description: "place \(index)", linkType: linkType))
            }
            var random = SplitMix64(seed: seed)
            var interfaces: [Int] = []
            for packet in packets {
                interfaces.append(random.one(of: points))
                let original = packet.originalByteCount ?? 0
                try packet.bytes.withRawSpan { bytes throws(CaptureWriteError) in
                    try plain.write(bytes, timestamp: packet.timestamp, originalByteCount: original)
                    try full.write(
                        bytes, at: interfaces.last ?? 0, timestamp: packet.timestamp, originalByteCount: original,
                        PacketAnnotations(comment: String(repeating: "é", count: random.below(9))))
                }
            }
            try plain.finish()
            try full.finish()
            let read = (pcap: try ReadCapture(path: paths.pcap), pcapng: try ReadCapture(path: paths.pcapng))
            #expect(read.pcap.error == nil && read.pcapng.error == nil)
            #expect(read.pcap.packets == packets, "seed \(seed)")
            #expect(read.pcap.records.allSatisfy { $0.linkType == .linuxCooked })
            #expect(read.pcapng.packets.map(\.bytes) == packets.map(\.bytes), "seed \(seed)")
            #expect(read.pcapng.packets.map(\.timestamp) == packets.map(\.timestamp), "seed \(seed)")
            #expect(read.pcapng.records.map(\.interface) == interfaces, "seed \(seed)")
            #expect(read.pcapng.interfaces.map(\.name) == ["p0", "p1"])
            #expect(read.pcapng.interfaces.map(\.description) == ["place 0", "place 1"])
        }
    }

    @Test func textsThatAreTooLongAreCutBetweenCharacters() throws {
        let scratch = try ScratchDirectory()
        let path = "\(scratch.path)/a.pcapng"
        var writer = try PCAPNGWriter(path: path, application: "x" + String(repeating: "é", count: 40_000))
        try writer.finish()
        let bytes = try contents(path)
        // An x and 32,767 characters of two bytes.
        #expect(bytes[26..<28] == [0xff, 0xff])
        #expect(try ReadCapture(path: path).error == nil)
        var odd = try PCAPNGWriter(path: path, application: String(repeating: "é", count: 40_000))
        try odd.finish()
        #expect(try contents(path)[26..<28] == [0xfe, 0xff])
    }

    @Test func manyNamesGoIntoSeveralBlocks() throws {
        let scratch = try ScratchDirectory()
        let path = "\(scratch.path)/a.pcapng"
        var writer = try PCAPNGWriter(path: path, application: "test")
        try writer.write(names: (0..<20_000).map { (.v4($0), "service-\($0).namespace") })
        try writer.write(names: [])
        try writer.finish()
        let read = try ReadCapture(path: path)
        #expect(read.error == nil)
        #expect(read.notes.skippedBlocks.map(\.name) == ["name resolution"])
        #expect(read.notes.skippedBlocks[0].count > 5)
    }

    @Test func aFileWithKeysIsForItsOwnerAlone() throws {
        let scratch = try ScratchDirectory()
        for (states, permissions) in [([], 0o644), ([ESPExample.state], 0o600)] {
            let path = "\(scratch.path)/\(permissions)"
            var writer = try PCAPNGWriter(path: path, application: "test", states: states)
            try writer.finish()
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == permissions)
        }
    }

    @Test func aWriteThatFailsNamesTheFile() throws {
        let scratch = try ScratchDirectory()
        func message(_ path: String) -> String {
            do throws(CaptureWriteError) {
                var writer = try PCAPWriter(path: path, linkType: .raw)
                try writer.finish()
                return ""
            } catch { return error.description }
        }
        #expect(
            message("\(scratch.path)/none/a") == "cannot write to \(scratch.path)/none/a: No such file or directory")
        #expect(message("/dev/full") == "cannot write to /dev/full: No space left on device")
    }

    @Test func wiresharksTableHasEveryColumn() throws {
        var states = [ESPExample.state, ESPExample.state]
        states[1].source = .v6(high: 0xfd00_0000_0000_0000, low: 1)
        states[1].destination = .v6(high: 0xfd00_0000_0000_0000, low: 2)
        states[1].hasExtendedSequence = true
        states[1].key = try #require(AEADKey(bytes: [UInt8](repeating: 10, count: 36), icvByteCount: 8))
        let long = String(repeating: "0a", count: 36)
        #expect(
            WiresharkKeys.table(of: states) == """
                "IPv4","192.168.100.1","192.168.100.2","0x00000001","AES-GCM with 16 octet ICV [RFC4106]",\
                "0x17a1daf5e1012b2e9d2938ed6d2ae7a503ac72bc","NULL",""
                "IPv6","fd00::1","fd00::2","0x00000001","AES-GCM with 8 octet ICV [RFC4106]",\
                "0x\(long)","NULL","","64-bit","0"

                """)
    }
}

/// An association of the recording basic4.
enum ESPExample {
    static let key: [UInt8] = [
        0x17, 0xa1, 0xda, 0xf5, 0xe1, 0x01, 0x2b, 0x2e, 0x9d, 0x29, 0x38, 0xed, 0x6d, 0x2a, 0xe7, 0xa5, 0x03, 0xac,
        0x72, 0xbc,
    ]

    static var state: XFRMState {
        guard let key = AEADKey(bytes: key) else { preconditionFailure("a key of \(key.count) bytes") }
        return XFRMState(
            source: .v4(0xc0a8_6401), destination: .v4(0xc0a8_6402), spi: SPI(rawValue: 1), key: key)
    }
}
