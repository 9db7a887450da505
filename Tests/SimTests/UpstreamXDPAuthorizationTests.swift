import Model
import Testing

@testable import Sim

/// Policies that a pod lists, and a packet to it.
struct XDPCase: CustomTestStringConvertible {
    let testDescription: String
    var policies: [Policy]
    var listed: [String]?
    var from = "10.0.0.1:1234"
    var to = "10.1.0.2:80"
    var reason: UpstreamXDPReason
    /// The policy that decides.
    var by: String?
    /// The matches of its clauses that hold.
    var matches: [Int?]?
}

/// Upstream's XDP engine beyond its recordings: each accident by name, and what the outcome says about it.
struct UpstreamXDPAuthorizationTests {
    private static let web = PolicyMatch(namespaces: PolicyMatch.Values([.exact("web")]))
    private static let webOn81 = PolicyMatch(
        namespaces: PolicyMatch.Values([.exact("web")]), destinationPorts: PolicyMatch.Values([81]))
    private static let account = PolicyMatch(
        serviceAccounts: PolicyMatch.Values([PolicyMatch.ServiceAccount(namespace: "a", name: "b")]))
    private static let present = PolicyMatch(principals: PolicyMatch.Values([], not: [.presence]))

    @Test(arguments: [
        XDPCase(
            testDescription: "a pod without policies is not looked at", policies: [], listed: [], reason: .noPolicies),
        XDPCase(
            testDescription: "an address that the mesh does not know passes",
            policies: [policy("d", .deny, [[[ports(80)]]])], to: "10.1.0.9:80", reason: .noFrontend),
        XDPCase(
            testDescription: "the first policy that matches wins: an ALLOW before a DENY",
            policies: [policy("a", .allow, [[[ports(80)]]]), policy("d", .deny, [[[ports(80)]]])],
            reason: .allowMatched, by: "default/a", matches: [0]),
        XDPCase(
            testDescription: "the first policy that matches wins: a DENY before an ALLOW",
            policies: [policy("d", .deny, [[[ports(80)]]]), policy("a", .allow, [[[ports(80)]]])],
            reason: .denyMatched, by: "default/d", matches: [0]),
        XDPCase(
            testDescription: "policies that apply by scope are not known",
            policies: [
                policy("g", .deny, [[[ports(80)]]], scope: .global),
                policy("n", .deny, [[[ports(80)]]], scope: .namespace), policy("x", .deny, [[[ports(1)]]]),
            ], listed: ["default/x"], reason: .nothingMatched),
        XDPCase(
            testDescription: "the fifth policy is not stored: a DENY fails open",
            policies: (1...4).map { policy("p\($0)", .deny, [[[ports(UInt16($0))]]]) }
                + [policy("p5", .deny, [[[ports(80)]]])],
            reason: .nothingMatched),
        XDPCase(
            testDescription: "the fifth policy is not stored: an ALLOW fails closed",
            policies: (1...5).map { policy("p\($0)", .allow, [[[ports($0 == 5 ? 80 : UInt16($0))]]]) },
            reason: .allowMissed, by: "default/p1"),
        XDPCase(
            testDescription: "only the first rule counts",
            policies: [policy("d", .deny, [[[ports(1)]], [[ports(80)]]])], reason: .nothingMatched),
        XDPCase(
            testDescription: "the fifth clause is not looked at",
            policies: [policy("d", .deny, [[[ports(80)], [ports(80)], [ports(80)], [ports(80)], [ports(1)]]])],
            reason: .denyMatched, by: "default/d", matches: [0, 0, 0, 0]),
        XDPCase(
            testDescription: "the fourth match is looked at",
            policies: [policy("d", .deny, [[[ports(1), ports(2), ports(3), ports(80)]]])], reason: .denyMatched,
            by: "default/d", matches: [3]),
        XDPCase(
            testDescription: "the fifth match is not looked at",
            policies: [policy("d", .deny, [[[ports(1), ports(2), ports(3), ports(4), ports(80)]]])],
            reason: .nothingMatched),
        XDPCase(
            testDescription: "the fifth port is not looked at",
            policies: [policy("d", .deny, [[[ports(1, 2, 3, 4, 80)]]])], reason: .nothingMatched),
        XDPCase(
            testDescription: "only the first source block counts",
            policies: [policy("d", .deny, [[[sources("192.168.0.0/16", "10.0.0.0/8")]]])], reason: .nothingMatched),
        XDPCase(
            testDescription: "only the first destination block counts",
            policies: [policy("d", .deny, [[[destinations("192.168.0.0/16", "10.0.0.0/8")]]])],
            reason: .nothingMatched),
        XDPCase(
            testDescription: "a not-list of addresses alone never matches",
            policies: [policy("d", .deny, [[[sources(not: ["192.168.0.0/16"])]]])], reason: .nothingMatched),
        XDPCase(
            testDescription: "a not-list of ports alone matches",
            policies: [policy("d", .deny, [[[ports(not: [81])]]])], reason: .denyMatched, by: "default/d",
            matches: [0]),
        XDPCase(
            testDescription: "every IPv6 source is not matched by ::/0",
            policies: [policy("d", .deny, [[[sources("::/0")]]])], from: "[fd00::1]:1234", to: "[fd00:1::2]:80",
            reason: .nothingMatched),
        XDPCase(
            testDescription: "an IPv4 block matches the first bytes of an IPv6 source",
            policies: [policy("d", .deny, [[[sources("253.0.0.0/8")]]])], from: "[fd00::1]:1234",
            to: "[fd00:1::2]:80", reason: .denyMatched, by: "default/d", matches: [0]),
        XDPCase(
            testDescription: "a match on names only matches everyone",
            policies: [policy("d", .deny, [[[web]]])], reason: .denyMatched, by: "default/d", matches: [0]),
        XDPCase(
            testDescription: "a match on service accounts is empty and matches everyone",
            policies: [policy("d", .deny, [[[account]]])], reason: .denyMatched, by: "default/d", matches: [0]),
        XDPCase(
            testDescription: "STRICT mTLS denies everyone",
            policies: [policy("strict", .deny, [[[present]]])], reason: .denyMatched, by: "default/strict",
            matches: [0]),
        XDPCase(
            testDescription: "a dry run bites",
            policies: [policy("dry", .deny, [[[ports(80)]]], isDryRun: true)], reason: .denyMatched,
            by: "default/dry", matches: [0]),
        XDPCase(
            testDescription: "names after a miss hand over, and an ALLOW that missed passes",
            policies: [policy("a", .allow, [[[webOn81]]])], reason: .handedOver, by: "default/a"),
        XDPCase(
            testDescription: "the hand-over is remembered until the walk ends",
            policies: [policy("a", .allow, [[[webOn81]]]), policy("b", .allow, [[[ports(82)]]])],
            reason: .handedOver, by: "default/a"),
        XDPCase(
            testDescription: "a later policy that matches makes the hand-over void",
            policies: [policy("a", .allow, [[[webOn81]]]), policy("d", .deny, [[[ports(80)]]])],
            reason: .denyMatched, by: "default/d", matches: [0]),
        XDPCase(
            testDescription: "names in a clause that is not reached hand nothing over",
            policies: [policy("a", .allow, [[[ports(81)], [webOn81]]])], reason: .allowMissed, by: "default/a"),
        XDPCase(
            testDescription: "names before a match that holds do not count, unless another clause fails",
            policies: [policy("a", .allow, [[[webOn81, ports(80)], [ports(82)]]])], reason: .handedOver,
            by: "default/a"),
        XDPCase(
            testDescription: "a clause without matches does not match",
            policies: [policy("d", .deny, [[[]]])], reason: .nothingMatched),
        XDPCase(
            testDescription: "a rule without clauses matches",
            policies: [policy("d", .deny, [[]])], reason: .denyMatched, by: "default/d", matches: []),
        XDPCase(
            testDescription: "a policy without rules ends the walk with a pass, whatever missed before",
            policies: [
                policy("a", .allow, [[[ports(81)]]]), policy("e", .deny, []), policy("d", .deny, [[[ports(80)]]]),
            ],
            reason: .policyWithoutRules, by: "default/e"),
        XDPCase(
            testDescription: "a missing policy ends the walk",
            policies: [policy("d", .deny, [[[ports(80)]]])], listed: ["default/gone", "default/d"],
            reason: .policyMissing),
        XDPCase(
            testDescription: "at a missing policy an ALLOW that missed is a drop",
            policies: [policy("a", .allow, [[[ports(81)]]]), policy("b", .allow, [[[ports(80)]]])],
            listed: ["default/a", "default/gone", "default/b"], reason: .allowMissed, by: "default/a"),
    ])
    func accidentsAreThereAndNamed(_ c: XDPCase) throws {
        var scene = try UpstreamScene(c.policies, listed: c.listed)
        let outcome = scene.receive(c.from, to: c.to)
        #expect(outcome.reason == c.reason)
        #expect(outcome.policy == c.by)
        #expect(outcome.hit == c.matches.map { UpstreamRuleHit(policy: c.by ?? "", rule: 0, matches: $0) })
        #expect(outcome.source == socketAddress(c.from))
        #expect(outcome.destination == socketAddress(c.to))
        let wentThrough = ![.noFrontend, .noPolicies].contains(c.reason)
        #expect(outcome.isCached == (c.matches != nil))
        #expect(outcome.leavesState == (wentThrough && c.matches == nil))
        #expect(scene.authorization.maps.walks.count == (outcome.leavesState ? 1 : 0))
        #expect(scene.authorization.maps.results.count == (outcome.isCached ? 1 : 0))
    }

