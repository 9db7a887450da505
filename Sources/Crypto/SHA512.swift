import CCrypto

/// SHA-512. Source: FIPS 180-4.
public enum SHA512 {
    /// Of a digest.
    public static let byteCount = 64

    /// The digest of bytes.
    public static func digest(of bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        // In bounds: reads as many bytes as there are, writes the 64 bytes of this digest.
        let status = unsafe EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha512(), nil)
        precondition(status == 1, "EVP_Digest refused SHA-512")
        return digest
    }
}
