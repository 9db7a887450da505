import Inputs
import Model

/// Policies as vectors write them: the names of the wire format, in snake case.
extension Fields {
    /// A policy of the workload API.
    mutating func policy() throws(InputError) -> Policy {
        var rules: [Policy.Rule] = []
        for rule in try matchesByRule("rules") {
            var clauses: [Policy.Clause] = []
            for clause in rule {
                var matches: [PolicyMatch] = []
                for match in clause { matches.append(try match.policyMatch()) }
                clauses.append(Policy.Clause(matches))
            }
            rules.append(Policy.Rule(clauses))
        }
        return Policy(
            name: try requiredString("name"), namespace: try string("namespace") ?? "",
            scope: try word(
                "scope", in: ["GLOBAL": .global, "NAMESPACE": .namespace, "WORKLOAD_SELECTOR": .workload],
                default: .global),
            action: try policyAction("action"), rules: rules, isDryRun: try boolean("dry_run") ?? false)
    }

    /// The policies of a list.
    mutating func policies(_ key: String) throws(InputError) -> [Policy] {
        var policies: [Policy] = []
        for node in list(key) {
            var fields = try Fields(node, file: file, what: "a policy")
            policies.append(try fields.policy())
            try fields.finish()
        }
        return policies
    }

    /// A policy as upstream's schema holds it.
    mutating func upstreamPolicy() throws(InputError) -> UpstreamPolicy {
        UpstreamPolicy(
            name: try requiredString("name"), namespace: try string("namespace") ?? "",
            action: try policyAction("action"),
            rules: try matchesByRule("rules").map { rule in rule.map { clause in clause.map(\.upstreamMatch) } })
    }

    /// `ALLOW` or `DENY`; allow when missing.
    private mutating func policyAction(_ key: String) throws(InputError) -> Policy.Action {
        try word(key, in: ["ALLOW": .allow, "DENY": .deny], default: .allow)
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

    /// The rules of a policy: clauses of matches.
    private mutating func matchesByRule(_ key: String) throws(InputError) -> [[[VectorMatch]]] {
        var rules: [[[VectorMatch]]] = []
        for node in list(key) {
            var rule = try Fields(node, file: file, what: "a rule")
            var clauses: [[VectorMatch]] = []
            for node in rule.list("clauses") {
                var clause = try Fields(node, file: file, what: "a clause")
                var matches: [VectorMatch] = []
                for node in clause.list("matches") {
                    var match = try Fields(node, file: file, what: "a match")
                    matches.append(try VectorMatch(&match))
                }
                try clause.finish()
                clauses.append(matches)
            }
            try rule.finish()
            rules.append(clauses)
        }
        return rules
    }
}

/// A match as it stands in a vector, before it is known for whom.
private struct VectorMatch {
    var namespaces: PolicyMatch.Values<StringMatch>
    var principals: PolicyMatch.Values<StringMatch>
    var serviceAccounts: PolicyMatch.Values<PolicyMatch.ServiceAccount>
    var sourceBlocks: PolicyMatch.Values<Prefix>
    var destinationBlocks: PolicyMatch.Values<Prefix>
    /// 32 bits, as on the wire.
    var destinationPorts: PolicyMatch.Values<UInt32>
    var file: String
    var position: Position

    /// Reads all of a mapping.
    init(_ fields: inout Fields) throws(InputError) {
        (file, position) = (fields.file, fields.position)
        namespaces = try fields.values("namespaces") { (fields, node) throws(InputError) in
            try fields.name(node)
        }
        principals = try fields.values("principals") { (fields, node) throws(InputError) in
            try fields.name(node)
        }
        serviceAccounts = try fields.values("service_accounts") { (fields, node) throws(InputError) in
            var account = try Fields(node, file: fields.file, what: "a service account")
            let read = PolicyMatch.ServiceAccount(
                namespace: try account.requiredString("namespace"), name: try account.requiredString("serviceAccount"))
            try account.finish()
            return read
        }
        sourceBlocks = try fields.values("source_ips") { (fields, node) throws(InputError) in try fields.prefix(node) }
        destinationBlocks = try fields.values("destination_ips") { (fields, node) throws(InputError) in
            try fields.prefix(node)
        }
        destinationPorts = try fields.values("destination_ports") { (fields, node) throws(InputError) in
            try fields.number(node, key: "destination_ports")
        }
        try fields.finish()
    }

    /// As the workload API has it.
    func policyMatch() throws(InputError) -> PolicyMatch {
        func ports(_ list: [UInt32]) throws(InputError) -> [UInt16] {
            var ports: [UInt16] = []
            for number in list {
                guard let port = UInt16(exactly: number) else {
                    throw InputError(file, position, "a port must be a whole number from 0 to 65535, not \(number)")
                }
                ports.append(port)
            }
            return ports
        }
        return PolicyMatch(
            namespaces: namespaces, principals: principals, serviceAccounts: serviceAccounts,
            sourceBlocks: sourceBlocks, destinationBlocks: destinationBlocks,
            destinationPorts: PolicyMatch.Values(try ports(destinationPorts.any), not: try ports(destinationPorts.none))
        )
    }

    /// As upstream's schema has it: without service accounts, and any number as a port.
    var upstreamMatch: UpstreamPolicy.Match {
        var match = UpstreamPolicy.Match()
        match.namespaces = PolicyMatch.Values(
            namespaces.any.map(UpstreamPolicy.StringMatch.init),
            not: namespaces.none.map(UpstreamPolicy.StringMatch.init))
        match.principals = PolicyMatch.Values(
            principals.any.map(UpstreamPolicy.StringMatch.init),
            not: principals.none.map(UpstreamPolicy.StringMatch.init))
        match.sourceBlocks = sourceBlocks
        match.destinationBlocks = destinationBlocks
        match.destinationPorts = destinationPorts
        return match
    }
}

extension Fields {
    /// The lists `key` and `not_key`.
    fileprivate mutating func values<Value>(
        _ key: String, _ read: (Fields, DocumentNode) throws(InputError) -> Value
    ) throws(InputError) -> PolicyMatch.Values<Value> {
        var values = PolicyMatch.Values<Value>()
        for node in list(key) { values.any.append(try read(self, node)) }
        for node in list("not_" + key) { values.none.append(try read(self, node)) }
        return values
    }

    fileprivate func name(_ node: DocumentNode) throws(InputError) -> StringMatch {
        var fields = try Fields(node, file: file, what: "a name")
        return try fields.stringMatch()
    }

    fileprivate func prefix(_ node: DocumentNode) throws(InputError) -> Prefix {
        guard let prefix = node.text.flatMap({ Prefix($0) }) else {
            throw InputError(file, node.position, "a block must be address/length, not \(node.kindName)")
        }
        return prefix
    }
}
