/// Writes a table with commas between cells, a line a row. Source: RFC 4180, with plain newlines.
public struct CSVWriter: Sendable {
    private var bytes: [UInt8]

    /// A table of which only the titles are known.
    init(header: [String]) { bytes = Array((Self.line(header) + "\n").utf8) }

    /// Adds a row made of parts that `line` wrote.
    mutating func append(lines: [String]) {
        for (index, line) in lines.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += line.utf8
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Cells with commas between, quoted where they need it.
    static func line(_ cells: [String]) -> String { cells.map(cell).joined(separator: ",") }

    private static func cell(_ text: String) -> String {
        guard text.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return text }
        var quoted = "\""
        for character in text.unicodeScalars {
            if character == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(character)
        }
        return quoted + "\""
    }

    /// The whole table.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}
