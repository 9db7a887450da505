import Model
import TestSupport
import Testing

/// What happens in the generated meshes; a generator that lost a case would let every property hold.
private struct Seen: Hashable {
    var verdicts: Set<String> = []
    var kinds: Set<PolicyMatch.Kind> = []
    var scopes: Set<Policy.Scope> = []
    var v4Lengths: Set<Int> = []
    var v6Lengths: Set<Int> = []
    var hasEmptyMatch = false
    var hasEmptyClause = false
    var hasEmptyRule = false
    var hasDryRun = false
    var hasUnknownSource = false
}

@Test func generatedPoliciesCoverWhatPoliciesCanBe() {
    var seen = Seen()
    forEachSeed(count: 3000) { seed in
        var random = SplitMix64(seed: seed)
        let workloads = PolicyGenerator.workloads(count: 6, using: &random)
        let policies = PolicyGenerator.policies(count: 5, using: &random, over: workloads)
        let mesh = PolicyGenerator.mesh(of: workloads, under: policies, using: &random)
        for policy in policies {
            seen.scopes.insert(policy.scope)
            seen.hasDryRun = seen.hasDryRun || policy.isDryRun
            for rule in policy.rules {
                seen.hasEmptyRule = seen.hasEmptyRule || rule.clauses.isEmpty
                for clause in rule.clauses {
                    seen.hasEmptyClause = seen.hasEmptyClause || clause.matches.isEmpty
                    for match in clause.matches {
                        seen.hasEmptyMatch = seen.hasEmptyMatch || match.isEmpty
                        seen.kinds.formUnion(match.namedKinds)
                        for block in match.sourceBlocks.any + match.destinationBlocks.any {
                            if block.address.family == .v4 { seen.v4Lengths.insert(block.length) }
                            if block.address.family == .v6 { seen.v6Lengths.insert(block.length) }
                        }
                    }
                }
            }
        }
        let selection = PolicySelection(mesh.policies)
        for request in PolicyGenerator.requests(count: 20, using: &random, in: mesh) {
            #expect(request.source.family == request.destination.address.family)
            seen.hasUnknownSource = seen.hasUnknownSource || request.identity == nil
            for workload in workloads where workload.addresses.contains(request.destination.address) {
                guard let workload = mesh.workloads[workload.uid] else { continue }
                let applied = selection.policies(for: workload)
                switch ReferenceAuthorization.verdict(on: request, by: applied) {
                case .allowed: seen.verdicts.insert("allowed")
                case .allowedByDefault: seen.verdicts.insert("allowedByDefault")
                case .denied: seen.verdicts.insert("denied")
                case .deniedByDefault: seen.verdicts.insert("deniedByDefault")
                }
            }
        }
    }
    #expect(
        seen
            == Seen(
                verdicts: ["allowed", "allowedByDefault", "denied", "deniedByDefault"],
                kinds: Set(PolicyMatch.Kind.allCases), scopes: Set(Policy.Scope.allCases),
                v4Lengths: Set(0...32), v6Lengths: Set(0...128), hasEmptyMatch: true, hasEmptyClause: true,
                hasEmptyRule: true, hasDryRun: true, hasUnknownSource: true))
}

@Test(arguments: [
    ("10.0.0.0/8", ["9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"]),
    ("10.1.2.3/32", ["10.1.2.2", "10.1.2.3", "10.1.2.3", "10.1.2.4"]),
    ("0.0.0.0/0", ["255.255.255.255", "0.0.0.0", "255.255.255.255", "0.0.0.0"]),
    ("fd00::/64", ["fcff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fd00::", "fd00::ffff:ffff:ffff:ffff", "fd00:0:0:1::"]),
    (
        "fd00::/7",
        ["fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe00::"]
    ),
])
func edgesOfABlockAreOnBothSides(block: String, edges: [String]) throws {
    let block = try #require(Prefix(block))
    #expect(RequestScene.edges(of: block).map(\.description) == edges)
}

@Test func anAddressBelongsToTheFirstWorkloadThatHasItForItself() {
    let address = IPAddress.v4(0x0A00_0001)
    func workload(_ name: String, _ mode: NetworkMode = .standard) -> Workload {
        Workload(
            WorkloadUID(name), name: name, namespace: "ns", addresses: [address], serviceAccount: name,
            networkMode: mode)
    }
    let (a, b, host) = (workload("a"), workload("b"), workload("0", .hostNetwork))
    #expect(SourceOwners([b, host, a]).workload(of: address) == a)
    #expect(SourceOwners([host]).identity(of: address) == nil)
    #expect(SourceOwners([b]).identity(of: address)?.principal == "cluster.local/ns/ns/sa/b")
    #expect(SourceOwners([b, a]).addresses == [address])
}
