import Inputs
import Model

/// Reads the value of one key; `key` names it in errors.
struct Scalar {
    /// The key as it stands in the file.
    let key: String
    /// Names the scenario file in errors.
    let file: String

    /// Reads values of `key`.
    init(_ key: String, file: String) {
        self.key = key
        self.file = file
    }

    /// Where a value stands.
    func place(_ node: DocumentNode) -> Place { Place(file, node.position) }

    /// What is wrong with a value that should be `what`.
    func error(_ node: DocumentNode, mustBe what: String) -> InputError {
        place(node).error("\"\(key)\" must be \(what), not \(node.kindName)")
    }

    /// Text that is not empty.
    func name(_ node: DocumentNode) throws(InputError) -> Located<String> {
        guard let text = node.text else { throw error(node, mustBe: "text") }
        guard text.contains(where: { !$0.isWhitespace }) else { throw place(node).error("\"\(key)\" is empty") }
        return Located(text, at: place(node))
    }

    /// At least one name, none twice; a single one counts as a list of one.
    func names(_ node: DocumentNode) throws(InputError) -> [Located<String>] {
        var names: [Located<String>] = []
        for element in try elements(node) {
            let name = try name(element)
            if let first = names.first(where: { $0.value == name.value }) {
                throw name.error("\"\(name.value)\" again; it is already at line \(first.place.position.line)")
            }
            names.append(name)
        }
        return names
    }

    /// At least one element; a single value counts as a list of one.
    func elements(_ node: DocumentNode) throws(InputError) -> [DocumentNode] {
        let elements = node.elements ?? [node]
        guard !elements.isEmpty else { throw place(node).error("\"\(key)\" is an empty list") }
        return elements
    }

    /// At least one entry of a mapping whose keys are free; none may lack a value.
    func entries(_ node: DocumentNode) throws(InputError) -> [DocumentNode.Entry] {
        guard case .mapping(let entries) = node.value else {
            throw error(node, mustBe: "a mapping (key: value)")
        }
        guard !entries.isEmpty else { throw place(node).error("\"\(key)\" is an empty mapping") }
        for entry in entries {
            guard !entry.key.isEmpty else { throw InputError(file, entry.keyPosition, "an empty key") }
            guard !entry.value.isNull else {
                throw InputError(file, entry.keyPosition, "\"\(entry.key)\" has no value")
            }
        }
        return entries
    }

    /// A key of such a mapping.
    func name(keyOf entry: DocumentNode.Entry) -> Located<String> {
        Located(entry.key, at: Place(file, entry.keyPosition))
    }

    /// `true` or `false` without quotes.
    func boolean(_ node: DocumentNode) throws(InputError) -> Bool {
        guard let boolean = node.boolean else { throw error(node, mustBe: "true or false") }
        return boolean
    }

    /// A count or a comparison.
    func count(_ node: DocumentNode) throws(InputError) -> CountRange {
        guard let range = node.text.flatMap({ CountRange($0) }) else {
            throw error(node, mustBe: "a count such as 3 or \">=3\"")
        }
        return range
    }

    /// A decimal from 0 to 1.
    func fraction(_ node: DocumentNode) throws(InputError) -> Fraction {
        guard let fraction = node.text.flatMap({ Fraction($0) }) else {
            throw error(node, mustBe: "a number from 0 to 1 with at most six decimals")
        }
        return fraction
    }

    /// At least one byte in hexadecimal.
    func bytes(_ node: DocumentNode) throws(InputError) -> [UInt8] {
        guard let bytes = node.text.flatMap({ HexBytes.bytes($0) }) else {
            throw error(node, mustBe: "bytes as pairs of hexadecimal digits")
        }
        return bytes
    }

    /// An address prefix.
    func prefix(_ node: DocumentNode) throws(InputError) -> Prefix {
        guard let prefix = node.text.flatMap({ Prefix($0) }) else {
            throw error(node, mustBe: "a prefix such as 10.244.1.0/24")
        }
        return prefix
    }

    /// An IPv4 or IPv6 address.
    func address(_ node: DocumentNode) throws(InputError) -> IPAddress {
        guard let address = node.text.flatMap({ IPAddress($0) }) else { throw error(node, mustBe: "an IP address") }
        return address
    }

    /// Refuses an IPv6 address where only the DNS hooks read it: they read every address as IPv4.
    func requireDNSFamily(_ address: IPAddress, _ node: DocumentNode) throws(InputError) {
        guard address.family == .v4 else { throw place(node).error("the DNS hooks are for IPv4; give an IPv4 address") }
    }

    /// `host` or `host:port`.
    func pattern(_ node: DocumentNode) throws(InputError) -> TargetPattern {
        guard let text = node.text else { throw error(node, mustBe: "a name or an address") }
        return try pattern(text, at: place(node))
    }

    /// `host` or `host:port` of a text that stands elsewhere, in a key for example.
    func pattern(_ text: String, at place: Place) throws(InputError) -> TargetPattern {
        do {
            return try TargetPattern(parsing: text)
        } catch {
            throw place.error("\"\(key)\": \"\(text)\" \(error.text)")
        }
    }

    /// `host:port`.
    func target(_ node: DocumentNode) throws(InputError) -> Target {
        let pattern = try pattern(node)
        guard let port = pattern.port else { throw error(node, mustBe: "host:port") }
        return Target(pattern.host, port: port)
    }

    /// `host:port` or `none`.
    func rememberedAddress(_ node: DocumentNode) throws(InputError) -> StepExpectation.RememberedAddress {
        if node.text == "none" { return .absent }
        let pattern = try pattern(node)
        guard let port = pattern.port else { throw error(node, mustBe: "host:port or none") }
        return .target(Target(pattern.host, port: port))
    }

    /// `Kind/namespace/name`.
    func object(_ node: DocumentNode) throws(InputError) -> Located<ObjectReference> {
        guard let reference = node.text.flatMap({ ObjectReference($0) }) else {
            throw error(node, mustBe: "Kind/namespace/name (Node/name, Workload/uid)")
        }
        return Located(reference, at: place(node))
    }
}
