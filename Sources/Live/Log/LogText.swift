import Model

/// Text in a line of the log: printable, on one line, and such that the value can be told again.
enum LogText {
    /// A field's value. Quoted, with `\"`, `\\`, `\n`, `\r`, `\t` and `\xXX`, unless it is one plain word.
    static func value(_ bytes: [UInt8]) -> String {
        let escaped = escaped(bytes, inQuotes: true)
        let isPlain =
            !bytes.isEmpty && escaped.utf8.elementsEqual(bytes)
            && !bytes.contains { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "=") }
        return isPlain ? escaped : "\"\(escaped)\""
    }

    /// A message: as it is, except for controls.
    static func message(_ text: String) -> String { escaped(Array(text.utf8), inQuotes: false) }

    /// Escapes controls (of ASCII and of Latin 1, which terminals obey) and bytes that are no UTF-8.
    private static func escaped(_ bytes: [UInt8], inQuotes: Bool) -> String {
        var out: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "\n"): out += #"\n"#.utf8
            case UInt8(ascii: "\r"): out += #"\r"#.utf8
            case UInt8(ascii: "\t"): out += #"\t"#.utf8
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                if inQuotes { out.append(UInt8(ascii: "\\")) }
                out.append(byte)
            case 0x20..<0x7f: out.append(byte)
            default:
                let character = wholeCharacter(rest)
                if character.isEmpty || isControl(character) {
                    for byte in character.isEmpty ? rest.prefix(1) : character { out += hexadecimal(byte) }
                } else {
                    out += character
                }
                rest = rest.dropFirst(max(0, character.count - 1))
            }
            rest = rest.dropFirst()
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes of the character in UTF-8 that begins here; empty when there is none, as for a control of ASCII.
    private static func wholeCharacter(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let first = bytes.first, first >= 0xc2 else { return [] }
        let character = bytes.prefix(first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4)
        return String(validating: character, as: UTF8.self) == nil ? [] : character
    }

    /// U+0080 to U+009F.
    private static func isControl(_ character: ArraySlice<UInt8>) -> Bool {
        character.first == 0xc2 && character.last.map { $0 < 0xa0 } ?? false
    }

    private static func hexadecimal(_ byte: UInt8) -> [UInt8] {
        let (high, low) = Digits.hexadecimal(of: byte)
        return [UInt8(ascii: "\\"), UInt8(ascii: "x"), high, low]
    }
}
