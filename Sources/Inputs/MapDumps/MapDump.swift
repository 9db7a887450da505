import Model

/// What the maps of a node held: bytes, checked for their sizes only.
public struct MapDump: Hashable, Sendable {
    /// One entry of a map.
    public struct Entry: Hashable, Sendable {
        /// As in memory: the fields' byte order is the layout's.
        public var key: [UInt8]
        /// Likewise.
        public var value: [UInt8]

        /// The caller sees to it that the sizes are the map's.
        public init(key: [UInt8], value: [UInt8]) {
            self.key = key
            self.value = value
        }
    }

    /// The entries of each map that was dumped, in the dump's order. A map without a dump is missing.
    public var entries: [DumpedMap: [Entry]]
    /// Names of services, workloads and policies by the ids under which the maps hold them; may be incomplete.
    public var names: [UInt32: String]
    /// What was left out of the dump, and why.
    public var notes: [String]

    /// A dump made of its parts.
    public init(entries: [DumpedMap: [Entry]] = [:], names: [UInt32: String] = [:], notes: [String] = []) {
        self.entries = entries
        self.names = names
        self.notes = notes
    }
}

extension MapDump {
    /// One map as `bpftool -j map dump` prints it: one line, a list of `{"key":["0x0a",…],"value":[…]}`.
    ///
    /// Sorted by key bytes, so equal maps give equal text. A map that is missing gives the empty list.
    public func bpftoolText(of map: DumpedMap) -> String {
        Self.bpftoolText(entries[map] ?? [])
    }

    /// Any map's entries in that form.
    public static func bpftoolText(_ entries: [Entry]) -> String {
        var text: [UInt8] = [UInt8(ascii: "[")]
        let sorted = entries.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (index, entry) in sorted.enumerated() {
            text += (index == 0 ? "" : ",").utf8
            text += #"{"key":"#.utf8
            append(entry.key, to: &text)
            text += #","value":"#.utf8
            append(entry.value, to: &text)
            text.append(UInt8(ascii: "}"))
        }
        text += "]\n".utf8
        return String(decoding: text, as: UTF8.self)
    }

    private static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
        text.append(UInt8(ascii: "["))
        for (index, byte) in bytes.enumerated() {
            text += (index == 0 ? "\"0x" : ",\"0x").utf8
            let (high, low) = Digits.hexadecimal(of: byte)
            text += [high, low, UInt8(ascii: "\"")]
        }
        text.append(UInt8(ascii: "]"))
    }

    /// `names` in the form of `names.json`: `{"id":"name"}`, ordered by id.
    public var namesText: String {
        let lines = names.sorted { $0.key < $1.key }.map { "  \"\($0.key)\": \(Self.quoted($0.value))" }
        return lines.isEmpty ? "{}\n" : "{\n\(lines.joined(separator: ",\n"))\n}\n"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\0"..."\u{1f}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
