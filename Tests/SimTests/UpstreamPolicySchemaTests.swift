import Model
import Testing

@testable import Sim

/// What upstream's schema loses of a policy, and says so.
struct UpstreamPolicySchemaTests {
    private let place = UpstreamPolicySchema.Place(rule: 0, clause: 0, match: 1)

    private func losses(_ match: PolicyMatch, isDryRun: Bool = false) -> [UpstreamPolicySchema.Loss] {
        UpstreamPolicySchema.degraded(policy("p", .deny, [[[ports(80), match]]], isDryRun: isDryRun)).losses
    }

    private let account = PolicyMatch.Values([PolicyMatch.ServiceAccount(namespace: "a", name: "b")])

    @Test func whatTheSchemaKnowsIsKept() {
        let match = PolicyMatch(
            namespaces: PolicyMatch.Values([.exact("a")], not: [.prefix("b")]),
            principals: PolicyMatch.Values([.suffix("c")]), sourceBlocks: PolicyMatch.Values([block("10.0.0.0/8")]),
            destinationBlocks: PolicyMatch.Values([], not: [block("fd00::/8")]),
            destinationPorts: PolicyMatch.Values([1], not: [2]))
        let degraded = UpstreamPolicySchema.degraded(policy("p", .allow, [[[match]], []], scope: .namespace))
        #expect(degraded.losses == [])
        #expect(degraded.policy.resourceName == "default/p")
        #expect(degraded.policy.scope == .namespace && degraded.policy.action == .allow)
        #expect(degraded.policy.rules.map(\.count) == [1, 0])
        let kept = degraded.policy.rules[0][0][0]
        #expect(kept.namespaces == PolicyMatch.Values([.exact("a")], not: [.prefix("b")]))
        #expect(kept.principals == PolicyMatch.Values([.suffix("c")]))
        #expect(kept.sourceBlocks == match.sourceBlocks && kept.destinationBlocks == match.destinationBlocks)
        #expect(kept.destinationPorts == PolicyMatch.Values([1], not: [2]))
    }

    @Test func serviceAccountsPresenceAndDryRunsAreLost() {
        #expect(losses(PolicyMatch(serviceAccounts: account)) == [.serviceAccounts(place, leavesNothing: true)])
        #expect(
            losses(PolicyMatch(serviceAccounts: account, destinationPorts: PolicyMatch.Values([1])))
                == [.serviceAccounts(place, leavesNothing: false)])
        #expect(
            losses(PolicyMatch(principals: PolicyMatch.Values([], not: [.presence])), isDryRun: true)
                == [.dryRun, .presence(.principals, place)])
        #expect(
            losses(PolicyMatch(namespaces: PolicyMatch.Values([.presence]), serviceAccounts: account))
                == [.presence(.namespaces, place), .serviceAccounts(place, leavesNothing: false)])
    }

    @Test func aLossNamesItsPlace() {
        let loss = UpstreamPolicySchema.Loss.presence(.principals, place)
        #expect(loss.description == "rule 0, clause 0, match 1: any name among the principals is read as no name")
    }
}
