import Inputs

/// Something that a case expects and that came out otherwise.
struct Difference: Hashable, Sendable {
    /// What is compared, as a path: `step 2 storage.viaWaypoint`.
    var what: String
    var expected: String
    var got: String
}

/// Compares the fields of an `expect` with what came out, one by one.
///
/// `finish` refuses fields that were not compared and an expectation that names nothing, so that what cannot be
/// checked never passes.
struct Expectation {
    /// The prefix of what is compared: empty, or `step 2 `.
    let prefix: String
    private var fields: Fields
    private var comparedCount = 0
    /// What came out otherwise, in the order of comparison.
    private(set) var differences: [Difference] = []

    /// - Throws: when the expectation is missing or no mapping.
    init(_ node: DocumentNode?, of vector: ConformanceCase, prefix: String = "") throws(InputError) {
        guard let node else { throw vector.problem("\(prefix)\"expect\" is missing") }
        fields = try Fields(node, file: vector.file, what: "\(prefix)\"expect\"")
        self.prefix = prefix
    }

    /// The differences, after everything was compared.
    /// - Throws: for a field that was never asked for, and when there was none at all.
    func finish() throws(InputError) -> [Difference] {
        try fields.finish()
        guard comparedCount > 0 else {
            throw InputError(fields.file, fields.position, "\(prefix)\"expect\" names nothing that can be checked")
        }
        return differences
    }

    // MARK: Fields that need their own comparison

    /// The value of a field that is there, nil otherwise. A null value is there too.
    mutating func value(_ key: String) -> DocumentNode?? {
        guard fields.has(key) else { return nil }
        comparedCount += 1
        return .some(fields.node(key))
    }

    /// The entries of a field that is a mapping, nil when the field is not there.
    mutating func entries(_ key: String) throws(InputError) -> [DocumentNode.Entry]? {
        guard let node = value(key) else { return nil }
        guard let entries = node?.entries else { throw wrong(key, "a mapping", node) }
        return entries
    }

    /// The entries of a mapping of which each is compared by itself: none would mean that nothing is. Empty when the
    /// field is not there.
    mutating func samples(_ key: String) throws(InputError) -> [DocumentNode.Entry] {
        guard let entries = try entries(key) else { return [] }
        guard !entries.isEmpty else { throw wrong(key, "a mapping with entries", nil) }
        return entries
    }

    /// Notes the result of a comparison.
    mutating func compare(_ what: String, expected: String, got: String) {
        if expected != got { differences.append(Difference(what: prefix + what, expected: expected, got: got)) }
    }

    /// Takes over the differences of a part that was compared by itself.
    mutating func add(_ part: [Difference]) { differences += part }

    // MARK: Fields of a simple type

    /// A whole number, or null for none.
    mutating func compareInteger(_ key: String, with got: Int?) throws(InputError) {
        guard let node = value(key) else { return }
        guard let node else {
            compare(key, expected: "none", got: got.map(String.init) ?? "none")
            return
        }
        guard let number = node.integer else { throw wrong(key, "a whole number", node) }
        compare(key, expected: String(number), got: got.map(String.init) ?? "none")
    }

    /// `true` or `false`.
    mutating func compareBoolean(_ key: String, with got: Bool) throws(InputError) {
        guard let node = value(key) else { return }
        guard let boolean = node?.boolean else { throw wrong(key, "true or false", node) }
        compare(key, expected: String(boolean), got: String(got))
    }

    /// A text, or null for none. `normalized` gives the form in which equal texts are the same.
    mutating func compareText(
        _ key: String, with got: String?, normalized: (String) -> String = { $0 }
    ) throws(InputError) {
        guard let node = value(key) else { return }
        guard let node else {
            compare(key, expected: "none", got: got ?? "none")
            return
        }
        guard let text = node.text else { throw wrong(key, "text", node) }
        compare(key, expected: normalized(text), got: got ?? "none")
    }

    /// A list of texts; where the order says nothing, both sides come sorted.
    mutating func compareTexts(_ key: String, with got: [String], isOrdered: Bool = true) throws(InputError) {
        guard let node = value(key) else { return }
        compareTexts(key, expected: try texts(node, key), with: got, isOrdered: isOrdered)
    }

    /// A list of texts that was read before.
    mutating func compareTexts(_ what: String, expected: [String], with got: [String], isOrdered: Bool) {
        func text(_ list: [String]) -> String {
            "[" + (isOrdered ? list : list.sorted()).joined(separator: ", ") + "]"
        }
        compare(what, expected: text(expected), got: text(got))
    }

    /// The texts of a list; null is an empty one.
    func texts(_ node: DocumentNode?, _ key: String) throws(InputError) -> [String] {
        guard let node else { return [] }
        guard let elements = node.elements else { throw wrong(key, "a list", node) }
        var texts: [String] = []
        for element in elements {
            guard let text = element.text else { throw wrong(key, "a list of texts", element) }
            texts.append(text)
        }
        return texts
    }

    /// A field of another type than it should have.
    func wrong(_ key: String, _ kind: String, _ node: DocumentNode?) -> InputError {
        InputError(
            fields.file, node?.position ?? fields.position,
            "\(prefix)expect.\(key) must be \(kind), not \(node?.kindName ?? "nothing")")
    }
}
