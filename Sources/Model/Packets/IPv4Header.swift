/// The fixed part of an IPv4 header. Source: RFC 791 §3.1.
public struct IPv4Header: Hashable, Sendable {
    /// Encoded size without options.
    public static let fixedByteCount = 20

    /// Of the header with its options: IHL, in bytes. Less than 20 in a header that `check` refuses.
    public let byteCount: Int
    /// Of header and data; what follows in the frame is padding.
    public let totalByteCount: Int
    public let fragment: FragmentField
    public let protocolNumber: IPProtocol
    public let source: IPAddress
    public let destination: IPAddress

    /// Reads the header at an offset. Its lengths may be wrong: its addresses count before `check` has approved them.
    /// - Throws: `.truncatedHeader` where 20 bytes are not there, `.wrongVersion` for another version than 4.
    public init(parsing bytes: RawSpan, at offset: Int) throws(PacketFault) {
        guard bytes.byteCount - offset >= Self.fixedByteCount else { throw .truncatedHeader }
        let first = bytes.byte(at: offset)
        guard first >> 4 == 4 else { throw .wrongVersion }
        byteCount = Int(first & 15) * 4
        totalByteCount = Int(bytes.network16(at: offset + 2))
        let flagsAndOffset = bytes.network16(at: offset + 6)
        fragment = FragmentField(
            identification: UInt32(bytes.network16(at: offset + 4)), byteOffset: Int(flagsAndOffset & 0x1fff) * 8,
            hasMore: flagsAndOffset & 0x2000 != 0)
        protocolNumber = IPProtocol(rawValue: bytes.byte(at: offset + 9))
        source = .v4(bytes.network32(at: offset + 12))
        destination = .v4(bytes.network32(at: offset + 16))
    }

    /// Checks what the header says of itself.
    /// - Parameter available: Bytes of the frame from the header on.
    public func check(available: Int) throws(PacketFault) {
        guard byteCount >= Self.fixedByteCount else { throw .shortHeader }
        guard byteCount <= available else { throw .truncatedHeader }
        guard totalByteCount >= byteCount, totalByteCount <= available else { throw .wrongLength }
    }
}
