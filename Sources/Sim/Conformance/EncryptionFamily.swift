import Crypto
import Inputs
import Model

/// The families `ipsec-key` and `ipsec-keyfile`: the keys between two nodes, and which key files are taken.
enum EncryptionFamily {
    /// Derives the key of one direction and compares.
    static func keyDifferences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        let text = try input.requiredString("key_hex")
        guard let key = Digits.bytes(ofHexadecimal: text).flatMap({ AEADKey(bytes: $0) }) else {
            throw vector.problem("\"key_hex\" must be a key of 20, 28 or 36 bytes")
        }
        let source = try end("src", of: &input, vector)
        let destination = try end("dst", of: &input, vector)
        let derived: AEADKey
        do throws(KeyDerivationError) {
            derived = try key.derived(from: source, to: destination, digest: SHA512.digest)
        } catch {
            throw vector.problem("\(error)")
        }
        var expectation = try Expectation(vector.expect, of: vector)
        try expectation.compareText("sa_key_hex", with: Digits.hexadecimal(derived.bytes))
        return try expectation.finish()
    }

    /// Reads the key file and compares whether that went well.
    static func fileDifferences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        var isAccepted = false
        if let document = input.node("file_json") {
            isAccepted = (try? EncryptionKeyFile.key(of: document, file: vector.file)) != nil
        } else {
            let text = try input.requiredString("file_text")
            isAccepted = (try? EncryptionKeyFile.key(parsing: text, file: vector.file)) != nil
        }
        var expectation = try Expectation(vector.expect, of: vector)
        try expectation.compareBoolean("accepted", with: isAccepted)
        return try expectation.finish()
    }

    private static func end(
        _ name: String, of input: inout Fields, _ vector: ConformanceCase
    ) throws(InputError) -> TunnelEnd {
        guard let address = try input.address("\(name)_ip") else { throw vector.problem("\"\(name)_ip\" is missing") }
        return TunnelEnd(address, bootID: try input.requiredString("\(name)_boot_id"))
    }
}
