/// The clear-text start of an ESP packet: SPI, then sequence number, 4 bytes each in network order.
/// Source: RFC 4303 §2.
public struct ESPHeader: Hashable, Sendable {
    /// Encoded size in bytes.
    public static let byteCount = 8
    /// Of the initialization vector that follows the header. Source: RFC 4106 §3.1.
    public static let ivByteCount = 8

    /// Security association; 0 is reserved and never sent.
    public let spi: SPI
    /// Low 32 bits of the counter; the sender starts at 1.
    public let sequence: UInt32

    public init(spi: SPI, sequence: UInt32) {
        self.spi = spi
        self.sequence = sequence
    }

    /// Reads the header at the start of `bytes`.
    /// - Throws: `.truncated` if fewer than `byteCount` bytes are there, `.reservedSPI` for SPI 0.
    @inlinable
    public init(parsing bytes: RawSpan) throws(ESPFault) {
        guard bytes.byteCount >= Self.byteCount else { throw .truncated }
        spi = SPI(rawValue: bytes.network32(at: 0))
        sequence = bytes.network32(at: 4)
        guard spi.rawValue != 0 else { throw .reservedSPI }
    }
}

/// Why an ESP packet cannot be opened. The raw value is a phrase for people.
public enum ESPFault: String, Error, Hashable, Sendable, CaseIterable {
    case truncated = "shorter than header, IV, trailer and ICV"
    case reservedSPI = "SPI 0, which is never sent"
    case badICV = "the ICV is not that of the bytes under this key"
    case badTrailer = "a pad length that leaves no inner packet"
}

extension AEADKey {
    /// The size of an ESP packet, from SPI to ICV, that carries an inner packet of `innerByteCount`: with pad length and
    /// next header it ends at a multiple of 4. Source: RFC 4303 §2.4; Linux, esp_output.
    public func espByteCount(carrying innerByteCount: Int) -> Int {
        ESPHeader.byteCount + ESPHeader.ivByteCount + (innerByteCount + 2 + 3) & ~3 + icvByteCount
    }
}
