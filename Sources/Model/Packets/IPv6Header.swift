/// An IPv6 header. Source: RFC 8200 §3.
public struct IPv6Header: Hashable, Sendable {
    /// Encoded size; extension headers count as payload.
    public static let byteCount = 40

    /// Of what follows the header; what follows that in the frame is padding.
    public let payloadByteCount: Int
    public let nextHeader: IPProtocol
    /// As on the wire: an IPv4-mapped address stays an IPv6 address.
    public let source: IPAddress
    public let destination: IPAddress

    /// Reads the header at an offset. Its lengths may be wrong: its addresses count before `check` has approved them.
    /// - Throws: `.truncatedHeader` where 40 bytes are not there, `.wrongVersion` for another version than 6.
    public init(parsing bytes: RawSpan, at offset: Int) throws(PacketFault) {
        guard bytes.byteCount - offset >= Self.byteCount else { throw .truncatedHeader }
        guard bytes.byte(at: offset) >> 4 == 6 else { throw .wrongVersion }
        payloadByteCount = Int(bytes.network16(at: offset + 4))
        nextHeader = IPProtocol(rawValue: bytes.byte(at: offset + 6))
        source = .v6(high: bytes.network64(at: offset + 8), low: bytes.network64(at: offset + 16))
        destination = .v6(high: bytes.network64(at: offset + 24), low: bytes.network64(at: offset + 32))
    }

    /// Checks what the header says of itself. Jumbograms (RFC 2675) are refused: no network of pods carries them.
    /// - Parameter available: Bytes of the frame from the header on.
    public func check(available: Int) throws(PacketFault) {
        guard payloadByteCount <= available - Self.byteCount else { throw .wrongLength }
        if payloadByteCount == 0, nextHeader == .hopByHop { throw .jumbogram }
    }
}
