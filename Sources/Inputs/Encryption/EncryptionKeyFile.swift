public import Model

/// Kmesh's key file: `{"spi": 1, "aeadKeyName": "rfc4106(gcm(aes))", "aeadKey": "base64", "length": 128}`.
public enum EncryptionKeyFile {
    /// Reads a key file.
    /// - Throws: with the position of what is wrong. The key itself is never part of the message.
    public static func key(parsing text: String, file: String) throws(InputError) -> EncryptionKey {
        var reader = DocumentReader(text: text, file: file)
        let document = try reader.single()
        var fields = try Fields(document, file: file, what: "a key file")
        let name = try fields.required("aeadKeyName")
        guard name.text?.hasPrefix("rfc") == true else {
            throw InputError(file, name.position, "\"aeadKeyName\" must begin with rfc: \(AEADKey.algorithm)")
        }
        guard name.text == AEADKey.algorithm else {
            throw InputError(file, name.position, "only \(AEADKey.algorithm) is supported, not \(name.kindName)")
        }
        _ = try fields.required("spi")
        let spi = try fields.integer("spi", in: 1...Int(UInt32.max)) ?? 1
        let encoded = try fields.required("aeadKey")
        guard let bytes = encoded.text.flatMap({ Base64.bytes(of: $0) }) else {
            throw InputError(file, encoded.position, "\"aeadKey\" must be base64")
        }
        guard AEADKey.byteCounts.contains(bytes.count) else {
            throw InputError(
                file, encoded.position,
                "\"aeadKey\" must have 20, 28 or 36 bytes (an AES key, then 4 bytes of salt), not \(bytes.count)")
        }
        let length = try fields.required("length")
        guard let bitCount = length.integer, bitCount % 8 == 0,
            let key = AEADKey(bytes: bytes, icvByteCount: bitCount / 8)
        else {
            throw InputError(
                file, length.position, "\"length\" must be the ICV's 128, 96 or 64 bits, not \(length.kindName)")
        }
        return EncryptionKey(spi: SPI(rawValue: UInt32(spi)), key: key)
    }

    /// Whether a text begins as a key file does.
    static func isRecognized(_ text: String) -> Bool {
        text.first { !$0.isWhitespace } == "{"
    }
}
