import Inputs
import Model

/// The families `authz` (policies, a destination, a connection), `authz-match` (one policy, one connection) and
/// `string-match` (one name).
enum AuthorizationFamily {
    /// Judges a connection. A case of the dialect `kmesh` is upstream's user space's; any other is the reference's, and
    /// upstream's too where its schema holds all of the policies.
    static func verdictDifferences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        let policies = try input.policies("policies")
        let destination = try input.destinationWorkload()
        let applying = try applying(policies, to: destination, &input, vector)
        let request = try input.authorizationRequest(judgedBy: applying)
        try input.finish()
        let degraded = applying.map(UpstreamPolicySchema.degraded)
        let upstream = UpstreamUserSpaceAuthorization.decision(
            on: request, to: destination, by: degraded.map(\.policy))
        var expectation = try Expectation(vector.expect, of: vector)
        if vector.dialect == "kmesh" {
            try expectation.compareBoolean("allowed", with: upstream.isAllowed)
            return try expectation.finish()
        }
        guard destination != nil else { throw vector.problem("\"destination_workload\" is missing") }
        let verdict = ReferenceAuthorization.verdict(on: request, by: applying)
        try expectation.compareBoolean("allowed", with: verdict.isAllowed)
        try expectation.compareText("reason", with: reason(of: verdict))
        try expectation.compareText("policy", with: verdict.rule?.policy)
        if degraded.allSatisfy({ $0.losses.isEmpty }) {
            expectation.compare(
                "allowed by upstream's user space", expected: String(verdict.isAllowed), got: String(upstream.isAllowed)
            )
        }
        return try expectation.finish()
    }

    /// Whether a policy matches a connection.
    static func matchDifferences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        let policy = try WorkloadAPIResource.policy(input.required("policy"), file: vector.file)
        let request = try input.authorizationRequest(judgedBy: [policy])
        try input.finish()
        var expectation = try Expectation(vector.expect, of: vector)
        try expectation.compareBoolean("policy_matches", with: policy.firstMatchingRule(for: request) != nil)
        return try expectation.finish()
    }

    /// Whether a name meets a condition.
    static func nameDifferences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        var fields = try Fields(input.required("matcher"), file: vector.file, what: "\"matcher\"")
        let matches = try fields.stringMatch().matches(input.string("value") ?? "")
        try input.finish()
        var expectation = try Expectation(vector.expect, of: vector)
        try expectation.compareBoolean("matches", with: matches)
        return try expectation.finish()
    }

    /// The policies that apply to the destination. A case may say itself which do by namespace, with those of the whole
    /// mesh under ""; else their scope tells.
    private static func applying(
        _ policies: [Policy], to destination: Workload?, _ input: inout Fields, _ vector: ConformanceCase
    ) throws(InputError) -> [Policy] {
        var byName: [String: Policy] = [:]
        for policy in policies where byName.updateValue(policy, forKey: policy.resourceName) != nil {
            throw vector.problem("two policies are named \(policy.resourceName)")
        }
        let isAttached = input.has("attached_by_namespace")
        var names: Set<String> = []
        for entry in try input.entries("attached_by_namespace")
        where entry.key.isEmpty || entry.key == destination?.namespace {
            for node in entry.value.elements ?? [] {
                guard let name = node.text else {
                    throw InputError(vector.file, node.position, "a policy's name must be text, not \(node.kindName)")
                }
                names.insert(name)
            }
        }
        guard isAttached else { return destination.map { PolicySelection(byName).policies(for: $0) } ?? [] }
        names.formUnion(destination?.policies ?? [])
        return names.sorted().compactMap { byName[$0] }
    }

    /// How vectors name what decides.
    private static func reason(of verdict: AuthorizationVerdict) -> String {
        switch verdict {
        case .denied: "explicit_deny"
        case .deniedByDefault: "not_allowed"
        case .allowed: "explicit_allow"
        case .allowedByDefault: "no_allow_policy"
        }
    }
}
