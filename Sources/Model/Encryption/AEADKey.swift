/// A key of rfc4106(gcm(aes)): the AES key followed by the salt of the nonces. Source: RFC 4106 §8.1.
public struct AEADKey: Hashable, Sendable, CustomStringConvertible {
    /// The only algorithm that Kmesh's key files name.
    public static let algorithm = "rfc4106(gcm(aes))"
    public static let saltByteCount = 4
    /// AES-128, AES-192 and AES-256, each with its salt.
    public static let byteCounts = [20, 28, 36]
    /// What an integrity check value may take, in bytes.
    public static let icvByteCounts = [8, 12, 16]

    /// AES key, then salt.
    public let bytes: [UInt8]
    /// Of the integrity check value.
    public let icvByteCount: Int

    /// - Returns: nil for a size that is not in `byteCounts`, or an ICV that is not in `icvByteCounts`.
    public init?(bytes: [UInt8], icvByteCount: Int = 16) {
        guard Self.byteCounts.contains(bytes.count), Self.icvByteCounts.contains(icvByteCount) else { return nil }
        self.bytes = bytes
        self.icvByteCount = icvByteCount
    }

    public var cipherKey: ArraySlice<UInt8> { bytes.dropLast(Self.saltByteCount) }
    public var salt: ArraySlice<UInt8> { bytes.suffix(Self.saltByteCount) }

    /// Says the size alone: a key is never printed by chance.
    public var description: String { "\(cipherKey.count * 8)-bit key of \(Self.algorithm)" }
}
