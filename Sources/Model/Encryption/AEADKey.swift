/// A key of rfc4106(gcm(aes)): the AES key followed by the salt of the nonces. Its bytes are wiped with its last copy.
/// Source: RFC 4106 §8.1.
public struct AEADKey: Hashable, Sendable, CustomStringConvertible {
    /// The only algorithm that Kmesh's key files name.
    public static let algorithm = "rfc4106(gcm(aes))"
    public static let saltByteCount = 4
    /// AES-128, AES-192 and AES-256, each with its salt.
    public static let byteCounts = [20, 28, 36]
    /// What an integrity check value may take, in bytes.
    public static let icvByteCounts = [8, 12, 16]

    private let secret: SecretBytes
    /// Of the integrity check value.
    public let icvByteCount: Int

    /// - Returns: nil for a size that is not in `byteCounts`, or an ICV that is not in `icvByteCounts`.
    public init?(bytes: [UInt8], icvByteCount: Int = 16) {
        guard Self.byteCounts.contains(bytes.count), Self.icvByteCounts.contains(icvByteCount) else { return nil }
        secret = SecretBytes(bytes)
        self.icvByteCount = icvByteCount
    }

    /// AES key, then salt: a copy, which is its holder's to wipe.
    public var bytes: [UInt8] { secret.copy }
    /// Of AES key and salt.
    public var byteCount: Int { secret.count }
    /// Of the AES key.
    public var cipherBitCount: Int { (byteCount - Self.saltByteCount) * 8 }

    /// Says the size alone: a key is never printed by chance.
    public var description: String { "\(cipherBitCount)-bit key of \(Self.algorithm)" }
}
