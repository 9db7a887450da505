import Captures
import Foundation
import TestSupport
import Testing

/// Captures in gzip and zstd, from files and from standard input.
struct PackedCaptureTests {
    static let packers = [TestTool.gzip, .zstd]

    private func packed(_ bytes: [UInt8], by packer: TestTool) throws -> [UInt8] {
        let scratch = try ScratchDirectory()
        try Data(bytes).write(to: URL(fileURLWithPath: "\(scratch.path)/a"))
        return Array(try packer.run(["-c", "\(scratch.path)/a"]).output)
    }

    private static let plain: [UInt8] = {
        var section = HandMadeSection()
        section.interface()
        for packet in HandMadePacket.some(5000) { section.packet(packet, ticks: packet.timestamp / 1000) }
        return section.bytes
    }()

    @Test(.enabled(if: TestTool.zstd.isWanted, "zstd is not installed"), arguments: packers)
    func packedCapturesGiveTheSameRecords(packer: TestTool) throws {
        let pcap = HandMadePCAP(packets: HandMadePacket.some(3000)).bytes
        for plain in [pcap, Self.plain] {
            let (expected, read) = (try ReadCapture(plain), try ReadCapture(packed(plain, by: packer)))
            #expect(read.error == nil)
            #expect(read.records == expected.records)
            #expect(read.packets == expected.packets)
        }
    }

    @Test(.enabled(if: TestTool.zstd.isWanted, "zstd is not installed"), arguments: packers)
    func packedPiecesPutTogetherAreOneCapture(packer: TestTool) throws {
        let halves = [Self.plain[..<70_000], Self.plain[70_000...]].map(Array.init)
        let read = try ReadCapture(halves.flatMap { try packed($0, by: packer) })
        #expect(read.error == nil)
        #expect(read.packets == (try ReadCapture(Self.plain)).packets)
    }

    @Test(.enabled(if: TestTool.zstd.isWanted, "zstd is not installed"), arguments: packers)
    func whatComesBeforeTheDamageIsRead(packer: TestTool) throws {
        let whole = try packed(Self.plain, by: packer)
        let cut = try ReadCapture(Array(whole.dropLast(whole.count / 3)))
        #expect(cut.error?.kind == .damaged)
        #expect(cut.error?.message == "the \(packer.rawValue) data end too early")
        #expect(cut.packets.count > 1000)
        var changed = whole
        for index in whole.count / 2..<whole.count / 2 + 64 { changed[index] ^= 0x55 }
        let read = try ReadCapture(changed)
        #expect(read.error != nil && read.packets.count < 5000)
    }

    @Test func damageFromTheBeginningIsToldAtOnce() {
        #expect(
            ReadCapture.fault(of: [0x1f, 0x8b])?.description == "made.pcap: the gzip data end too early")
        #expect(
            ReadCapture.fault(of: [0x1f, 0x8b, 9, 9])?.message
                == "the gzip data are damaged: unknown compression method")
        #expect(
            ReadCapture.fault(of: [0x28, 0xb5, 0x2f, 0xfd])?.description == "made.pcap: the zstd data end too early")
    }

    @Test func filesTellTheirProgressAndTheirAbsence() throws {
        let scratch = try ScratchDirectory()
        let path = "\(scratch.path)/a.pcapng"
        try Data(Self.plain).write(to: URL(fileURLWithPath: path))
        var reader = try CaptureReader(path: path)
        let atFirst = reader.progress
        let before = try #require(atFirst)
        while try reader.next() != nil {}
        let (after, count) = (reader.progress, reader.recordCount)
        #expect(before.of == UInt64(Self.plain.count) && before.byteCount < before.of)
        #expect(after?.byteCount == before.of && count == 5000)
        #expect(try ReadCapture(path: path).packets == ReadCapture(Self.plain).packets)

        func fault(_ path: String) -> String? {
            do throws(CaptureError) {
                _ = try ReadCapture(path: path)
                return nil
            } catch { return error.description }
        }
        #expect(fault("\(scratch.path)/none") == "\(scratch.path)/none: cannot be read: No such file or directory")
        #expect(fault(scratch.path) == "\(scratch.path): cannot be read: Is a directory")
    }

    /// As standard input is read: in the pieces in which they come, and without a size.
    @Test func aPipeIsReadToItsEnd() throws {
        let pipe = Pipe()
        let writer = pipe.fileHandleForWriting
        Thread.detachNewThread {
            for start in stride(from: 0, to: Self.plain.count, by: 777) {
                try? writer.write(contentsOf: Self.plain[start..<min(Self.plain.count, start + 777)])
            }
            try? writer.close()
        }
        let reader = try CaptureReader(path: "/proc/self/fd/\(pipe.fileHandleForReading.fileDescriptor)")
        let progress = reader.progress
        #expect(progress == nil)
        #expect(try ReadCapture(reader).packets == ReadCapture(Self.plain).packets)
    }

    @Test func aFileThatBecomesShorterEndsTheReading() throws {
        let scratch = try ScratchDirectory()
        let path = "\(scratch.path)/a.pcap"
        let packets = (0..<40).map { HandMadePacket(timestamp: $0, bytes: [UInt8](repeating: 1, count: 60_000)) }
        try Data(HandMadePCAP(packets: packets).bytes).write(to: URL(fileURLWithPath: path))
        var reader = try CaptureReader(path: path)
        _ = try reader.next()
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.truncate(atOffset: 500_000)
        #expect(throws: CaptureError.self) { while try reader.next() != nil {} }
        let count = reader.recordCount
        #expect(count == 8)
    }
}
