import Model
import TestSupport
import Testing

/// One change of policies, or of what they select by.
private func change(_ mesh: Mesh, _ random: inout SplitMix64) -> MeshChange {
    let workloads = mesh.sortedWorkloads
    let policies = mesh.sortedPolicies
    if !policies.isEmpty, random.isOneIn(2) {
        var policy = random.one(of: policies)
        switch random.below(5) {
        case 0: return .removePolicy(policy.resourceName)
        case 1: policy.action = policy.action == .allow ? .deny : .allow
        case 2: policy.isDryRun.toggle()
        case 3: policy.rules = [PolicyGenerator.rule(over: workloads, using: &random)]
        default: policy.rules.append(PolicyGenerator.rule(over: workloads, using: &random))
        }
        return .setPolicy(policy)
    }
    guard !workloads.isEmpty, !random.isOneIn(8) else {
        var policy = PolicyGenerator.policies(count: 1, using: &random, over: workloads)[0]
        policy.name = "new"
        return .setPolicy(policy)
    }
    var workload = random.one(of: workloads)
    let other = random.one(of: workloads)
    switch random.below(6) {
    case 0: workload.serviceAccount = other.serviceAccount
    case 1: workload.namespace = other.namespace
    case 2: workload.policies = other.policies
    case 3: workload.networkMode = workload.networkMode == .standard ? .hostNetwork : .standard
    case 4: workload.addresses = workload.addresses.map { $0.advanced(by: UInt64(1 + random.below(64))) }
    default: return .removeWorkload(workload.uid)
    }
    return .setWorkload(workload)
}

/// Two meshes, and the verdicts on connections in both, found pair by pair.
private struct VerdictBruteForce {
    let before: Mesh
    let after: Mesh

    /// One connection before and after.
    struct Pair {
        var source: WorkloadUID?
        /// That of the family, or an address that nobody owns.
        var from: (IPAddress, IPAddress)
        var destination: WorkloadUID
        var to: (IPAddress, IPAddress)
    }

    /// The addresses of a workload in both meshes, where it has one of each family at most.
    func addresses(_ uid: WorkloadUID) -> [(IPAddress, IPAddress)] {
        guard let old = before.workloads[uid], let new = after.workloads[uid] else { return [] }
        return AddressFamily.allCases.compactMap { family in
            guard let first = old.addresses.first(where: { $0.family == family }),
                let second = new.addresses.first(where: { $0.family == family })
            else { return nil }
            return (first, second)
        }
    }

    func verdict(_ mesh: Mesh, from: IPAddress, to uid: WorkloadUID, at address: IPAddress, port: UInt16)
        -> AuthorizationVerdict
    {
        guard let workload = mesh.workloads[uid], workload.networkMode == .standard else { return .allowedByDefault }
        let owner = mesh.sortedWorkloads.first { $0.networkMode == .standard && $0.addresses.contains(from) }
        let request = AuthorizationRequest(
            source: from, identity: owner.map { PeerIdentity(of: $0) },
            destination: SocketAddress(address, port: port))
        return ReferenceAuthorization.verdict(on: request, by: PolicySelection(mesh.policies).policies(for: workload))
    }

    /// The innermost block of a policy around an address.
    func block(around address: IPAddress) -> Prefix? {
        let matches = [before, after].flatMap { mesh in
            mesh.policies.values.filter { !$0.isDryRun }.flatMap {
                $0.rules.flatMap { $0.clauses.flatMap(\.matches) }
            }
        }
        let blocks = matches.flatMap { $0.sourceBlocks.any + $0.sourceBlocks.none }
        let best = blocks.filter { $0.contains(address) }.max { $0.length < $1.length }
        return best.flatMap { Prefix($0.network, length: $0.length) }
    }
}

extension VerdictChange {
    fileprivate func holds(
        _ source: VerdictSource, _ destination: WorkloadUID, _ family: AddressFamily, _ port: UInt16
    ) -> Bool {
        guard destinations.contains(destination), families.contains(family) else { return false }
        switch ports {
        case .all: break
        case .only(let ports): guard ports.contains(port) else { return false }
        case .allBut(let ports): guard !ports.contains(port) else { return false }
        }
        guard case .some(let sources) = sources else { return true }
        return sources.contains { known in
            switch (known, source) {
            case (.workload(let a, _), .workload(let b, _)): a == b
            default: known == source
            }
        }
    }
}

