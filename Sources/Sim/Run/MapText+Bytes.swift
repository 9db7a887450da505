import Inputs
import Model
import Scenario

/// Keys and values that are written as bytes, for what has no words: policies without a name, ports with gaps.
extension MapText {
    /// The bytes of `0x` and hexadecimal digits; nil for any other text.
    static func bytes(writtenAs text: Located<String>) throws(InputError) -> [UInt8]? {
        guard text.value.hasPrefix("0x") else { return nil }
        let digits = text.value.dropFirst(2)
        var bytes: [UInt8] = []
        var rest = digits
        while let byte = UInt8(rest.prefix(2), radix: 16), rest.count > 1, rest.first != "+" {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        guard rest.isEmpty, !bytes.isEmpty else { throw text.error("bytes are written as 0x and two digits for each") }
        return bytes
    }

    static func key(_ bytes: [UInt8], of map: MapName, _ text: Located<String>) throws(InputError) -> MapEntryKey {
        let sizes = map.kernelName.byteCounts
        let value = [UInt8](repeating: 0, count: sizes.value)
        guard let entry = try? MapEntry(MapDump.Entry(key: bytes, value: value), of: map.kernelName) else {
            throw text.error("a key of \(map.rawValue) has \(sizes.key) bytes, not \(bytes.count)")
        }
        return entry.key
    }

    /// An entry with other bytes for its value.
    static func entry(
        _ entry: MapEntry, value bytes: [UInt8], _ text: Located<String>
    ) throws(InputError) -> MapEntry {
        let map = entry.key.map
        guard let changed = try? MapEntry(MapDump.Entry(key: keyBytes(entry), value: bytes), of: map) else {
            throw text.error("a value of \(map.rawValue) has \(map.byteCounts.value) bytes, not \(bytes.count)")
        }
        return changed
    }

    private static func keyBytes(_ entry: MapEntry) -> [UInt8] {
        switch entry {
        case .frontend(let key, _): layoutBytes(of: key)
        case .service(let key, _): layoutBytes(of: key)
        case .endpoint(let key, _): layoutBytes(of: key)
        case .backend(let key, _): layoutBytes(of: key)
        case .backendAlternative(let key, _): layoutBytes(of: key)
        case .servicePort(let key, _): layoutBytes(of: key)
        case .manage(let key, _): layoutBytes(of: key)
        case .nodeInfo(let key, _): layoutBytes(of: key)
        }
    }
}
