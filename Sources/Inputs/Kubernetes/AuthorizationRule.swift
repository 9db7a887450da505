import Model

/// A rule of an AuthorizationPolicy, as far as it can be decided by connections.
///
/// `to` and `from` become a clause each, with a match for each element, and every condition of `when` a clause of its
/// own. What only a waypoint can decide is left out of its match, which may leave an empty one that never holds.
/// Source: Istio pilot/pkg/serviceregistry/kube/controller/ambient/authorization.go, handleRule.
struct AuthorizationRule: Hashable, Sendable {
    var rule = Policy.Rule()
    /// What only a waypoint can decide, sorted, each once.
    var requestAttributes: [String] = []
    var origin: ObjectOrigin

    /// Reads a rule; `{}` matches everything.
    /// - Parameter namespace: The policy's, that of service accounts without one.
    init(_ node: DocumentNode, file: String, namespace: String) throws(InputError) {
        origin = ObjectOrigin(file: file, position: node.position)
        guard !node.isNull else { throw origin.error("a rule is empty; write {} for one that matches everything") }
        var fields = try Fields(node, file: file, what: "a rule")
        var seen: Set<String> = []
        let to = try Self.matches("to", "operation", in: &fields) { (operation) throws(InputError) in
            try Self.operation(&operation, &seen)
        }
        let from = try Self.matches("from", "source", in: &fields) { (source) throws(InputError) in
            try Self.source(&source, namespace: namespace, &seen)
        }
        rule.clauses = [to, from].compactMap { $0.map(Policy.Clause.init) }
        for var condition in try fields.filledMappings("when") ?? [] {
            rule.clauses.append(Policy.Clause([try Self.condition(&condition, &seen)]))
        }
        try fields.finish()
        requestAttributes = seen.sorted()
    }

    /// The matches of a list whose elements hold one mapping each; nil where there is no list.
    private static func matches(
        _ key: String, _ inner: String, in fields: inout Fields,
        _ read: (inout Fields) throws(InputError) -> PolicyMatch
    ) throws(InputError) -> [PolicyMatch]? {
        guard let elements = try fields.filledMappings(key) else { return nil }
        var matches: [PolicyMatch] = []
        for var element in elements {
            guard var values = try element.mapping(inner) else {
                throw InputError(element.file, element.position, "\"\(inner)\" is missing here")
            }
            try element.finish()
            matches.append(try read(&values))
            try values.finish()
            guard values.hasValues else {
                throw InputError(
                    values.file, values.position,
                    "\"\(inner)\" names nothing; leave \"\(key)\" out where everything shall match")
            }
        }
        return matches
    }

    private static func operation(
        _ fields: inout Fields, _ seen: inout Set<String>
    ) throws(InputError) -> PolicyMatch {
        try fields.collect(["hosts", "notHosts", "methods", "notMethods", "paths", "notPaths"], into: &seen)
        return PolicyMatch(destinationPorts: try fields.conditions("ports", "notPorts", Fields.port))
    }

    private static func source(
        _ fields: inout Fields, namespace: String, _ seen: inout Set<String>
    ) throws(InputError) -> PolicyMatch {
        try fields.collect(
            ["remoteIpBlocks", "notRemoteIpBlocks", "requestPrincipals", "notRequestPrincipals"], into: &seen)
        return PolicyMatch(
            namespaces: try fields.conditions("namespaces", "notNamespaces", Fields.pattern),
            principals: try fields.conditions("principals", "notPrincipals", Fields.pattern),
            serviceAccounts: try fields.conditions("serviceAccounts", "notServiceAccounts") { (text) in
                Fields.serviceAccount(text, namespace: namespace)
            },
            sourceBlocks: try fields.conditions("ipBlocks", "notIpBlocks", Fields.block))
    }

    /// Attributes of requests and other things that connections do not show.
    private static let requestKeys = [
        "remote.ip", "source.serviceAccount", "request.auth.principal", "request.auth.audiences",
        "request.auth.presenter", "connection.sni",
    ]
    /// Likewise, with something in brackets after them.
    private static let requestPrefixes = ["request.headers", "request.auth.claims", "experimental.envoy.filters."]
    private static let connectionKeys = [
        "source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port",
    ]