@Test func verdictsDifferWhereEveryPairShowsIt() throws {
    var (differing, same) = (0, 0)
    try forEachSeed(count: 400) { seed in
        var random = SplitMix64(seed: seed)
        let workloads = PolicyGenerator.workloads(count: 5, using: &random)
        let policies = PolicyGenerator.policies(count: random.below(5), using: &random, over: workloads)
        let before = PolicyGenerator.mesh(of: workloads, under: policies, using: &random)
        var after = before
        for _ in 0..<random.one(of: [1, 1, 2]) { after.apply(change(after, &random)) }
        let changes = VerdictDifference(from: before, to: after).changes()
        let brute = VerdictBruteForce(before: before, after: after)
        let common = before.sortedWorkloads.map(\.uid).filter { after.workloads[$0] != nil }
        let owned = Set((before.sortedWorkloads + after.sortedWorkloads).flatMap(\.addresses))
        var sources: [(VerdictSource, (IPAddress, IPAddress))] = common.flatMap { uid in
            brute.addresses(uid).map { (VerdictSource.workload(uid, nil), $0) }
        }
        for _ in 0..<12 {
            let block = PolicyGenerator.block(over: workloads, using: &random)
            let address = block.network.advanced(by: UInt64(random.below(8)))
            guard !owned.contains(address) else { continue }
            let source = VerdictSource.nobody(address.family, in: brute.block(around: address))
            sources.append((source, (address, address)))
        }
        var found = 0
        for (source, from) in sources {
            for uid in common {
                for to in brute.addresses(uid) where to.0.family == from.0.family {
                    for port in PolicyGenerator.ports + [2, 5000] {
                        let old = brute.verdict(before, from: from.0, to: uid, at: to.0, port: port)
                        let new = brute.verdict(after, from: from.1, to: uid, at: to.1, port: port)
                        let told = changes.filter { $0.holds(source, uid, to.0.family, port) }
                        guard old.isAllowed != new.isAllowed else {
                            #expect(told.isEmpty, "seed \(seed): \(source) → \(uid):\(port) does not change")
                            same += 1
                            continue
                        }
                        found += 1
                        try #require(
                            told.count == 1, "seed \(seed): \(source) → \(uid):\(port) is told \(told.count) times")
                        #expect(told[0].before == old && told[0].after == new, "seed \(seed)")
                        #expect(!told[0].causes.isEmpty, "seed \(seed)")
                        for cause in told[0].causes { expectTrue(cause, before, after, "seed \(seed)") }
                    }
                }
            }
        }
        differing += found
        if changes.isEmpty { #expect(found == 0, "seed \(seed)") }
    }
    #expect(differing > 200 && same > 200, "\(differing) differ, \(same) do not")
}

/// A cause says something that is so.
private func expectTrue(_ cause: VerdictCause, _ before: Mesh, _ after: Mesh, _ comment: Comment) {
    switch cause {
    case .policyAdded(let name): #expect(before.policies[name] == nil && after.policies[name] != nil, comment)
    case .policyRemoved(let name): #expect(before.policies[name] != nil && after.policies[name] == nil, comment)
    case .policyEdited(let name):
        #expect(before.policies[name] != after.policies[name], comment)
        #expect(before.policies[name] != nil && after.policies[name] != nil, comment)
    case .policySelects(let name), .policySelectsNoMore(let name):
        #expect(before.policies[name] == after.policies[name] && after.policies[name] != nil, comment)
    case .sourceIdentity(let old, let new): #expect(old != new, comment)
    case .sourceAddress, .destinationAddress: break
    }
}

@Test func connectionsBetweenWorkloadsOfOneMeshOnlyAreNotTold() {
    var random = SplitMix64(seed: 3)
    let workloads = PolicyGenerator.workloads(count: 4, using: &random)
    let mesh = PolicyGenerator.mesh(of: workloads, under: [], using: &random)
    let deny = Policy(name: "all", namespace: "x", scope: .global, action: .allow)
    var other = Mesh(policies: [deny.resourceName: deny])
    #expect(VerdictDifference(from: mesh, to: other).changes().isEmpty)
    other.workloads = mesh.workloads
    let changes = VerdictDifference(from: mesh, to: other).changes()
    #expect(changes.count == 1)
    #expect(changes.first?.sources == .anyone)
    #expect(changes.first?.ports == .all)
    #expect(changes.first?.causes == [.policyAdded("x/all")])
}
