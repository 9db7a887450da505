/// Bytes as scenarios write them in hexadecimal.
enum HexBytes {
    /// Reads pairs of digits with spaces between them or not (`0a0b`, `0a 0b`); nil for anything else and for nothing.
    static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for word in text.split(separator: " ") {
            let digits = Array(word.utf8)
            guard digits.count.isMultiple(of: 2) else { return nil }
            for start in stride(from: 0, to: digits.count, by: 2) {
                guard let high = nibble(digits[start]), let low = nibble(digits[start + 1]) else { return nil }
                bytes.append(high << 4 | low)
            }
        }
        return bytes.isEmpty ? nil : bytes
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
