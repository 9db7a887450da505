import Model
import TestSupport
import Testing

private let shop = PeerIdentity(trustDomain: "cluster.local", namespace: "shop", serviceAccount: "web")

private func request(
    _ source: String = "10.0.0.9", _ identity: PeerIdentity? = shop, _ destination: String = "10.0.0.5:80"
) throws -> AuthorizationRequest {
    AuthorizationRequest(
        source: try #require(IPAddress(source)), identity: identity,
        destination: try #require(SocketAddress(destination)))
}

private func policy(_ rules: [[[PolicyMatch]]]) -> Policy {
    Policy(
        name: "p", namespace: "ns", scope: .global, action: .allow,
        rules: rules.map { Policy.Rule($0.map { Policy.Clause($0) }) })
}

private func block(_ text: String) throws -> Prefix { try #require(Prefix(text)) }

struct ConditionCase: CustomTestStringConvertible {
    let testDescription: String
    var match: PolicyMatch
    var hasIdentity = true
    var texts: [String]
}

@Test(arguments: [
    ConditionCase(
        testDescription: "a namespace", match: PolicyMatch(namespaces: .init([.exact("web"), .prefix("api")])),
        texts: ["source namespace is \"shop\", not \"web\" or \"api*\""]),
    ConditionCase(
        testDescription: "a namespace that is excluded",
        match: PolicyMatch(namespaces: .init(not: [.exact("web"), .prefix("sh")])),
        texts: ["source namespace is \"shop\", and must not be \"sh*\""]),
    ConditionCase(
        testDescription: "wanted and excluded",
        match: PolicyMatch(namespaces: .init([.suffix("b")], not: [.presence])),
        texts: ["source namespace is \"shop\", not \"*b\"", "source namespace is \"shop\", and must not be \"*\""]),
    ConditionCase(
        testDescription: "nobody's namespace",
        match: PolicyMatch(namespaces: .init([.presence], not: [.presence])), hasIdentity: false,
        texts: ["source 10.0.0.9 has no identity; its namespace must be \"*\""]),
    ConditionCase(
        testDescription: "a principal", match: PolicyMatch(principals: .init([.suffix("sa/db")])),
        texts: ["source principal is \"cluster.local/ns/shop/sa/web\", not \"*sa/db\""]),
    ConditionCase(
        testDescription: "a service account",
        match: PolicyMatch(serviceAccounts: .init([.init(namespace: "shop", name: "db")])),
        texts: ["source service account is \"shop/web\", not \"shop/db\""]),
    ConditionCase(
        testDescription: "a service account that is excluded",
        match: PolicyMatch(serviceAccounts: .init(not: [.init(namespace: "shop", name: "web")])),
        texts: ["source service account is \"shop/web\", and must not be \"shop/web\""]),
    ConditionCase(
        testDescription: "ports", match: PolicyMatch(destinationPorts: .init([1, 2, 3, 4, 5, 6])),
        texts: ["destination port is 80, not 1, 2, 3, 4 or 2 more"]),
    ConditionCase(
        testDescription: "a port that is excluded", match: PolicyMatch(destinationPorts: .init(not: [80])),
        texts: ["destination port is 80, and must not be 80"]),
    ConditionCase(
        testDescription: "kinds in their order",
        match: PolicyMatch(namespaces: .init([.exact("a")]), destinationPorts: .init([81])),
        texts: ["source namespace is \"shop\", not \"a\"", "destination port is 80, not 81"]),
    ConditionCase(
        testDescription: "nothing", match: PolicyMatch(), texts: ["the match names no condition, so it never holds"]),
])
func failedConditionsAreToldInWords(_ c: ConditionCase) throws {
    let explanation = AuthorizationExplanation(
        of: try request("10.0.0.9", c.hasIdentity ? shop : nil), by: [policy([[[c.match]]])])
    guard case .missed(let miss) = explanation.policies[0].outcome else {
        Issue.record("\(explanation)")
        return
    }
    #expect(miss.clauses.flatMap(\.conditions).map(\.text) == c.texts)
}

@Test func failedBlocksAreToldInWords() throws {
    let match = PolicyMatch(
        sourceBlocks: .init([try block("10.1.0.0/16"), try block("fd00::/8")], not: [try block("10.0.0.0/8")]),
        destinationBlocks: .init([try block("10.0.0.6/31")]))
    let explanation = AuthorizationExplanation(of: try request(), by: [policy([[[match]]])])
    guard case .missed(let miss) = explanation.policies[0].outcome else {
        Issue.record("\(explanation)")
        return
    }
    #expect(
        miss.clauses[0].conditions.map(\.text) == [
            "source address is 10.0.0.9, not in 10.1.0.0/16 or fd00::/8",
            "source address is 10.0.0.9, and must not be in 10.0.0.0/8",
            "destination address is 10.0.0.5, not in 10.0.0.6/31",
        ])
}

private let holding = PolicyMatch(destinationPorts: .init([80]))
private let one = PolicyMatch(destinationPorts: .init([81]))
private let two = PolicyMatch(namespaces: .init([.exact("a")]), destinationPorts: .init([81]))

struct NearestCase: CustomTestStringConvertible {
    let testDescription: String
    var rules: [[[PolicyMatch]]]
    var rule: Int
    /// Clause and match of each clause that fails.
    var failed: [[Int]]
}

@Test(arguments: [
    NearestCase(testDescription: "one rule", rules: [[[one]]], rule: 0, failed: [[0, 0]]),
    NearestCase(testDescription: "fewer clauses", rules: [[[one], [one]], [[two]]], rule: 1, failed: [[0, 0]]),
    NearestCase(testDescription: "fewer kinds", rules: [[[two]], [[one]]], rule: 1, failed: [[0, 0]]),
    NearestCase(testDescription: "the first of equals", rules: [[[one]], [[one]]], rule: 0, failed: [[0, 0]]),
    NearestCase(testDescription: "the nearest match", rules: [[[two, one, one]]], rule: 0, failed: [[0, 1]]),
    NearestCase(testDescription: "an empty match is far", rules: [[[PolicyMatch(), two]]], rule: 0, failed: [[0, 1]]),
    NearestCase(testDescription: "only empty ones", rules: [[[PolicyMatch()]], [[two]]], rule: 1, failed: [[0, 0]]),
    NearestCase(
        testDescription: "clauses that hold are left out", rules: [[[holding], [one], [], [two]]], rule: 0,
        failed: [[1, 0], [3, 0]]),
])
func theNearestRuleIsTold(_ c: NearestCase) throws {
    let explanation = AuthorizationExplanation(of: try request(), by: [policy(c.rules)])
    guard case .missed(let miss) = explanation.policies[0].outcome else {
        Issue.record("\(explanation)")
        return
    }
    #expect(miss.rule == c.rule)
    #expect(miss.clauses.map { [$0.clause, $0.match] } == c.failed)
}

@Test func theMatchThatHoldsIsTold() throws {
    let explanation = AuthorizationExplanation(
        of: try request(), by: [policy([[[one]], [[one, holding], [], [holding]]]), policy([])])
    guard case .matched(let matched) = explanation.policies[0].outcome else {
        Issue.record("\(explanation)")
        return
    }
    #expect(matched.rule == 1)
    #expect(matched.matches == [1, nil, 0])
    #expect(explanation.policies[1].outcome == .withoutRules)
}

@Test func explanationsAgreeWithTheReference() {
    forEachSeed(count: 1000) { seed in
        var random = SplitMix64(seed: seed)
        let workloads = PolicyGenerator.workloads(count: 5, using: &random)
        let policies = PolicyGenerator.policies(count: 4, using: &random, over: workloads)
        let mesh = PolicyGenerator.mesh(of: workloads, under: policies, using: &random)
        for request in PolicyGenerator.requests(count: 10, using: &random, in: mesh) {
            let explanation = AuthorizationExplanation(of: request, by: policies)
            #expect(explanation.verdict == ReferenceAuthorization.verdict(on: request, by: policies))
            #expect(
                explanation.dryRunsMatter
                    == (ReferenceAuthorization.dryRunVerdict(on: request, by: policies) != explanation.verdict))
            for (policy, explained) in zip(policies, explanation.policies) {
                switch explained.outcome {
                case .matched(let matched):
                    #expect(matched.rule == policy.firstMatchingRule(for: request), "seed \(seed)")
                    for (clause, match) in zip(policy.rules[matched.rule].clauses, matched.matches) {
                        #expect(match.map { clause.matches[$0].holds(for: request) } ?? clause.matches.isEmpty)
                    }
                case .missed(let miss):
                    #expect(policy.firstMatchingRule(for: request) == nil, "seed \(seed)")
                    let clauses = policy.rules[miss.rule].clauses
                    #expect(miss.clauses.map(\.clause) == clauses.indices.filter { !clauses[$0].matches(request) })
                    #expect(
                        policy.rules.allSatisfy { rule in
                            rule.clauses.count { !$0.matches(request) } >= miss.clauses.count
                        })
                    for failed in miss.clauses {
                        let match = clauses[failed.clause].matches[failed.match]
                        let kinds = PolicyMatch.Kind.allCases.filter { !match.holds($0, for: request) }
                        // Some kinds fail twice: by what they must be and by what they must not be.
                        let told = failed.conditions.map(\.kind)
                        #expect(Set(told) == (match.isEmpty ? [nil] : Set(kinds)), "seed \(seed): \(request)")
                        #expect(failed.conditions.allSatisfy { !$0.text.isEmpty })
                    }
                case .withoutRules: #expect(policy.rules.isEmpty)
                }
            }
        }
    }
}
