/// The checksum of IPv4 and TCP headers. Source: RFC 1071.
public enum InternetChecksum {
    /// The one's complement of the one's complement sum of 16-bit words; 0 over bytes that hold their right checksum.
    public static func of(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt64 = 0
        for (index, byte) in bytes.enumerated() { sum += UInt64(byte) << (index.isMultiple(of: 2) ? 8 : 0) }
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        return ~UInt16(sum)
    }
}
