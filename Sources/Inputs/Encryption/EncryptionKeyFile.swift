public import Model

/// Kmesh's key file: `{"spi": 1, "aeadKeyName": "rfc4106(gcm(aes))", "aeadKey": "base64", "length": 128}`.
public enum EncryptionKeyFile {
    /// Reads a key file.
    /// - Throws: with the position of what is wrong. The key itself is never part of the message.
    public static func key(parsing text: String, file: String) throws(InputError) -> EncryptionKey {
        var reader = DocumentReader(text: text, file: file)
        return try key(of: reader.single(), file: file)
    }

    /// Reads a key file's document.
    public static func key(of document: DocumentNode, file: String) throws(InputError) -> EncryptionKey {
        var fields = try Fields(document, file: file, what: "a key file")
        let name = try fields.required("aeadKeyName")
        guard name.text?.hasPrefix("rfc") == true else {
            throw InputError(file, name.position, "\"aeadKeyName\" must begin with rfc: \(AEADKey.algorithm)")
        }
        guard name.text == AEADKey.algorithm else {
            throw InputError(file, name.position, "only \(AEADKey.algorithm) is supported, not \(name.kindName)")
        }
        return try key(of: &fields, named: "aeadKey", needsLength: true, file: file)
    }

    /// Reads a key that is written into another file, for tests: `{spi: 1, testKey: base64}`, and `length` where it is
    /// not 128. The mapping holds nothing else.
    public static func testKey(of document: DocumentNode, file: String) throws(InputError) -> EncryptionKey {
        var fields = try Fields(document, file: file, what: "a test key")
        let key = try key(of: &fields, named: "testKey", needsLength: false, file: file)
        try fields.finish()
        return key
    }

    private static func key(
        of fields: inout Fields, named name: String, needsLength: Bool, file: String
    ) throws(InputError) -> EncryptionKey {
        _ = try fields.required("spi")
        let spi = try fields.integer("spi", in: 1...Int(UInt32.max)) ?? 1
        let encoded = try fields.required(name)
        guard let bytes = encoded.text.flatMap({ Base64.bytes(of: $0) }) else {
            throw InputError(file, encoded.position, "\"\(name)\" must be base64")
        }
        guard AEADKey.byteCounts.contains(bytes.count) else {
            throw InputError(
                file, encoded.position,
                "\"\(name)\" must have 20, 28 or 36 bytes (an AES key, then 4 bytes of salt), not \(bytes.count)")
        }
        guard let length = try needsLength ? fields.required("length") : fields.node("length") else {
            guard let key = AEADKey(bytes: bytes) else { preconditionFailure("a key of \(bytes.count) bytes") }
            return EncryptionKey(spi: SPI(rawValue: UInt32(spi)), key: key)
        }
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