    @Test func aMissingPolicyIsNamedByItsID() throws {
        var scene = try UpstreamScene([], listed: ["default/gone"])
        #expect(scene.receive().missingPolicy == NameTable.hash("default/gone"))
    }

    @Test func aCachedVerdictOutlivesItsPolicy() throws {
        let allow = policy("p", .allow, [[[ports(80)]]])
        var scene = try UpstreamScene([allow])
        #expect(scene.receive().reason == .allowMatched)
        _ = scene.apply(.setPolicy(policy("p", .deny, [[[ports(80)]]])))
        #expect(scene.receive("10.0.0.1:1234", .ack).reason == .cachedAllow)
        #expect(scene.receive("10.0.0.1:1235").reason == .denyMatched)
        #expect(scene.receive("10.0.0.1:1235").reason == .cachedDenial)
    }

    @Test func repliesAreJudgedLikeRequests() throws {
        var scene = try UpstreamScene([policy("a", .allow, [[[ports(80)]]])])
        #expect(scene.receive("10.0.0.9:443", to: "10.1.0.2:40000", [.syn, .ack]).reason == .allowMissed)
    }

    @Test func aFullTableOfWalksLetsEverythingPass() throws {
        var scene = try UpstreamScene([policy("d", .deny, [[[sources("10.0.0.0/8")]]])])
        scene.authorization.maps.walks = HashMap(capacity: 2)
        for port in 1...2 { #expect(scene.receive("192.168.0.1:\(port)").reason == .nothingMatched) }
        #expect(scene.receive("10.0.0.1:1").reason == .stateFull)
        #expect(scene.receive("10.0.0.1:1").passes)
        // A flow that left its state before still has its place.
        _ = scene.apply(.setPolicy(policy("d", .deny, [[[ports(80)]]])))
        #expect(scene.receive("192.168.0.1:1").reason == .denyMatched)
        #expect(scene.receive("10.0.0.1:1").reason == .denyMatched)
    }

    @Test func aFullTableOfVerdictsStillEnforcesThem() throws {
        var scene = try UpstreamScene([policy("d", .deny, [[[ports(80)]]])])
        scene.authorization.maps.results = HashMap(capacity: 1)
        #expect(scene.receive("10.0.0.1:1").isCached)
        for _ in 1...2 {
            let outcome = scene.receive("10.0.0.1:2")
            #expect(outcome.reason == .denyMatched)
            #expect(!outcome.isCached && !outcome.leavesState)
        }
        #expect(scene.authorization.maps.walks.count == 0)
    }

    @Test func everyReasonHasItsOwnSentence() {
        let sentences = UpstreamXDPReason.allCases.map(\.description)
        #expect(Set(sentences).count == sentences.count)
        #expect(UpstreamXDPReason.allCases.filter { !$0.passes } == [.cachedDenial, .denyMatched, .allowMissed])
    }
}
