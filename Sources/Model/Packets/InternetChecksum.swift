/// The checksum of IPv4, ICMP, TCP and UDP. Source: RFC 1071.
public enum InternetChecksum {
    /// The one's complement of the one's complement sum of 16-bit words; 0 over bytes that hold their right checksum.
    public static func of(_ bytes: [UInt8]) -> UInt16 {
        // Bytes have no padding that could be uninitialized.
        let span = unsafe bytes.span.bytes
        return folded(sum(span, 0..<span.byteCount))
    }

    /// The sum of the 16-bit words of a range, which may be added to others; an odd last byte is the high one.
    public static func sum(_ bytes: RawSpan, _ range: Range<Int>) -> UInt64 {
        var sum: UInt64 = 0
        var offset = range.lowerBound
        while offset + 4 <= range.upperBound {
            sum &+= UInt64(bytes.network32(at: offset))
            offset += 4
        }
        // 2¹⁶ is 1 modulo 2¹⁶ - 1, so that words of 32 bits may be added as well.
        if offset + 2 <= range.upperBound {
            sum &+= UInt64(bytes.network16(at: offset))
            offset += 2
        }
        if offset < range.upperBound { sum &+= UInt64(bytes.byte(at: offset)) << 8 }
        return sum
    }

    /// Whether an IPv4 header without options holds its right checksum. In any byte order: RFC 1071 §2 (B).
    /// - Precondition: All of it is there.
    @inlinable
    public static func isRight(ofPlainIPv4 bytes: RawSpan) -> Bool {
        var sum = UInt64(bytes.network32(at: 0)) &+ UInt64(bytes.network32(at: 4))
        sum &+= UInt64(bytes.network32(at: 8)) &+ UInt64(bytes.network32(at: 12)) &+ UInt64(bytes.network32(at: 16))
        // At most 34 bits, 33, 17, and 16: the first byte is not 0, so that the sum is none either.
        sum = sum & 0xffff_ffff &+ sum >> 32
        sum = sum & 0xffff &+ sum >> 16
        sum = sum & 0xffff &+ sum >> 16
        return sum == 0xffff
    }

    /// The checksum of a sum.
    public static func folded(_ sum: UInt64) -> UInt16 {
        var sum = sum
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        return ~UInt16(sum)
    }
}
