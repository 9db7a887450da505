/// A condition of a match that a connection does not meet, in words.
public struct FailedCondition: Hashable, Sendable {
    /// nil for a match that names nothing, which never holds.
    public let kind: PolicyMatch.Kind?
    /// As a clause of a sentence: `source namespace is "shop", not "web" or "api*"`.
    public let text: String

    /// Up to so many values of a list are told.
    private static let mostValues = 4

    /// Those of one match, in the order of kinds; of one kind what it must be before what it must not be.
    static func all(of match: PolicyMatch, for request: AuthorizationRequest) -> [FailedCondition] {
        if match.isEmpty {
            return [FailedCondition(kind: nil, text: "the match names no condition, so it never holds")]
        }
        return PolicyMatch.Kind.allCases.flatMap { kind in
            match.holds(kind, for: request) ? [] : conditions(of: kind, in: match, for: request)
        }
    }

    private static func conditions(
        of kind: PolicyMatch.Kind, in match: PolicyMatch, for request: AuthorizationRequest
    ) -> [FailedCondition] {
        let identity = request.identity
        let texts =
            switch kind {
            case .namespaces:
                texts(
                    match.namespaces, of: "namespace", named: identity?.namespace, source: request.source,
                    text: { quoted($0.description) }, test: StringMatch.matches)
            case .principals:
                texts(
                    match.principals, of: "principal", named: identity?.principal, source: request.source,
                    text: { quoted($0.description) }, test: StringMatch.matches)
            case .serviceAccounts:
                texts(
                    match.serviceAccounts, of: "service account",
                    named: identity.map { "\($0.namespace)/\($0.serviceAccount)" }, source: request.source,
                    text: { quoted("\($0.namespace)/\($0.name)") },
                    // Compared in parts: the names could hold slashes.
                    test: { account in
                        { _ in account.namespace == identity?.namespace && account.name == identity?.serviceAccount }
                    })
            case .sourceBlocks:
                texts(
                    match.sourceBlocks, of: "source address is \(request.source)", placedBy: "in ",
                    text: { "\($0)" }, test: { $0.contains(request.source) })
            case .destinationBlocks:
                texts(
                    match.destinationBlocks, of: "destination address is \(request.destination.address)",
                    placedBy: "in ", text: { "\($0)" }, test: { $0.contains(request.destination.address) })
            case .destinationPorts:
                texts(
                    match.destinationPorts, of: "destination port is \(request.destination.port)", placedBy: "",
                    text: { "\($0)" }, test: { $0 == request.destination.port })
            }
        return texts.map { FailedCondition(kind: kind, text: $0) }
    }

    /// Conditions on who the source is.
    private static func texts<Value>(
        _ values: PolicyMatch.Values<Value>, of noun: String, named name: String?, source: IPAddress,
        text: (Value) -> String, test: (Value) -> (String) -> Bool
    ) -> [String] {
        guard let name else {
            // Nothing excludes who has no name.
            return ["source \(source) has no identity; its \(noun) must be \(list(values.any.map(text)))"]
        }
        return texts(
            values, of: "source \(noun) is \(quoted(name))", placedBy: "", text: text, test: { test($0)(name) })
    }

    /// - Parameter place: What stands before a list of values.
    private static func texts<Value>(
        _ values: PolicyMatch.Values<Value>, of subject: String, placedBy place: String, text: (Value) -> String,
        test: (Value) -> Bool
    ) -> [String] {
        var texts: [String] = []
        if !values.any.isEmpty, !values.any.contains(where: test) {
            texts.append("\(subject), not \(place)\(list(values.any.map(text)))")
        }
        let excluding = values.none.filter(test)
        if !excluding.isEmpty {
            texts.append("\(subject), and must not be \(place)\(list(excluding.map(text)))")
        }
        return texts
    }

    /// `a`, `a or b`, `a, b or c`, and how many more of a long list.
    private static func list(_ values: [String]) -> String {
        let isLong = values.count > mostValues
        let told = isLong ? values.prefix(mostValues) + ["\(values.count - mostValues) more"] : values[...]
        guard let last = told.last, told.count > 1 else { return told.first ?? "" }
        return told.dropLast().joined(separator: ", ") + " or \(last)"
    }

    private static func quoted(_ text: String) -> String { "\"\(text)\"" }
}
