import Model
import Testing

@testable import Sim

/// Policies, and a connection to a pod that user space judges.
struct UserSpaceCase: CustomTestStringConvertible {
    let testDescription: String
    var policies: [Policy]
    var listed: [String] = []
    var from = "10.0.0.1:1234"
    var to = "10.1.0.2:80"
    var reason: UpstreamUserSpaceAuthorization.Reason
    var by: UpstreamRuleHit?
}

/// Upstream's user space: what it decides, and where it differs from Istio.
struct UpstreamUserSpaceTests {
    private static func hit(_ policy: String, _ matches: [Int?], rule: Int = 0) -> UpstreamRuleHit {
        UpstreamRuleHit(policy: "default/\(policy)", rule: rule, matches: matches)
    }

    private static func principals(_ any: StringMatch..., not none: [StringMatch] = []) -> PolicyMatch {
        PolicyMatch(principals: PolicyMatch.Values(any, not: none))
    }

    private static func namespaces(_ any: StringMatch..., not none: [StringMatch] = []) -> PolicyMatch {
        PolicyMatch(namespaces: PolicyMatch.Values(any, not: none))
    }

    @Test(arguments: [
        UserSpaceCase(
            testDescription: "a destination that nobody owns is denied", policies: [], to: "10.1.0.9:80",
            reason: .noWorkload),
        UserSpaceCase(testDescription: "no policy allows", policies: [], reason: .noAllowPolicy),
        UserSpaceCase(
            testDescription: "a DENY wins although an ALLOW comes first",
            policies: [policy("a", .allow, [[[ports(80)]]]), policy("d", .deny, [[[ports(1)]], [[ports(80)]]])],
            listed: ["default/a", "default/d"], reason: .denyMatched, by: hit("d", [0], rule: 1)),
        UserSpaceCase(
            testDescription: "policies of the mesh and of the namespace apply without being listed",
            policies: [
                policy("g", .allow, [[[ports(1)]]], scope: .global, namespace: "istio-system"),
                policy("n", .allow, [[[ports(80)]]], scope: .namespace),
            ], reason: .allowMatched, by: hit("n", [0])),
        UserSpaceCase(
            testDescription: "policies of another namespace do not apply, nor those that select others",
            policies: [
                policy("n", .deny, [[[ports(80)]]], scope: .namespace, namespace: "other"),
                policy("w", .deny, [[[ports(80)]]]),
            ], reason: .noAllowPolicy),
        UserSpaceCase(
            testDescription: "an ALLOW that misses denies", policies: [policy("a", .allow, [[[ports(81)]]])],
            listed: ["default/a"], reason: .allowMissed),
        UserSpaceCase(
            testDescription: "the fifth policy counts",
            policies: (1...5).map { policy("p\($0)", .deny, [[[ports($0 == 5 ? 80 : UInt16($0))]]]) },
            listed: (1...5).map { "default/p\($0)" }, reason: .denyMatched, by: hit("p5", [0])),
        UserSpaceCase(
            testDescription: "an empty match never holds", policies: [policy("d", .deny, [[[PolicyMatch()]]])],
            listed: ["default/d"], reason: .noAllowPolicy),
        UserSpaceCase(
            testDescription: "a clause without matches and a rule without clauses match",
            policies: [policy("d", .deny, [[[ports(1)]], [[]]])], listed: ["default/d"], reason: .denyMatched,
            by: hit("d", [nil], rule: 1)),
        UserSpaceCase(
            testDescription: "a policy without rules does not match", policies: [policy("d", .deny, [])],
            listed: ["default/d"], reason: .noAllowPolicy),
        UserSpaceCase(
            testDescription: "the client's principal is that of the address's workload",
            policies: [policy("d", .deny, [[[principals(.suffix("/sa/web"))]]])], listed: ["default/d"],
            reason: .denyMatched, by: hit("d", [0])),
        UserSpaceCase(
            testDescription: "a client that nobody owns has the principal of empty names",
            policies: [policy("d", .deny, [[[principals(.exact("/ns//sa/"))]]])], listed: ["default/d"],
            from: "192.168.0.1:1", reason: .denyMatched, by: hit("d", [0])),
        UserSpaceCase(
            testDescription: "a client that nobody owns is in the namespace of the empty name",
            policies: [policy("d", .deny, [[[namespaces(.prefix(""))]]])], listed: ["default/d"],
            from: "192.168.0.1:1", reason: .denyMatched, by: hit("d", [0])),
        UserSpaceCase(
            testDescription: "an empty prefix is met by no other name",
            policies: [policy("d", .deny, [[[namespaces(.prefix(""), .suffix(""))]]])], listed: ["default/d"],
            reason: .noAllowPolicy),
        UserSpaceCase(
            testDescription: "STRICT mTLS denies everyone",
            policies: [policy("d", .deny, [[[principals(not: [.presence])]]], scope: .global)],
            reason: .denyMatched, by: hit("d", [0])),
        UserSpaceCase(
            testDescription: "a DENY on service accounts never matches",
            policies: [
                policy(
                    "d", .deny,
                    [
                        [
                            [
                                PolicyMatch(
                                    serviceAccounts: PolicyMatch.Values([
                                        PolicyMatch.ServiceAccount(namespace: "frontend", name: "web")
                                    ]))
                            ]
                        ]
                    ])
            ], listed: ["default/d"], reason: .noAllowPolicy),
        UserSpaceCase(
            testDescription: "a dry-run DENY bites",
            policies: [policy("d", .deny, [[[ports(80)]]], isDryRun: true)], listed: ["default/d"],
            reason: .denyMatched, by: hit("d", [0])),
        UserSpaceCase(
            testDescription: "an IPv4-mapped block is read as IPv4 with its length",
            policies: [policy("d", .deny, [[[sources("::ffff:10.0.0.0/8")]]])], listed: ["default/d"],
            reason: .denyMatched, by: hit("d", [0])),
        UserSpaceCase(
            testDescription: "an IPv4-mapped block of more than 32 bits is none",
            policies: [policy("d", .deny, [[[sources("::ffff:10.0.0.0/104")]]])], listed: ["default/d"],
            reason: .noAllowPolicy),
        UserSpaceCase(
            testDescription: "families are told apart", policies: [policy("d", .deny, [[[sources("253.0.0.0/8")]]])],
            listed: ["default/d"], from: "[fd00::1]:1", to: "[fd00:1::2]:80", reason: .noAllowPolicy),
    ])
    func verdictsAreUpstreams(_ c: UserSpaceCase) throws {
        var scene = try UpstreamScene(c.policies, listed: c.listed)
        let (decision, isWritten) = scene.establish(c.from, to: c.to)
        #expect(decision.reason == c.reason)
        #expect(decision.hit == c.by)
        #expect(isWritten == !decision.isAllowed)
    }

