/// Control bits of a TCP header. Source: RFC 9293 §3.1.
public struct TCPFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let fin = TCPFlags(rawValue: 0x01)
    public static let syn = TCPFlags(rawValue: 0x02)
    public static let rst = TCPFlags(rawValue: 0x04)
    public static let psh = TCPFlags(rawValue: 0x08)
    public static let ack = TCPFlags(rawValue: 0x10)

    /// Whether the packet opens a connection: SYN without ACK.
    public var isOpening: Bool { contains(.syn) && !contains(.ack) }
}

/// The fixed part of a TCP header, as far as anything asks for it. Source: RFC 9293 §3.1.
public struct TCPHeader: Hashable, Sendable {
    /// Encoded size without options.
    public static let fixedByteCount = 20

    public let sourcePort: UInt16
    public let destinationPort: UInt16
    /// Of the header with its options: the data offset, in bytes.
    public let byteCount: Int
    public let flags: TCPFlags

    /// Reads the header at an offset.
    /// - Parameter end: Where the IP packet ends in `bytes`.
    public init(parsing bytes: RawSpan, at offset: Int, to end: Int) throws(PacketFault) {
        guard end - offset >= Self.fixedByteCount else { throw .truncatedHeader }
        sourcePort = bytes.network16(at: offset)
        destinationPort = bytes.network16(at: offset + 2)
        byteCount = Int(bytes.byte(at: offset + 12) >> 4) * 4
        flags = TCPFlags(rawValue: bytes.byte(at: offset + 13))
        guard byteCount >= Self.fixedByteCount, byteCount <= end - offset else { throw .wrongDataOffset }
    }
}
