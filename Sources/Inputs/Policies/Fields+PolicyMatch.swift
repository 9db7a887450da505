import Model

/// Matches of policies, in the forms that ztunnel, Kmesh and protobuf's JSON give them. They name the same lists, and
/// their values cannot be confused, so that every form is read everywhere.
extension Fields {
    /// A match; what it does not name is empty.
    static func policyMatch(_ node: DocumentNode, file: String) throws(InputError) -> PolicyMatch {
        guard !node.isNull else {
            throw InputError(file, node.position, "a match must be a mapping of conditions, not nothing")
        }
        var fields = try Fields(node.camelCased(file: file), file: file, what: "a match")
        let match = PolicyMatch(
            namespaces: try fields.values("namespaces", "notNamespaces", Self.stringMatch),
            principals: try fields.values("principals", "notPrincipals", Self.stringMatch),
            serviceAccounts: try fields.values("serviceAccounts", "notServiceAccounts", Self.serviceAccount),
            sourceBlocks: try fields.values("sourceIps", "notSourceIps", Self.block),
            destinationBlocks: try fields.values("destinationIps", "notDestinationIps", Self.block),
            destinationPorts: try fields.values("destinationPorts", "notDestinationPorts", Self.policyPort))
        try fields.refuseExtensions(of: "a match")
        try fields.finish()
        return match
    }

    /// Extensions say something that nobody here understands, so that what they hang on could mean anything.
    mutating func refuseExtensions(of what: String) throws(InputError) {
        guard let node = node("extensions"), node.elements?.isEmpty != true else { return }
        throw InputError(file, node.position, "extensions of \(what) are not understood; take them out")
    }

    private mutating func values<Value>(
        _ any: String, _ none: String, _ read: (DocumentNode, String, String) throws(InputError) -> Value
    ) throws(InputError) -> PolicyMatch.Values<Value> {
        PolicyMatch.Values(try policyValues(any, read), not: try policyValues(none, read))
    }

    private mutating func policyValues<Value>(
        _ key: String, _ read: (DocumentNode, String, String) throws(InputError) -> Value
    ) throws(InputError) -> [Value] {
        guard let node = node(key) else { return [] }
        guard let elements = node.elements else {
            throw InputError(file, node.position, "\"\(key)\" must be a list, not \(node.kindName)")
        }
        var values: [Value] = []
        for element in elements { values.append(try read(element, key, file)) }
        return values
    }

    /// `{exact: …}`, `{prefix: …}`, `{suffix: …}` or `{presence: {}}`, in whatever case. Kmesh's dump has it below
    /// `MatchType`, which is null for a presence: its schema does not know any.
    private static func stringMatch(
        _ node: DocumentNode, key: String, file: String
    ) throws(InputError) -> StringMatch {
        let entry = node.entries?.count == 1 ? node.entries?.first : nil
        if let entry, entry.key == "MatchType" {
            return entry.value.isNull ? .presence : try stringMatch(entry.value, key: key, file: file)
        }
        switch (entry?.key.lowercased(), entry?.value.value) {
        case ("exact", .scalar(let text, _)?): return .exact(text)
        case ("prefix", .scalar(let text, _)?): return .prefix(text)
        case ("suffix", .scalar(let text, _)?): return .suffix(text)
        case ("presence", .null?): return .presence
        case ("presence", .sequence(let elements)?) where elements.isEmpty: return .presence
        case ("presence", .mapping(let entries)?) where entries.isEmpty: return .presence
        default:
            let given = entry.map { "\"\($0.key)\" with \($0.value.kindName)" } ?? node.kindName
            throw InputError(
                file, node.position,
                "\"\(key)\" must hold {exact: text}, {prefix: text}, {suffix: text} or {presence: {}}, not \(given)")
        }
    }

    private static func serviceAccount(
        _ node: DocumentNode, key: String, file: String
    ) throws(InputError) -> PolicyMatch.ServiceAccount {
        var fields = try Fields(node.camelCased(file: file), file: file, what: "an element of \"\(key)\"")
        let account = PolicyMatch.ServiceAccount(
            namespace: try fields.requiredFilled("namespace"), name: try fields.requiredFilled("serviceAccount"))
        try fields.finish()
        return account
    }

    /// A prefix as text, or `{address, length}` with the address in Base64; zeros may be missing there.
    private static func block(_ node: DocumentNode, key: String, file: String) throws(InputError) -> Prefix {
        if let text = node.text {
            guard let block = Prefix(text) else {
                throw InputError(
                    file, node.position,
                    "\"\(key)\" must hold address prefixes such as 10.0.0.0/8, not \(node.kindName)")
            }
            return block
        }
        var fields = try Fields(node, file: file, what: "an element of \"\(key)\"")
        let address = try fields.required("address")
        let length = try fields.integer("length", in: 0...128) ?? 0
        try fields.finish()
        guard let text = address.text,
            let ip = IPAddress(text) ?? Base64.bytes(of: text).flatMap({ IPAddress(bytes: $0) })
        else {
            throw InputError(
                file, address.position, "\"address\" must be 4 or 16 bytes in Base64, not \(address.kindName)")
        }
        guard let block = Prefix(ip, length: length) else {
            throw InputError(
                file, node.position, "\"length\" must be from 0 to \(ip.bitCount) for the address \(ip), not \(length)")
        }
        return block
    }

    private static func policyPort(_ node: DocumentNode, key: String, file: String) throws(InputError) -> UInt16 {
        guard let port = node.integer.flatMap({ UInt16(exactly: $0) }) else {
            throw InputError(
                file, node.position, "\"\(key)\" must hold ports from 0 to 65535, not \(node.kindName)")
        }
        return port
    }
}
