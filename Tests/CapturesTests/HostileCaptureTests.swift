import Captures
import Model
import TestSupport
import Testing

/// No bytes make the reader trap, or read for ever, or read beyond what it has.
struct HostileCaptureTests {
    private static let captures: [[UInt8]] = {
        var captures = [false, true].map { HandMadePCAP(isBigEndian: $0, packets: HandMadePacket.some(12)).bytes }
        for isBigEndian in [false, true] {
            var section = HandMadeSection(isBigEndian: isBigEndian)
            section.interface(.ethernet, snapLength: 40, options: [(2, Array("eth0".utf8)), (9, [9]), (14, [1])])
            section.interface(.raw, options: [(9, [0x8a]), (14, [UInt8](repeating: 3, count: 8))])
            for (index, packet) in HandMadePacket.some(8).enumerated() {
                var packet = packet
                packet.interface = index & 1
                section.packet(packet, ticks: packet.timestamp, isObsolete: index == 5)
            }
            section.simplePacket([1, 2, 3, 4], originalByteCount: 4)
            section.block(5) { $0.bytes = [1, 2, 3] }
            captures.append(section.bytes + section.bytes)
        }
        return captures
    }()

    /// Reads on, looks into the frames, and checks what every record promises.
    private func read(_ bytes: [UInt8]) -> Int? {
        guard var reader = try? CaptureReader(contents: bytes, name: "hostile") else { return nil }
        var end: UInt64 = 0
        while let record = try? reader.next() {
            #expect(record.fileOffset >= end && record.capturedByteCount <= CaptureReader.recordByteLimit)
            end = record.fileOffset + UInt64(record.capturedByteCount)
            #expect(end <= UInt64(bytes.count))
            reader.withBytes(of: record) { frame in
                guard let layer = try? LinkLayer(record.linkType).networkLayer(of: frame) else { return }
                #expect(layer.offset <= frame.byteCount)
                _ = layer.tunnelled(in: frame, TunnelPorts())
            }
        }
        return Int(reader.recordCount)
    }

    @Test func everyBeginningOfACaptureIsReadUpToItsLastWholeRecord() {
        for capture in Self.captures {
            var last = 0
            for count in 0...capture.count {
                let records = read(Array(capture[..<count])) ?? 0
                #expect(records == last || records == last + 1, "\(count) bytes")
                last = records
            }
            #expect(last > 10)
        }
    }

    @Test func changedCapturesDoNotTrapTheReader() {
        forEachSeed(count: 400) { seed in
            var random = SplitMix64(seed: seed)
            var bytes = random.one(of: Self.captures)
            for _ in 0...random.below(6) {
                let place = random.below(bytes.count)
                switch random.below(5) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes[place] = random.one(of: [0, 1, 0x7f, 0x80, 0xff])
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + random.below(9)))
                case 3: bytes.insert(contentsOf: bytes[random.below(place + 1)...place].prefix(40), at: place)
                default: bytes[place] ^= 1 << UInt8(random.below(8))
                }
                if bytes.isEmpty { return }
            }
            _ = read(bytes)
        }
    }
}
