import Captures
import Model

/// Bytes of a file in a byte order of choice.
struct OrderedBytes {
    let isBigEndian: Bool
    var bytes: [UInt8] = []

    mutating func append<N: FixedWidthInteger>(_ number: N) {
        let low = (0..<N.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> N(8 * $0)) }
        bytes += isBigEndian ? low.reversed() : low
    }

    mutating func pad() { bytes += repeatElement(0, count: -bytes.count & 3) }
}

/// A packet as a test wants it in a capture.
struct HandMadePacket: Hashable {
    var timestamp: UInt64 = 0
    var bytes: [UInt8] = []
    var originalByteCount: Int?
    var interface = 0

    static func some(_ count: Int, seed: UInt64 = 1) -> [HandMadePacket] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { index in
            let bytes = (0..<Int(random.next() % 90)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let longer = random.next() % 3 == 0 ? bytes.count + 40 : bytes.count
            let time = 1_700_000_000_000_000_000 + UInt64(index) * 1_000_000 + random.next() % 1000 * 1000
            return HandMadePacket(timestamp: time, bytes: bytes, originalByteCount: longer)
        }
    }
}

/// A pcap file, written out byte by byte.
struct HandMadePCAP {
    var isBigEndian = false
    var isNanoseconds = false
    var linkType = LinkType.ethernet
    var packets: [HandMadePacket] = []

    var bytes: [UInt8] {
        var file = OrderedBytes(isBigEndian: isBigEndian)
        file.append(isNanoseconds ? 0xa1b2_3c4d : 0xa1b2_c3d4 as UInt32)
        file.append(2 as UInt16)
        file.append(4 as UInt16)
        for number in [0, 0, 65535, linkType.rawValue] as [UInt32] { file.append(number) }
        for packet in packets {
            file.append(UInt32(packet.timestamp / 1_000_000_000))
            file.append(UInt32(packet.timestamp % 1_000_000_000) / (isNanoseconds ? 1 : 1000))
            file.append(UInt32(packet.bytes.count))
            file.append(UInt32(packet.originalByteCount ?? packet.bytes.count))
            file.bytes += packet.bytes
        }
        return file.bytes
    }
}

/// A section of a pcapng file, written out byte by byte.
struct HandMadeSection {
    var file: OrderedBytes

    init(isBigEndian: Bool = false, minor: UInt16 = 0) {
        file = OrderedBytes(isBigEndian: isBigEndian)
        block(0x0a0d_0d0a) { body in
            body.append(0x1a2b_3c4d as UInt32)
            body.append(1 as UInt16)
            body.append(minor)
            body.append(UInt64.max)
        }
    }

    var bytes: [UInt8] { file.bytes }

    mutating func block(_ type: UInt32, _ fill: (inout OrderedBytes) -> Void) {
        var body = OrderedBytes(isBigEndian: file.isBigEndian)
        fill(&body)
        body.pad()
        file.append(type)
        file.append(UInt32(body.bytes.count + 12))
        file.bytes += body.bytes
        file.append(UInt32(body.bytes.count + 12))
    }

    mutating func interface(
        _ linkType: LinkType = .ethernet, snapLength: UInt32 = 0, options: [(code: UInt16, value: [UInt8])] = []
    ) {
        block(1) { body in
            body.append(UInt16(linkType.rawValue))
            body.append(0 as UInt16)
            body.append(snapLength)
            for (code, value) in options {
                body.append(code)
                body.append(UInt16(value.count))
                body.bytes += value
                body.pad()
            }
            if !options.isEmpty { body.append(0 as UInt32) }
        }
    }

    /// - Parameter ticks: The timestamp in the interface's unit.
    mutating func packet(_ packet: HandMadePacket, ticks: UInt64, isObsolete: Bool = false) {
        block(isObsolete ? 2 : 6) { body in
            if isObsolete {
                body.append(UInt16(packet.interface))
                body.append(0xffff as UInt16)
            } else {
                body.append(UInt32(packet.interface))
            }
            body.append(UInt32(truncatingIfNeeded: ticks >> 32))
            body.append(UInt32(truncatingIfNeeded: ticks))
            body.append(UInt32(packet.bytes.count))
            body.append(UInt32(packet.originalByteCount ?? packet.bytes.count))
            body.bytes += packet.bytes
        }
    }

    mutating func simplePacket(_ bytes: [UInt8], originalByteCount: Int) {
        block(3) { body in
            body.append(UInt32(originalByteCount))
            body.bytes += bytes
        }
    }
}

/// All that a reader gives.
struct ReadCapture {
    var records: [CaptureRecord] = []
    var packets: [HandMadePacket] = []
    var error: CaptureError?
    let interfaces: [CaptureInterface]
    let notes: CaptureNotes

    init(_ reader: consuming CaptureReader) {
        var reader = reader
        do throws(CaptureError) {
            while let record = try reader.next() {
                records.append(record)
                packets.append(
                    HandMadePacket(
                        timestamp: record.timestamp, bytes: reader.withBytes(of: record) { $0.array },
                        originalByteCount: record.originalByteCount, interface: record.interface))
            }
        } catch {
            self.error = error
        }
        interfaces = reader.interfaces
        notes = reader.notes
    }

    init(_ bytes: [UInt8]) throws(CaptureError) { self.init(try CaptureReader(contents: bytes, name: "made.pcap")) }

    init(path: String) throws(CaptureError) { self.init(try CaptureReader(path: path)) }

    /// Why nothing can be read, or not all.
    static func fault(of bytes: [UInt8]) -> CaptureError? {
        do throws(CaptureError) { return try ReadCapture(bytes).error } catch { return error }
    }
}

extension RawSpan {
    var array: [UInt8] { (0..<byteCount).map { byte(at: $0) } }
}

extension [UInt8] {
    /// Lends the bytes.
    func withRawSpan<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        // Bytes have no padding that could be uninitialized.
        try body(unsafe span.bytes)
    }
}
