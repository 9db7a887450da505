/// The key files of the guest's nodes.
public enum GuestKeys {
    /// A key file of the size of AES-128, in which the number of the SPI, the number of the key and zeros are the key.
    /// - Parameter key: Keys of one SPI differ by it.
    public static func file(spi: UInt32, key: UInt8 = 0) -> String {
        // Base64 of two bytes and 18 zeros.
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bits = Int(spi & 0xff) << 16 | Int(key) << 8
        let text = stride(from: 18, through: 0, by: -6).map { String(digits[bits >> $0 & 63]) }.joined()
        return """
            {"spi": \(spi), "aeadKeyName": "rfc4106(gcm(aes))", "aeadKey": "\(text)\(zeros)=", "length": 128}

            """
    }

    private static let zeros = String(repeating: "A", count: 23)
}
