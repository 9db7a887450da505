import Inputs
import Model

/// A mapping of a scenario file while it is read: only keys of `Key` can be asked for, and only they may be there.
///
/// A key without a value is refused, since a forgotten value would be a setting or an expectation lost.
struct Section<Key: MappingKey> {
    private var fields: Fields
    private let entries: [DocumentNode.Entry]
    private let what: String
    private var asked: Set<String> = []
    /// Names the scenario file in errors.
    let file: String
    /// Where the mapping begins.
    let place: Place

    /// - Throws: when the node is no mapping, or holds a key that is unknown or has no value.
    init(_ node: DocumentNode, file: String, what: String) throws(InputError) {
        fields = try Fields(node, file: file, what: what)
        entries = node.entries ?? []
        self.what = what
        self.file = file
        place = Place(file, node.position)
        for key in Key.allCases { _ = fields.has(key.rawValue) }
        try fields.finish()
        for entry in entries where entry.value.isNull {
            throw InputError(file, entry.keyPosition, "\"\(entry.key)\" has no value")
        }
    }

    /// The keys that are there, in file order.
    var keys: [Key] { entries.compactMap { Key(rawValue: $0.key) } }

    /// Where a key stands; the mapping's place when it is not there.
    func place(of key: Key) -> Place {
        let entry = entries.first { $0.key == key.rawValue }
        return entry.map { Place(file, $0.keyPosition) } ?? place
    }

    /// Whether the key is there.
    func has(_ key: Key) -> Bool { entries.contains { $0.key == key.rawValue } }

    /// Any value, nil when the key is not there.
    mutating func node(_ key: Key) -> DocumentNode? {
        asked.insert(key.rawValue)
        return fields.node(key.rawValue)
    }

    /// Any value; the key must be there.
    mutating func required(_ key: Key) throws(InputError) -> DocumentNode {
        asked.insert(key.rawValue)
        return try fields.required(key.rawValue)
    }

    /// Text that may be empty.
    mutating func string(_ key: Key) throws(InputError) -> String? {
        asked.insert(key.rawValue)
        return try fields.string(key.rawValue)
    }

    /// `true` or `false`.
    mutating func boolean(_ key: Key) throws(InputError) -> Bool? {
        asked.insert(key.rawValue)
        return try fields.boolean(key.rawValue)
    }

    /// A whole number of a range.
    mutating func integer(_ key: Key, in range: ClosedRange<Int>) throws(InputError) -> Int? {
        asked.insert(key.rawValue)
        return try fields.integer(key.rawValue, in: range)
    }

    /// An IPv4 or IPv6 address.
    mutating func address(_ key: Key) throws(InputError) -> IPAddress? {
        asked.insert(key.rawValue)
        return try fields.address(key.rawValue)
    }

    /// One of an enum's raw values.
    mutating func choice<T: RawRepresentable & CaseIterable>(
        _ key: Key, of type: T.Type = T.self
    ) throws(InputError) -> T? where T.RawValue == String {
        asked.insert(key.rawValue)
        return try fields.choice(key.rawValue)
    }

    /// A name: text that is not empty.
    mutating func name(_ key: Key) throws(InputError) -> Located<String>? {
        guard let node = node(key) else { return nil }
        return try Scalar(key.rawValue, file: file).name(node)
    }

    /// A name; the key must be there.
    mutating func requiredName(_ key: Key) throws(InputError) -> Located<String> {
        try Scalar(key.rawValue, file: file).name(required(key))
    }

    /// Names, none twice; a single name counts as a list of one. Empty when the key is not there, never otherwise.
    mutating func names(_ key: Key) throws(InputError) -> [Located<String>] {
        guard let node = node(key) else { return [] }
        return try Scalar(key.rawValue, file: file).names(node)
    }

    /// A reader for the value of a key.
    func scalar(_ key: Key) -> Scalar { Scalar(key.rawValue, file: file) }

    /// Refuses a key that nobody asked for, because it means nothing beside the others.
    func finish() throws(InputError) {
        for entry in entries where !asked.contains(entry.key) {
            throw InputError(file, entry.keyPosition, "\"\(entry.key)\" means nothing in this \(what)")
        }
    }

    /// Refuses two keys that exclude each other; the later one is pointed at.
    func exclude(_ first: Key, _ second: Key, because reason: String) throws(InputError) {
        guard has(first), has(second) else { return }
        let later = keys.last { $0 == first || $0 == second } ?? second
        let other = later == first ? second : first
        throw place(of: later).error("\"\(later.rawValue)\" beside \"\(other.rawValue)\"; \(reason)")
    }
}
