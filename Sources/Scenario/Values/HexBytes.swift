import Model

/// Bytes as scenarios write them in hexadecimal.
enum HexBytes {
    /// Reads pairs of digits with spaces between them or not (`0a0b`, `0a 0b`); nil for anything else and for nothing.
    static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for word in text.split(separator: " ") {
            let digits = Array(word.utf8)
            guard digits.count.isMultiple(of: 2) else { return nil }
            for start in stride(from: 0, to: digits.count, by: 2) {
                guard let high = Digits.value(ofHexadecimal: digits[start]),
                    let low = Digits.value(ofHexadecimal: digits[start + 1])
                else { return nil }
                bytes.append(high << 4 | low)
            }
        }
        return bytes.isEmpty ? nil : bytes
    }
}
