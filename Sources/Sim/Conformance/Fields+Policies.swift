import Inputs
import Model

/// Policies as vectors write them: the names of the wire format, in snake case.
extension Fields {
    /// The policies of a list, as the workload API has them.
    mutating func policies(_ key: String) throws(InputError) -> [Policy] {
        var policies: [Policy] = []
        for node in list(key) { policies.append(try WorkloadAPIResource.policy(node, file: file)) }
        return policies
    }

    /// A policy as upstream's schema holds it, in which any number is a port.
    mutating func upstreamPolicy() throws(InputError) -> UpstreamPolicy {
        UpstreamPolicy(
            name: try requiredString("name"), namespace: try string("namespace") ?? "",
            action: try word("action", in: ["ALLOW": .allow, "DENY": .deny], default: .allow),
            rules: try upstreamRules("rules"))
    }

    /// One way to write a name: `exact`, `prefix`, `suffix` or `presence`.
    mutating func stringMatch() throws(InputError) -> StringMatch {
        var found: [StringMatch] = []
        if let value = try string("exact") { found.append(.exact(value)) }
        if let value = try string("prefix") { found.append(.prefix(value)) }
        if let value = try string("suffix") { found.append(.suffix(value)) }
        if node("presence") != nil { found.append(.presence) }
        try finish()
        guard found.count == 1 else {
            throw InputError(file, position, "a name needs one of exact, prefix, suffix and presence")
        }
        return found[0]
    }

    private mutating func upstreamRules(_ key: String) throws(InputError) -> [UpstreamPolicy.Rule] {
        var rules: [UpstreamPolicy.Rule] = []
        for node in list(key) {
            var rule = try Fields(node, file: file, what: "a rule")
            var clauses: [UpstreamPolicy.Clause] = []
            for node in rule.list("clauses") {
                var clause = try Fields(node, file: file, what: "a clause")
                var matches: [UpstreamPolicy.Match] = []
                for node in clause.list("matches") {
                    var match = try Fields(node, file: file, what: "a match")
                    matches.append(try match.upstreamMatch())
                }
                try clause.finish()
                clauses.append(matches)
            }
            try rule.finish()
            rules.append(clauses)
        }
        return rules
    }

    private mutating func upstreamMatch() throws(InputError) -> UpstreamPolicy.Match {
        var match = UpstreamPolicy.Match()
        match.namespaces = try values("namespaces") { (fields, node) throws(InputError) in try fields.name(node) }
        match.principals = try values("principals") { (fields, node) throws(InputError) in try fields.name(node) }
        match.sourceBlocks = try values("source_ips") { (fields, node) throws(InputError) in try fields.prefix(node) }
        match.destinationBlocks = try values("destination_ips") { (fields, node) throws(InputError) in
            try fields.prefix(node)
        }
        match.destinationPorts = try values("destination_ports") { (fields, node) throws(InputError) in
            try fields.number(node, key: "destination_ports")
        }
        try finish()
        return match
    }

    /// The lists `key` and `not_key`.
    private mutating func values<Value>(
        _ key: String, _ read: (Fields, DocumentNode) throws(InputError) -> Value
    ) throws(InputError) -> PolicyMatch.Values<Value> {
        var values = PolicyMatch.Values<Value>()
        for node in list(key) { values.any.append(try read(self, node)) }
        for node in list("not_" + key) { values.none.append(try read(self, node)) }
        return values
    }

    private func name(_ node: DocumentNode) throws(InputError) -> UpstreamPolicy.StringMatch {
        var fields = try Fields(node, file: file, what: "a name")
        return UpstreamPolicy.StringMatch(try fields.stringMatch())
    }
}
