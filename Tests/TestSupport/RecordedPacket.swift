import Captures
public import Model

/// A packet of a capture, from the IP header on.
public struct RecordedPacket: Hashable, Sendable {
    public var timestamp: UInt64
    public var bytes: [UInt8]
    public var source: IPAddress
    public var destination: IPAddress
    public var protocolNumber: UInt8

    public var isESP: Bool { protocolNumber == IPProtocol.esp.rawValue }
    public var family: AddressFamily { source.family }
    public var headerByteCount: Int { family == .v4 ? Int(bytes[0] & 15) * 4 : 40 }
    /// IPv4: flags and fragment offset.
    private var fragmentWord: UInt16 { family == .v4 ? number(at: 6, UInt16.self) : 0 }
    public var isLaterFragment: Bool { fragmentWord & 0x1fff != 0 }
    public var mayBeFragmented: Bool { family == .v4 && fragmentWord & 0x4000 == 0 }
    public var identification: UInt32 { UInt32(number(at: 4, UInt16.self)) }
    public var flowLabel: UInt32 { number(at: 0, UInt32.self) & 0xf_ffff }

    /// Of neighbours and routers, which no pod's packet makes.
    public var isNeighbourDiscovery: Bool {
        protocolNumber == IPProtocol.icmpv6.rawValue && (133...137).contains(bytes[40])
    }

    /// The number in network order at an offset of the packet's bytes, which must be there.
    public func number<T: FixedWidthInteger & UnsignedInteger>(at offset: Int, _: T.Type) -> T {
        (0..<T.bitWidth / 8).reduce(0) { $0 << 8 | T(bytes[offset + $1]) }
    }

    /// The IP packets of a capture, in order.
    public static func all(in path: String) throws -> [RecordedPacket] {
        var reader = try CaptureReader(path: path)
        var packets: [RecordedPacket] = []
        while let record = try reader.next() {
            let link = try LinkLayer(record.linkType)
            try reader.withBytes(of: record) { frame in
                let layer = try link.networkLayer(of: frame)
                guard layer.etherType == .ipv4 || layer.etherType == .ipv6 else { return }
                packets.append(
                    try RecordedPacket(
                        frame.extracting(layer.offset..<frame.byteCount), record.timestamp))
            }
        }
        return packets
    }
}

extension Recordings {
    /// The IP packets of a capture.
    public static func packets(_ recording: String, _ file: String) throws -> [RecordedPacket] {
        try RecordedPacket.all(in: "\(directory)/\(recording)/\(file)")
    }
}

extension RecordedPacket {
    fileprivate init(_ packet: RawSpan, _ timestamp: UInt64) throws {
        self.timestamp = timestamp
        let byteCount: Int
        if packet.byte(at: 0) >> 4 == 4 {
            let header = try IPv4Header(parsing: packet, at: 0)
            (source, destination) = (header.source, header.destination)
            (protocolNumber, byteCount) = (header.protocolNumber.rawValue, header.totalByteCount)
        } else {
            let header = try IPv6Header(parsing: packet, at: 0)
            (source, destination) = (header.source, header.destination)
            (protocolNumber, byteCount) = (header.nextHeader.rawValue, 40 + header.payloadByteCount)
        }
        // Frames are padded to 60 bytes.
        bytes = (0..<min(byteCount, packet.byteCount)).map { packet.byte(at: $0) }
    }
}
