import Model

/// The lines of the journal of a name table: a checksum, and a name that got an id (`+`) or lost it (`-`).
///
///     journal 7
///     5c0ffee1 +3423487<tab>default/web.default.svc.cluster.local
///
/// The number in the first line is that of the base file that the journal goes on from.
struct NameJournal: Hashable, Sendable {
    /// Of the base file it belongs to.
    var generation: UInt64
    var changes: [NameChange] = []
    /// Bytes that are sound; what follows was being written when the machine stopped.
    var soundByteCount = 0

    /// The first line.
    static func header(_ generation: UInt64) -> String { "journal \(generation)\n" }

    /// The line of one change.
    static func line(_ change: NameChange) -> String {
        let text =
            switch change {
            case .given(let id, let name): "+\(id)\t\(name)"
            case .released(let id, let name): "-\(id)\t\(name)"
            }
        return "\(checksum(text)) \(text)\n"
    }

    /// Reads a journal. Lines that are torn or garbled are left out if nothing sound follows them.
    /// - Throws: for a bad first line, and for a bad line before a sound one.
    init(_ bytes: [UInt8], file: String) throws(StateError) {
        let lineFeed = UInt8(ascii: "\n")
        guard let firstEnd = bytes.firstIndex(of: lineFeed),
            let generation = Self.generation(String(decoding: bytes[..<firstEnd], as: UTF8.self))
        else { throw .damaged(file: file, line: 1, "must be \"journal\" and a number") }
        self.generation = generation
        soundByteCount = firstEnd + 1
        var start = firstEnd + 1
        var number = 2
        var firstBad: Int?
        while start < bytes.count, let end = bytes[start...].firstIndex(of: lineFeed) {
            if let change = Self.change(bytes[start..<end]) {
                if let firstBad { throw .damaged(file: file, line: firstBad, "is garbled") }
                changes.append(change)
                soundByteCount = end + 1
            } else {
                firstBad = firstBad ?? number
            }
            start = end + 1
            number += 1
        }
    }

    private static func generation(_ line: String) -> UInt64? {
        guard line.hasPrefix("journal ") else { return nil }
        return Digits.decimal(line.dropFirst("journal ".count))
    }

    /// The change that a line without its end tells, nil if it is not sound.
    private static func change(_ line: ArraySlice<UInt8>) -> NameChange? {
        guard let text = String(validating: line, as: UTF8.self), text.utf8.count > 10 else { return nil }
        let body = String(text.dropFirst(9))
        guard text.prefix(9) == "\(checksum(body)) " else { return nil }
        let parts = body.dropFirst().utf8.split(
            separator: UInt8(ascii: "\t"), maxSplits: 1, omittingEmptySubsequences: false
        ).map(Substring.init)
        guard parts.count == 2, let id = Digits.decimal(parts[0], as: ResourceID.self) else { return nil }
        switch body.utf8.first {
        case UInt8(ascii: "+"): return .given(id, String(parts[1]))
        case UInt8(ascii: "-"): return .released(id, String(parts[1]))
        default: return nil
        }
    }

    /// Eight hexadecimal digits. A torn line passes once in four thousand million times.
    private static func checksum(_ text: String) -> String {
        let digits = String(NameTable.hash(text), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
