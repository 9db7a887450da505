/// 32-bit ids of resource names: FNV-1a of the name, on collision the next free number. 0 is never given.
public struct NameTable: Sendable {
    private var names: [ResourceID: String] = [:]
    /// Names whose id is not their hash, because it was taken.
    private var displaced: [String: ResourceID] = [:]
    /// What happened since it was taken last, where somebody asked for that.
    private var recorded: [NameChange]?

    public init() {}

    public var count: Int { names.count }

    /// The id of a name, given now if it has none.
    public mutating func id(for name: String) -> ResourceID {
        if let id = existingID(of: name) { return id }
        let home = Self.hash(name)
        var id = home
        while id == 0 || names[id] != nil { id &+= 1 }
        names[id] = name
        if id != home { displaced[name] = id }
        recorded?.append(.given(id, name))
        return id
    }

    /// The id of a name, nil when it has none.
    public func existingID(of name: String) -> ResourceID? {
        let home = Self.hash(name)
        if names[home] == name { return home }
        return displaced.isEmpty ? nil : displaced[name]
    }

    /// The name of an id, nil when it is free.
    public func name(of id: ResourceID) -> String? { names[id] }

    /// Frees the id of a name. The caller sees to it that no map holds the id any more.
    public mutating func release(_ name: String) {
        guard let id = existingID(of: name) else { return }
        names[id] = nil
        displaced[name] = nil
        recorded?.append(.released(id, name))
    }

    /// Keeps in mind from now on what happens, for `takeChanges`.
    public mutating func recordChanges() { recorded = recorded ?? [] }

    /// What happened since this was called last, in order; nothing unless `recordChanges` was called.
    public mutating func takeChanges() -> [NameChange] {
        guard let changes = recorded else { return [] }
        recorded = []
        return changes
    }

    /// All ids and names, ordered by id.
    public var sortedEntries: [(id: ResourceID, name: String)] {
        names.map { (id: $0.key, name: $0.value) }.sorted { $0.id < $1.id }
    }

    /// FNV-1a, 32 bits, of the UTF-8 bytes.
    public static func hash(_ name: String) -> UInt32 {
        var hash: UInt32 = 0x811c_9dc5
        for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return hash
    }
}

/// One name that got an id, or lost it.
public enum NameChange: Hashable, Sendable {
    case given(ResourceID, String)
    case released(ResourceID, String)

    public var name: String {
        switch self {
        case .given(_, let name), .released(_, let name): name
        }
    }
}

extension NameTable {
    /// Does again what a table went through.
    /// - Returns: false, with the table as it was, when the change does not fit: the id or the name is taken, or not
    ///   there to be released.
    public mutating func apply(_ change: NameChange) -> Bool {
        switch change {
        case .given(let id, let name) where names[id] == name && id != 0:
            // Given twice by whoever was interrupted in between: once is the same.
            break
        case .given(let id, let name):
            guard id != 0, !name.isEmpty, names[id] == nil, existingID(of: name) == nil else { return false }
            insert(name, id: id)
            recorded?.append(change)
        case .released(let id, let name):
            guard names[id] == name else { return false }
            release(name)
        }
        return true
    }

    /// Adds a name and an id of which neither is there.
    private mutating func insert(_ name: String, id: ResourceID) {
        names[id] = name
        if Self.hash(name) != id { displaced[name] = id }
    }
}

/// Why a persisted name table cannot be used.
public struct NameTableError: Error, Hashable, Sendable {
    /// From 1.
    public var line: Int
    public var message: String
}

extension NameTable {
    /// The table as text: a line `id<tab>name` for each entry, ordered by id.
    public var serialized: String {
        sortedEntries.map { "\($0.id)\t\($0.name)\n" }.joined()
    }

    /// Reads what `serialized` wrote. Lines may also end in CR and LF, and may be empty.
    /// - Throws: for a line of another form, id 0, and an id or a name that appears twice.
    public init(serialized text: String) throws(NameTableError) {
        // By bytes: to Swift, CR and LF are one character, and so are a tab and an accent after it.
        let (lineFeed, carriageReturn, tab) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"))
        let lines = text.utf8.split(separator: lineFeed, omittingEmptySubsequences: false)
        for (index, wholeLine) in lines.enumerated() {
            let line = wholeLine.last == carriageReturn ? wholeLine.dropLast() : wholeLine
            if line.isEmpty { continue }
            let parts = line.split(separator: tab, maxSplits: 1, omittingEmptySubsequences: false).map(Substring.init)
            guard parts.count == 2, let id = Digits.decimal(parts[0], as: ResourceID.self), id != 0, !parts[1].isEmpty
            else {
                throw NameTableError(line: index + 1, message: "must be an id from 1 and a name, with a tab between")
            }
            try insert(String(parts[1]), id: id, line: index + 1)
        }
    }

    /// Adds a name whose id is known already.
    private mutating func insert(_ name: String, id: ResourceID, line: Int) throws(NameTableError) {
        guard names[id] == nil else { throw NameTableError(line: line, message: "id \(id) appears twice") }
        guard existingID(of: name) == nil else { throw NameTableError(line: line, message: "\(name) appears twice") }
        insert(name, id: id)
    }
}
