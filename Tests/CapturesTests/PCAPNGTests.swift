import Captures
import Testing

/// pcapng files: sections, interfaces and every kind of packet block.
struct PCAPNGTests {
    @Test(arguments: [false, true])
    func packetBlocksGiveRecordsInEitherByteOrder(isBigEndian: Bool) throws {
        let packets = HandMadePacket.some(40)
        var section = HandMadeSection(isBigEndian: isBigEndian)
        section.interface(.linuxCooked, snapLength: 96, options: [(2, Array("eth0".utf8)), (3, Array("a\0b".utf8))])
        for (index, packet) in packets.enumerated() {
            section.packet(packet, ticks: packet.timestamp / 1000, isObsolete: index.isMultiple(of: 3))
        }
        let read = try ReadCapture(section.bytes)
        #expect(read.error == nil)
        #expect(read.packets == packets)
        #expect(read.interfaces.count == 1)
        let interface = read.interfaces[0]
        #expect(interface.name == "eth0" && interface.description == "a" && interface.snapLength == 96)
        #expect(read.records.allSatisfy { $0.linkType == .linuxCooked })
        #expect(read.records[0].fileOffset == 28 + 20 + 8 + 8 + 4)
    }

    @Test func interfacesAndSectionsKeepTheirOwnClocksAndOrders() throws {
        var first = HandMadeSection(isBigEndian: true)
        first.interface(.ethernet, options: [(9, [9])])
        first.interface(.raw, options: [(9, [0x83]), (14, [0, 0, 0, 0, 0, 0, 0, 10])])
        first.packet(HandMadePacket(bytes: [1], interface: 0), ticks: 7)
        first.packet(HandMadePacket(bytes: [2], interface: 1), ticks: 12)
        var second = HandMadeSection(minor: 2)
        second.interface(.linuxCooked2, options: [(9, [0])])
        second.packet(HandMadePacket(bytes: [3], interface: 0), ticks: 5)
        let read = try ReadCapture(first.bytes + second.bytes)
        #expect(read.error == nil)
        #expect(read.records.map(\.timestamp) == [7, 11_500_000_000, 5_000_000_000])
        #expect(read.records.map(\.interface) == [0, 1, 2])
        #expect(read.records.map(\.linkType) == [.ethernet, .raw, .linuxCooked2])
    }

    @Test func aSimplePacketIsTheFirstInterfacesCutToItsSnapLength() throws {
        var section = HandMadeSection()
        section.interface(.ethernet, snapLength: 5)
        section.interface(.raw)
        section.packet(HandMadePacket(interface: 1), ticks: 3)
        section.simplePacket([1, 2, 3, 4, 5], originalByteCount: 60)
        section.simplePacket([1, 2, 3], originalByteCount: 3)
        let read = try ReadCapture(section.bytes)
        #expect(read.error == nil)
        #expect(read.packets.map(\.bytes) == [[], [1, 2, 3, 4, 5], [1, 2, 3]])
        #expect(read.records.map(\.originalByteCount) == [0, 60, 3])
        #expect(read.records.map(\.timestamp) == [3000, 3000, 3000])
        #expect(read.records.map(\.linkType) == [.raw, .ethernet, .ethernet])
        #expect(read.notes.phrases == ["2 records without timestamp"])
    }

