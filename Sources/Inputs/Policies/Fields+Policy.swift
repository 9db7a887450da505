import Model

/// How a format writes the rules of a policy.
enum PolicyRuleForm {
    /// As ztunnel does: a rule is a list of clauses, a clause a list of matches.
    case lists
    /// As the workload API does: a rule is `{clauses: […]}`, a clause `{matches: […]}`. Istio's own structures call them
    /// groups and rules.
    case messages
}

extension Fields {
    /// A policy; what a format requires beyond its name is checked before. A missing scope or action is the first of its
    /// kind, as in the workload API.
    mutating func policy(rules form: PolicyRuleForm) throws(InputError) -> Policy {
        let scopes: KeyValuePairs<String, Policy.Scope> = [
            "Global": .global, "Namespace": .namespace, "WorkloadSelector": .workload,
        ]
        let (rules, groups) = (node("rules"), form == .messages ? node("groups") : nil)
        if rules != nil, let groups {
            throw InputError(file, groups.position, "a policy has \"rules\" or \"groups\", not both")
        }
        let policy = Policy(
            name: try requiredFilled("name"),
            namespace: try string("namespace") ?? "",
            scope: try word("scope", in: scopes) ?? .global,
            action: try word("action", in: ["Allow": Policy.Action.allow, "Deny": .deny]) ?? .allow,
            rules: try policyRules(rules ?? groups, key: groups == nil ? "rules" : "groups", form),
            isDryRun: try boolean("dryRun") ?? false)
        try refuseExtensions(of: "a policy")
        try finish()
        return policy
    }

    private func policyRules(
        _ node: DocumentNode?, key: String, _ form: PolicyRuleForm
    ) throws(InputError) -> [Policy.Rule] {
        var rules: [Policy.Rule] = []
        for rule in try policyList(node, key: key) {
            var clauses: [Policy.Clause] = []
            for clause in try members(of: rule, "a rule", form, plural: "clauses", or: ["rules"]) {
                var matches: [PolicyMatch] = []
                for match in try members(of: clause, "a clause", form, plural: "matches", or: []) {
                    matches.append(try Fields.policyMatch(match, file: file))
                }
                clauses.append(Policy.Clause(matches))
            }
            rules.append(Policy.Rule(clauses))
        }
        return rules
    }

    /// What a rule or a clause consists of.
    private func members(
        of node: DocumentNode, _ what: String, _ form: PolicyRuleForm, plural: String, or other: [String]
    ) throws(InputError) -> [DocumentNode] {
        switch (form, node.value) {
        case (.lists, .sequence(let elements)): return elements
        case (.lists, _):
            throw InputError(file, node.position, "\(what) must be a list of \(plural), not \(node.kindName)")
        case (.messages, .mapping):
            var fields = try Fields(node, file: file, what: what)
            let lists = ([plural] + other).compactMap { key in fields.node(key).map { (key, $0) } }
            try fields.finish()
            guard lists.count < 2 else {
                throw InputError(file, lists[1].1.position, "\(what) has \"\(plural)\" or \"\(lists[1].0)\", not both")
            }
            return try policyList(lists.first?.1, key: lists.first?.0 ?? plural)
        case (.messages, _):
            throw InputError(file, node.position, "\(what) must be a mapping with \(plural), not \(node.kindName)")
        }
    }

    private func policyList(_ node: DocumentNode?, key: String) throws(InputError) -> [DocumentNode] {
        guard let node else { return [] }
        guard let elements = node.elements else {
            throw InputError(file, node.position, "\"\(key)\" must be a list, not \(node.kindName)")
        }
        return elements
    }
}
