/// A JSON document built by hand. Source: RFC 8259.
///
/// Members keep their order, so the same value is always written as the same bytes.
public enum JSONValue: Hashable, Sendable {
    /// One name and value of an object.
    public struct Member: Hashable, Sendable {
        /// Should occur once in its object; this is not checked.
        public let name: String
        /// What the name stands for.
        public let value: JSONValue

        /// Pairs a name with a value.
        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A whole number; the width covers both `Int64` and `UInt64`.
    case integer(Int128)
    /// Text, escaped when written.
    case string(String)
    /// Values in order.
    case array([JSONValue])
    /// Members in the order they are written.
    case object([Member])

    /// Any integer of up to 64 bits.
    public init(_ number: some FixedWidthInteger) { self = .integer(Int128(number)) }

    /// Text, or `null` for `nil`.
    public init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }

    /// One line without spaces and without a final newline.
    public var compact: String { written(indent: nil) }

    /// One item a line, indented by two spaces for each level, without a final newline.
    public var pretty: String { written(indent: 0) }

    private func written(indent: Int?) -> String {
        var bytes: [UInt8] = []
        append(to: &bytes, indent: indent)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Parameter indent: Spaces before the line this value starts on; `nil` to write a single line.
    private func append(to bytes: inout [UInt8], indent: Int?) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .integer(let number): bytes += String(number).utf8
        case .string(let text): appendQuoted(text, to: &bytes)
        case .array(let values):
            appendItems(values, brackets: ("[", "]"), to: &bytes, indent: indent) { value, bytes, indent in
                value.append(to: &bytes, indent: indent)
            }
        case .object(let members):
            appendItems(members, brackets: ("{", "}"), to: &bytes, indent: indent) { member, bytes, indent in
                appendQuoted(member.name, to: &bytes)
                bytes += (indent == nil ? ":" : ": ").utf8
                member.value.append(to: &bytes, indent: indent)
            }
        }
    }
}

private func appendItems<Item>(
    _ items: [Item], brackets: (open: String, close: String), to bytes: inout [UInt8], indent: Int?,
    appendItem: (Item, inout [UInt8], Int?) -> Void
) {
    func startLine(_ spaces: Int?) {
        guard let spaces else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes += repeatElement(UInt8(ascii: " "), count: spaces)
    }
    bytes += brackets.open.utf8
    let inner = indent.map { $0 + 2 }
    for (index, item) in items.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        startLine(inner)
        appendItem(item, &bytes, inner)
    }
    if !items.isEmpty { startLine(indent) }
    bytes += brackets.close.utf8
}

/// Escapes what RFC 8259 §7 requires, by the short form where there is one; everything else stays UTF-8.
private func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\""): bytes += #"\""#.utf8
        case UInt8(ascii: "\\"): bytes += #"\\"#.utf8
        case UInt8(ascii: "\n"): bytes += #"\n"#.utf8
        case UInt8(ascii: "\r"): bytes += #"\r"#.utf8
        case UInt8(ascii: "\t"): bytes += #"\t"#.utf8
        case 0x08: bytes += #"\b"#.utf8
        case 0x0C: bytes += #"\f"#.utf8
        case 0..<0x20: bytes += "\\u00\(byte < 0x10 ? "0" : "1")\(String(byte & 0xF, radix: 16))".utf8
        default: bytes.append(byte)
        }
    }
    bytes.append(UInt8(ascii: "\""))
}
