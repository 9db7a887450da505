import Model

/// What a UDP packet carries whose port is one for ESP. Source: RFC 3948 §2.
enum ESPInUDP {
    /// One byte ff.
    case keepalive
    /// Behind four zero bytes, where ESP would have an SPI.
    case keyExchange
    /// Where ESP is in the UDP packet.
    case esp(Range<Int>)

    private static let headerByteCount = 8

    /// - Parameters:
    ///   - packet: From the UDP header on.
    ///   - isCut: Whether bytes may be missing at the end.
    /// - Returns: nil where the packet's length is not its own.
    init?(_ packet: RawSpan, isCut: Bool) {
        guard packet.byteCount >= Self.headerByteCount else { return nil }
        let length = Int(packet.network16(at: 4))
        guard length >= Self.headerByteCount, isCut || length <= packet.byteCount else { return nil }
        let range = Self.headerByteCount..<min(length, packet.byteCount)
        if length == Self.headerByteCount + 1, range.count == 1, packet.byte(at: range.lowerBound) == 0xff {
            self = .keepalive
        } else if range.count >= 4, packet.network32(at: range.lowerBound) == 0 {
            self = .keyExchange
        } else {
            self = .esp(range)
        }
    }
}
