/// Reads one map's dump as bpftool prints it, entry by entry, in memory bounded by the entries' bytes.
struct MapDumpReader {
    /// Which map it is.
    let map: DumpedMap
    /// For messages.
    let file: String
    /// What was read, in the file's order.
    private(set) var entries: [MapDump.Entry] = []
    /// What was left out, and why.
    private(set) var notes: [String] = []
    /// Under which number, counted from 1, each key was seen.
    private var numbers: [[UInt8]: Int] = [:]
    private var count = 0

    /// Begins with nothing read.
    init(_ map: DumpedMap, file: String) {
        self.map = map
        self.file = file
    }

    /// Reads everything; `progress` gets the characters read so far after each entry.
    mutating func read(
        _ reader: inout DocumentReader, progress: (Int) -> Void = { _ in }
    ) throws(InputError) {
        var documentCount = 0
        while let piece = try reader.next() {
            switch piece {
            case .element(let node, _): try append(node)
            case .document(let node):
                documentCount += 1
                guard documentCount == 1 else {
                    throw InputError(file, node.position, "a second dump; a file holds one map")
                }
                // An unstreamed list cannot be: only one with an anchor, which JSON has not.
                guard case .sequence(let rest) = node.value else { throw notList(node) }
                for element in rest { try append(element) }
            }
            progress(reader.offset)
        }
        guard documentCount > 0 else {
            throw InputError(file, nil, "is empty; an empty map is dumped as []")
        }
    }

    private func notList(_ node: DocumentNode) -> InputError {
        if let problem = node["error"]?.text {
            return InputError(file, node.position, "bpftool could not dump the map: \(problem)")
        }
        return InputError(
            file, node.position,
            "a dump of \(map.rawValue) must be a list of {\"key\": [...], \"value\": [...]}, not \(node.kindName)")
    }

    /// Checks one entry and keeps it.
    private mutating func append(_ node: DocumentNode) throws(InputError) {
        count += 1
        let what = "\(map.rawValue) entry \(count)"
        guard case .mapping = node.value else {
            throw InputError(
                file, node.position, "\(what): must be {\"key\": ..., \"value\": ...}, not \(node.kindName)")
        }
        var fields = try Fields(node, file: file, what: what)
        // BTF makes bpftool repeat the entry in a readable form.
        fields.skip(["formatted"])
        if let values = fields.node("values") {
            throw InputError(file, values.position, "\(what): is of a per-CPU map; \(map.rawValue) is none")
        }
        let key = try bytes(fields.required("key"), of: "key", count: map.byteCounts.key, what: what)
        let value = try fields.required("value")
        if let problem = value["error"]?.text {
            // The entry went while bpftool walked the map.
            try fields.finish()
            notes.append("\(file):\(node.position.line): \(what) left out: bpftool could not read it: \(problem)")
            return
        }
        let valueBytes = try bytes(value, of: "value", count: map.byteCounts.value, what: what)
        try fields.finish()
        if let earlier = numbers.updateValue(count, forKey: key) {
            throw InputError(file, node.position, "\(what): has the same key as entry \(earlier)")
        }
        entries.append(.init(key: key, value: valueBytes))
    }

    private func bytes(
        _ node: DocumentNode, of part: String, count: Int, what: String
    ) throws(InputError) -> [UInt8] {
        guard case .sequence(let elements) = node.value else {
            throw InputError(
                file, node.position,
                "\(what): the \(part) must be a list of bytes (\"0x0a\"), not \(node.kindName); "
                    + "dump with `bpftool -j map dump`")
        }
        guard elements.count == count else {
            throw InputError(
                file, node.position,
                "\(what): the \(part) of \(map.rawValue) takes \(count) bytes, not \(elements.count)")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for (index, element) in elements.enumerated() {
            guard let byte = element.text.flatMap(Self.byte) else {
                throw InputError(
                    file, element.position,
                    "\(what): byte \(index) of the \(part) must be \"0x00\" to \"0xff\", not \(element.kindName)")
            }
            bytes.append(byte)
        }
        return bytes
    }

    private static func byte(_ text: String) -> UInt8? {
        guard text.hasPrefix("0x"), (3...4).contains(text.utf8.count) else { return nil }
        let digits = text.dropFirst(2)
        return digits.first == "+" || digits.first == "-" ? nil : UInt8(digits, radix: 16)
    }
}
