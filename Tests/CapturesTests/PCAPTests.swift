import Captures
import Testing

/// pcap files: what they hold is read in either byte order and either unit of time.
struct PCAPTests {
    @Test(arguments: [false, true], [false, true])
    func everyVariantGivesTheSameRecords(isBigEndian: Bool, isNanoseconds: Bool) throws {
        let packets = HandMadePacket.some(50)
        let file = HandMadePCAP(
            isBigEndian: isBigEndian, isNanoseconds: isNanoseconds, linkType: .raw, packets: packets)
        let read = try ReadCapture(file.bytes)
        #expect(read.error == nil)
        #expect(read.packets == packets)
        #expect(read.records.map(\.number) == Array(1...50))
        #expect(read.records[0].fileOffset == 24)
        #expect(read.records[1].fileOffset == 24 + 16 + UInt64(packets[0].bytes.count))
        #expect(read.interfaces.map(\.linkType) == [.raw])
        #expect(read.interfaces[0].clock == (isNanoseconds ? .nanoseconds : .microseconds))
    }

    @Test func aHeaderAloneIsAnEmptyCapture() throws {
        let read = try ReadCapture(HandMadePCAP().bytes)
        #expect(read.records.isEmpty && read.error == nil)
    }

    @Test func aFractionOfMoreThanASecondIsTakenAndNoted() throws {
        var bytes = HandMadePCAP(isNanoseconds: true, packets: [HandMadePacket(timestamp: 5_000_000_000)]).bytes
        bytes.replaceSubrange(28..<32, with: [0xff, 0xff, 0xff, 0xff])
        let read = try ReadCapture(bytes)
        #expect(read.records[0].timestamp == 5_000_000_000 + 0xffff_ffff)
        #expect(read.notes.phrases == ["1 timestamp with a fraction of a second or more"])
    }

    @Test func bitsAboveTheLinkTypeTellOfACheckSequenceAndAreLeftOut() throws {
        var bytes = HandMadePCAP(linkType: .ethernet).bytes
        bytes[23] = 0x24
        #expect(try ReadCapture(bytes).interfaces[0].linkType == .ethernet)
    }

    struct Fault: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// What happens to a file of two packets of 4 bytes.
        let change: @Sendable (inout [UInt8]) -> Void
        /// How many records come before.
        let count: Int
        let message: String
    }

    static let faults = [
        Fault(
            testDescription: "no bytes", change: { $0 = [] }, count: 0,
            message: "made.pcap: is empty; a capture begins with a header"),
        Fault(
            testDescription: "text", change: { $0 = Array("hello, this is no capture".utf8) }, count: 0,
            message: "made.pcap: is neither pcap nor pcapng, plain or in gzip or zstd"),
        Fault(
            testDescription: "half a header", change: { $0.removeSubrange(10...) }, count: 0,
            message: "made.pcap: at byte 0: the file ends within the header: 10 of 24 bytes"),
        Fault(
            testDescription: "modified",
            change: {
                $0[0] = 0x34; $0[1] = 0xcd
            }, count: 0,
            message: "made.pcap: is in the format Kuznetzov's modified pcap (magic a1b2cd34); pcap and pcapng are "
                + "read, plain or in gzip or zstd"),
        Fault(
            testDescription: "another format", change: { $0.replaceSubrange(0..<8, with: "snoop\0\0\0".utf8) },
            count: 0,
            message: "made.pcap: is in the format snoop; pcap and pcapng are read, plain or in gzip or zstd"),
        Fault(
            testDescription: "another version", change: { $0[4] = 3 }, count: 0,
            message: "made.pcap: at byte 4: is pcap of version 3.4; version 2.4 is read"),
        Fault(
            testDescription: "half a record header", change: { $0.removeSubrange(50...) }, count: 1,
            message: "made.pcap: at byte 44: the header of record 2 is cut off: the file ends after 6 of 16 bytes"),
        Fault(
            testDescription: "half a record", change: { $0.removeLast() }, count: 1,
            message: "made.pcap: at byte 44: record 2 is cut off: the file ends after 19 of 20 bytes"),
        Fault(
            testDescription: "a length beyond the limit",
            change: {
                $0[52] = 1; $0[54] = 4
            }, count: 1,
            message: "made.pcap: at byte 44: record 2 has a captured length of 262145; the most is 262144"),
        Fault(
            testDescription: "a length with the highest bit", change: { $0[55] = 0x80 }, count: 1,
            message: "made.pcap: at byte 44: record 2 has a captured length of 2147483652; the most is 262144"),
    ]

    @Test(arguments: faults)
    func theFirstBadRecordIsToldWithItsOffset(_ fault: Fault) throws {
        let packet = HandMadePacket(timestamp: 1_000_000_000, bytes: [1, 2, 3, 4])
        var bytes = HandMadePCAP(packets: [packet, packet]).bytes
        fault.change(&bytes)
        #expect(ReadCapture.fault(of: bytes)?.description == fault.message)
        if fault.count > 0 { #expect(try ReadCapture(bytes).records.count == fault.count) }
    }

    @Test func nothingFollowsAnError() throws {
        let packet = HandMadePacket(bytes: [1, 2, 3, 4])
        let bytes = Array(HandMadePCAP(packets: [packet, packet]).bytes.dropLast())
        var reader = try CaptureReader(contents: bytes, name: "made.pcap")
        #expect(try reader.next()?.number == 1)
        #expect(throws: CaptureError.self) { try reader.next() }
        #expect(try reader.next() == nil)
    }

    @Test func aRecordMayHaveAsMuchAsTheLimit() throws {
        let packet = HandMadePacket(
            bytes: [UInt8](repeating: 7, count: CaptureReader.recordByteLimit),
            originalByteCount: CaptureReader.recordByteLimit)
        let read = try ReadCapture(HandMadePCAP(packets: [packet, packet, packet]).bytes)
        #expect(read.error == nil)
        #expect(read.packets.count == 3 && read.packets[2] == packet)
    }
}
