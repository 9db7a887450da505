/// Numbers in texts, read strictly: nothing but digits, no sign.
public enum Digits {
    /// The number that decimal digits write; nil for any other text, for none, and for what the type cannot hold.
    public static func decimal<Number: FixedWidthInteger>(
        _ text: some StringProtocol, as type: Number.Type = Number.self
    ) -> Number? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Number(text, radix: 10)
    }

    /// The value of a hexadecimal digit in ASCII, of either case; nil for another character.
    public static func value(ofHexadecimal digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The bytes that an even number of hexadecimal digits write, of either case; nil for any other text.
    public static func bytes(ofHexadecimal text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in text.utf8 {
            guard let value = value(ofHexadecimal: digit) else { return nil }
            if let first = high { bytes.append(first << 4 | value) }
            high = high == nil ? value : nil
        }
        return high == nil ? bytes : nil
    }

    /// The two hexadecimal digits of a byte in ASCII, in lower case.
    public static func hexadecimal(of byte: UInt8) -> (UInt8, UInt8) {
        func digit(_ value: UInt8) -> UInt8 {
            value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
        }
        return (digit(byte >> 4), digit(byte & 15))
    }

    /// Bytes as hexadecimal digits, in lower case, with nothing between.
    public static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = bytes.flatMap { byte in
            let (high, low) = hexadecimal(of: byte)
            return [high, low]
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
