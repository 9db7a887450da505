import Model

/// A directory of dumps: a file a map, named for it (`km_service.json`), and optionally `names.json`.
extension MapDump {
    /// The name of the optional file with the names of ids: a mapping `{"2851307223": "default/reviews.…"}`.
    public static let namesFileName = "names.json"

    /// Whether a directory with these names is one of map dumps.
    static func isDirectory(of names: [String]) -> Bool {
        names.contains { $0.hasPrefix("km_") && $0.hasSuffix(".json") }
    }

    /// Reads a directory of dumps.
    /// - Parameter progress: Gets each file, and how much of it is read: 0 to 1.
    /// - Throws: when one of `DumpedMap.required` is missing, or a dump is not what its name says.
    public init(
        directory: String, progress: (_ file: String, _ fraction: Double?) -> Void = { _, _ in }
    ) throws(InputError) {
        let present = try FileSystem.names(inDirectory: directory)
        let missing = DumpedMap.required.map(\.fileName).filter { !present.contains($0) }
        guard missing.isEmpty else {
            let found = present.isEmpty ? "nothing" : present.joined(separator: ", ")
            throw InputError(
                directory, nil,
                "a directory of map dumps needs \(missing.joined(separator: ", ")) too; it holds \(found)")
        }
        self.init()
        for map in DumpedMap.allCases where present.contains(map.fileName) {
            let file = FileSystem.join(directory, map.fileName)
            entries[map] = try read(map, from: file, progress)
        }
        if present.contains(Self.namesFileName) {
            names = try Self.names(inFile: FileSystem.join(directory, Self.namesFileName))
        }
        let known = DumpedMap.allCases.map(\.fileName) + [Self.namesFileName]
        for name in present where !known.contains(name) {
            notes.append("\(FileSystem.join(directory, name)): left out: not a map that is understood")
        }
    }

    private mutating func read(
        _ map: DumpedMap, from file: String, _ progress: ProgressMeter.Listener
    ) throws(InputError) -> [Entry] {
        var documents = try DocumentReader(path: file, streaming: InputKind.streamedKeys)
        var meter = ProgressMeter(file: file, byteCount: try FileSystem.kind(of: file).byteCount, progress)
        var reader = MapDumpReader(map, file: file)
        try reader.read(&documents) { meter.advance(to: $0, progress) }
        meter.finish(progress)
        notes += reader.notes
        return reader.entries
    }

    /// Reads one map's dump from text; `file` names it in errors.
    public static func entries(
        of map: DumpedMap, text: String, file: String
    ) throws(InputError) -> (entries: [Entry], notes: [String]) {
        var documents = DocumentReader(text: text, file: file, streaming: InputKind.streamedKeys)
        var reader = MapDumpReader(map, file: file)
        try reader.read(&documents)
        return (reader.entries, reader.notes)
    }
}

extension MapDump {
    /// Reads a file of names by id.
    public static func names(inFile file: String) throws(InputError) -> [UInt32: String] {
        var reader = try DocumentReader(path: file)
        return try names(of: reader.single(), file: file)
    }

    /// Reads names by id: a mapping from ids in decimal to names, each id and each name once.
    public static func names(of node: DocumentNode, file: String) throws(InputError) -> [UInt32: String] {
        guard let entries = node.entries else {
            throw InputError(file, node.position, "names must map ids to names, not be \(node.kindName)")
        }
        var names: [UInt32: String] = [:]
        var ids: [String: UInt32] = [:]
        for entry in entries {
            guard let id = Digits.decimal(entry.key, as: UInt32.self), id != 0 else {
                throw InputError(
                    file, entry.keyPosition, "an id must be a number from 1 to \(UInt32.max), not \"\(entry.key)\"")
            }
            guard let name = entry.value.text, !name.isEmpty, !name.contains(where: \.isNewline) else {
                throw InputError(
                    file, entry.value.position,
                    "the name of id \(id) must be one line of text, not \(entry.value.kindName)")
            }
            guard names.updateValue(name, forKey: id) == nil else {
                throw InputError(file, entry.keyPosition, "id \(id) is named twice")
            }
            if let other = ids.updateValue(id, forKey: name) {
                throw InputError(file, entry.value.position, "\(name) is the name of id \(other) already")
            }
        }
        return names
    }
}