    @Test func otherBlocksAreSteppedOverAndCounted() throws {
        var section = HandMadeSection()
        section.interface()
        section.block(5) { $0.bytes = [1, 2, 3] }
        section.block(0xbad) { _ in }
        // More than the window shows at once.
        section.block(0x8000_0001) { $0.bytes = [UInt8](repeating: 1, count: 5 << 20) }
        section.block(5) { $0.bytes = [] }
        section.packet(HandMadePacket(bytes: [9]), ticks: 1)
        let read = try ReadCapture(section.bytes)
        #expect(read.error == nil)
        #expect(read.packets.map(\.bytes) == [[9]])
        #expect(
            read.notes.phrases == [
                "2 blocks skipped (interface statistics)", "1 block skipped (custom)",
                "1 block skipped (type 0x80000001)",
            ])
    }

    @Test func typesOfBlocksBeyondTheTableAreCountedTogether() throws {
        var section = HandMadeSection()
        for type in 100..<140 as Range<UInt32> { section.block(type) { _ in } }
        let read = try ReadCapture(section.bytes)
        #expect(read.notes.skippedBlocks.count == 32 && read.notes.otherSkippedBlockCount == 8)
    }

    @Test func aTimeThatCannotBeSaidIsThatOfTheRecordBefore() throws {
        var section = HandMadeSection()
        section.interface()
        section.packet(HandMadePacket(), ticks: 4)
        section.packet(HandMadePacket(), ticks: .max)
        let read = try ReadCapture(section.bytes)
        #expect(read.records.map(\.timestamp) == [4000, 4000])
        #expect(read.notes.phrases == ["1 timestamp outside 1970 to 2554"])
    }

    struct Fault: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// What follows a section header of 28 bytes, an interface of 20 and a packet block of 36.
        let change: @Sendable (inout [UInt8], _ next: HandMadeSection) -> Void
        let message: String

        init(
            _ description: String, _ message: String,
            _ change: @escaping @Sendable (inout [UInt8], _ next: HandMadeSection) -> Void
        ) {
            (testDescription, self.message, self.change) = (description, message, change)
        }
    }

    static let faults = [
        Fault("half a block header", "84: the header of a block is cut off: the file ends after 5 of 8 bytes") {
            (file, _) in file += [6, 0, 0, 0, 36]
        },
        Fault("half a packet block", "84: a packet block is cut off: the file ends after 20 of 36 bytes") {
            (file, _) in file += file[48..<68]
        },
        Fault("a length of 0", "84: a block has a length of 0; it is a multiple of 4 from 12 on") {
            (file, _) in file += [6, 0, 0, 0, 0, 0, 0, 0]
        },
        Fault("a length of 33", "84: a block has a length of 33; it is a multiple of 4 from 12 on") {
            (file, _) in file += [6, 0, 0, 0, 33, 0, 0, 0]
        },
        Fault("a short packet block", "84: a packet block has a length of 28; it is from 32 to 1048576") {
            (file, _) in file += [6, 0, 0, 0, 28, 0, 0, 0]
        },
        Fault("a long packet block", "84: a packet block has a length of 2147483648; it is from 32 to 1048576") {
            (file, _) in file += [6, 0, 0, 0, 0, 0, 0, 0x80]
        },
        Fault("two lengths", "48: a packet block has a length of 36 at its beginning and of 40 at its end") {
            (file, _) in file[80] = 40
        },
        Fault(
            "two lengths of another block",
            "84: a block of type 0x9 has a length of 12 at its beginning and of 16 at its end"
        ) { (file, _) in file += [9, 0, 0, 0, 12, 0, 0, 0, 16, 0, 0, 0] },
        Fault("another block cut off", "84: a block of type 0x9 is cut off: the file ends 8 bytes before its end") {
            (file, _) in file += [9, 0, 0, 0, 20, 0, 0, 0, 1, 2, 3, 4]
        },
        Fault("no such interface", "48: record 1 names interface 1; its section has described 1") {
            (file, _) in file[56] = 1
        },
        Fault("an interface of the section before", "112: record 2 names interface 0; its section has described 0") {
            (file, next) in
            var next = next
            next.packet(HandMadePacket(), ticks: 0)
            file += next.bytes
        },
        Fault(
            "a packet beyond its block",
            "48: record 1 has a captured length of 5; its block has room for 4, and the most is 262144"
        ) { (file, _) in file[68] = 5 },
        Fault("an option beyond its block", "108: an option of an interface runs past its block's end") {
            (file, next) in
            var next = HandMadeSection()
            next.file.bytes = []
            next.block(1) { $0.bytes = [1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 6, 0, 0, 0, 2, 0, 200, 0] }
            file += next.bytes
        },
        Fault("a section without magic", "84: a section header has the byte order magic 1a2b3c4e, not 1a2b3c4d") {
            (file, next) in
            file += next.bytes
            file[92] += 1
        },
        Fault("a section of version 2", "84: is pcapng of version 2.0; version 1.0 is read") {
            (file, next) in
            file += next.bytes
            file[96] = 2
        },
        Fault("a section of length 29", "84: a section header has a length of 29; it is a multiple of 4") {
            (file, next) in
            file += next.bytes
            file[88] = 29
        },
        Fault("a short section header", "84: a section header has a length of 24; it is from 28 to 1048576") {
            (file, next) in
            file += next.bytes
            file[88] = 24
        },
    ]

    @Test(arguments: faults)
    func theFirstBadBlockIsToldWithItsOffset(_ fault: Fault) throws {
        var section = HandMadeSection()
        section.interface()
        section.packet(HandMadePacket(bytes: [1, 2, 3, 4]), ticks: 0)
        var bytes = section.bytes
        fault.change(&bytes, HandMadeSection())
        #expect(ReadCapture.fault(of: bytes)?.description == "made.pcap: at byte " + fault.message)
    }

    @Test func moreInterfacesThanTheLimitAreRefused() throws {
        var section = HandMadeSection()
        section.interface()
        let (header, interface) = (section.bytes[..<28], section.bytes[28...])
        var bytes = Array(header)
        for _ in 0...CaptureReader.interfaceLimit { bytes += interface }
        let read = try ReadCapture(bytes)
        #expect(read.interfaces.count == CaptureReader.interfaceLimit)
        #expect(read.error?.kind == .unsupported)
    }
}