    private static func condition(
        _ fields: inout Fields, _ seen: inout Set<String>
    ) throws(InputError) -> PolicyMatch {
        let node = try fields.required("key")
        let key = try fields.requiredFilled("key")
        let count = fields.list("values").count + fields.list("notValues").count
        guard count > 0 else {
            throw InputError(fields.file, fields.position, "a condition needs \"values\" or \"notValues\"")
        }
        let match: PolicyMatch
        switch key {
        case "source.ip": match = PolicyMatch(sourceBlocks: try fields.conditions("values", "notValues", Fields.block))
        case "source.namespace":
            match = PolicyMatch(namespaces: try fields.conditions("values", "notValues", Fields.pattern))
        case "source.principal":
            match = PolicyMatch(principals: try fields.conditions("values", "notValues", Fields.pattern))
        case "destination.ip":
            match = PolicyMatch(destinationBlocks: try fields.conditions("values", "notValues", Fields.block))
        case "destination.port":
            match = PolicyMatch(destinationPorts: try fields.conditions("values", "notValues", Fields.port))
        default:
            guard requestKeys.contains(key) || requestPrefixes.contains(where: key.hasPrefix) else {
                let known = connectionKeys + requestKeys
                let hint = nearestName(to: key, in: known).map { "did you mean \($0)?" }
                throw InputError(
                    fields.file, node.position,
                    "no attribute is named \"\(key)\"; \(hint ?? "known are \(known.joined(separator: ", "))")")
            }
            seen.insert(key)
            match = PolicyMatch()
        }
        try fields.finish()
        return match
    }
}

/// Values as AuthorizationPolicies write them: all of them text.
extension Fields {
    /// A kind of value, as text and for messages.
    typealias TextReader<Value> = (String) -> Reading<Value>

    /// What a text was read as.
    enum Reading<Value> {
        case value(Value)
        /// What it should have been.
        case expected(String)
    }

    /// The elements of a list that may be missing but not be empty, nil where it is missing.
    fileprivate mutating func filledMappings(_ key: String) throws(InputError) -> [Fields]? {
        guard let node = node(key) else { return nil }
        let elements = try mappings(key)
        guard !elements.isEmpty else {
            throw InputError(
                file, node.position, "\"\(key)\" must not be empty; leave it out where everything shall match")
        }
        return elements
    }

    /// Whether a key holds something else than an empty list.
    fileprivate var hasValues: Bool {
        var fields = self
        return keys.contains { key in !fields.list(key).isEmpty }
    }

    /// Notes which keys are there with values, whatever these are.
    fileprivate mutating func collect(_ keys: [String], into seen: inout Set<String>) throws(InputError) {
        for key in keys where !(try strings(key).isEmpty) { seen.insert(key) }
    }

    /// The values of two lists.
    fileprivate mutating func conditions<Value>(
        _ any: String, _ none: String, _ read: TextReader<Value>
    ) throws(InputError) -> PolicyMatch.Values<Value> {
        PolicyMatch.Values(try conditions(any, read), not: try conditions(none, read))
    }

    private mutating func conditions<Value>(
        _ key: String, _ read: TextReader<Value>
    ) throws(InputError) -> [Value] {
        var values: [Value] = []
        for node in list(key) {
            switch node.text.map(read) ?? .expected("text") {
            case .value(let value): values.append(value)
            case .expected(let what):
                throw InputError(file, node.position, "\"\(key)\" must hold \(what), not \(node.kindName)")
            }
        }
        return values
    }

    /// `name`, `name*`, `*name` or `*`.
    fileprivate static func pattern(_ text: String) -> Reading<StringMatch> {
        if text.isEmpty { return .expected("names") }
        if text == "*" { return .value(.presence) }
        if text.hasPrefix("*") { return .value(.suffix(String(text.dropFirst()))) }
        return .value(text.hasSuffix("*") ? .prefix(String(text.dropLast())) : .exact(text))
    }

    fileprivate static func serviceAccount(
        _ text: String, namespace: String
    ) -> Reading<PolicyMatch.ServiceAccount> {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, !parts.contains(where: \.isEmpty), !text.contains("*"), let name = parts.last else {
            return .expected("service accounts as namespace/name or name, without *")
        }
        return .value(PolicyMatch.ServiceAccount(namespace: parts.count == 2 ? parts[0] : namespace, name: name))
    }

    fileprivate static func block(_ text: String) -> Reading<Prefix> {
        Prefix(text).map(Reading.value) ?? .expected("addresses or prefixes such as 10.0.0.0/8")
    }

    fileprivate static func port(_ text: String) -> Reading<UInt16> {
        Digits.decimal(text, as: UInt16.self).map(Reading.value) ?? .expected("ports from 0 to 65535")
    }
}