    @Test func onlyTheNetworkWithoutANameIsKnown() throws {
        var scene = try UpstreamScene([policy("d", .deny, [[[Self.namespaces(.exact("frontend"))]]])])
        #expect(scene.establish().decision.reason == .denyMatched)
        _ = scene.apply(.setWorkload(UpstreamScene.client(network: "n1")))
        #expect(scene.establish().decision.reason == .noAllowPolicy)
        _ = scene.apply(.setWorkload(UpstreamScene.pod(listing: [], network: "n1")))
        #expect(scene.establish().decision.reason == .noWorkload)
    }

    @Test func whatIsOnTheHostsNetworkHasNoAddress() throws {
        var scene = try UpstreamScene([])
        _ = scene.apply(.setWorkload(UpstreamScene.pod(listing: [], mode: .hostNetwork)))
        #expect(scene.establish().decision.reason == .noWorkload)
    }

    @Test func whatGoesIsForgotten() throws {
        var scene = try UpstreamScene([policy("d", .deny, [[[ports(80)]]], scope: .namespace)], listed: [])
        #expect(scene.establish().decision.reason == .denyMatched)
        _ = scene.apply(.setPolicy(policy("d", .deny, [[[ports(80)]]])))
        #expect(scene.establish().decision.reason == .noAllowPolicy)
        _ = scene.apply(.removePolicy("default/d"))
        _ = scene.apply(.removeWorkload(UpstreamScene.pod))
        #expect(scene.establish().decision.reason == .noWorkload)
    }

    @Test func everyReasonHasItsOwnSentence() {
        let sentences = UpstreamUserSpaceAuthorization.Reason.allCases.map(\.description)
        #expect(Set(sentences).count == sentences.count)
    }
}
