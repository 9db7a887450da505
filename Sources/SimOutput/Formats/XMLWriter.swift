/// Writes an XML document element by element, indented by two spaces a level. Source: XML 1.0, fifth edition.
struct XMLWriter {
    /// The document so far.
    private(set) var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    private var open: [String] = []

    /// Opens an element; `close()` ends it.
    mutating func open(_ name: String, _ attributes: [(name: String, value: String)] = []) {
        add("<\(name)\(Self.attributes(attributes))>")
        open.append(name)
    }

    /// Ends the innermost open element.
    mutating func close() {
        let name = open.removeLast()
        add("</\(name)>")
    }

    /// Adds an element with text in it, or an empty one.
    mutating func add(
        _ name: String, _ attributes: [(name: String, value: String)] = [], text: String = ""
    ) {
        let start = "\(name)\(Self.attributes(attributes))"
        add(text.isEmpty ? "<\(start)/>" : "<\(start)>\(Self.escaped(text))</\(name)>")
    }

    private mutating func add(_ line: String) {
        text += String(repeating: "  ", count: open.count) + line + "\n"
    }

    private static func attributes(_ attributes: [(name: String, value: String)]) -> String {
        attributes.map { " \($0.name)=\"\(escaped($0.value, isAttribute: true))\"" }.joined()
    }

    /// Escapes what would be markup; what no XML document may hold becomes U+FFFD (§2.2). In attributes white space
    /// is kept by references (§3.3.3).
    static func escaped(_ text: String, isAttribute: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&apos;"
            case "\r": result += "&#13;"
            case "\n", "\t": result += isAttribute ? "&#\(scalar.value);" : String(scalar)
            case "\0"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
