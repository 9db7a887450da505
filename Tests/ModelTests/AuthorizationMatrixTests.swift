import Model
import TestSupport
import Testing

/// Finds the classes of addresses and ports in a matrix, by what the classes say of themselves.
private struct Reader {
    let matrix: AuthorizationMatrix
    let owners: SourceOwners

    /// Every class that claims the address.
    func sources(of address: IPAddress) -> [Int] {
        matrix.sources.indices.filter { number in
            let one = matrix.sources[number]
            guard one.isKnown == (owners.workload(of: address) != nil) else { return false }
            guard !one.isKnown else { return one.members.contains { $0.addresses.contains(address) } }
            return one.ranges.contains { range in
                range.block.contains(address) && !range.outside.contains { $0.contains(address) }
            }
        }
    }

    func destinations(of address: IPAddress) -> [Int] {
        matrix.destinations.indices.filter { number in
            matrix.destinations[number].members.contains { $0.addresses.contains(address) }
        }
    }

    func ports(_ destination: Int, of port: UInt16) -> [Int] {
        let classes = matrix.destinations[destination].ports
        let named = classes.indices.filter { classes[$0].ports.contains(port) }
        return named.isEmpty ? classes.indices.filter { classes[$0].isOthers } : named
    }
}

/// A mesh, and the connections that are tried in it.
private struct Scene {
    let mesh: Mesh
    let owners: SourceOwners
    let requests: [AuthorizationRequest]
    private let selection: PolicySelection

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let workloads = PolicyGenerator.workloads(count: random.below(9), using: &random)
        let policies = PolicyGenerator.policies(count: random.below(8), using: &random, over: workloads)
        mesh = PolicyGenerator.mesh(of: workloads, under: policies, using: &random)
        owners = SourceOwners(mesh.workloads.values)
        requests = PolicyGenerator.requests(count: 150, using: &random, in: mesh)
        selection = PolicySelection(mesh.policies)
    }

    func policies(at address: IPAddress) -> [Policy] {
        owners.workload(of: address).map { selection.policies(for: $0) } ?? []
    }
}

@Test func theMatrixSaysOfEveryPairWhatTheReferenceSays() {
    var (tried, unknown) = (0, 0)
    forEachSeed(count: 800) { seed in
        let scene = Scene(seed: seed)
        let matrix = AuthorizationMatrix(scene.mesh)
        let reader = Reader(matrix: matrix, owners: scene.owners)
        for request in scene.requests {
            let destinations = reader.destinations(of: request.destination.address)
            // Edges of blocks that nobody has are no destinations.
            guard let destination = destinations.first else { continue }
            let sources = reader.sources(of: request.source)
            let ports = reader.ports(destination, of: request.destination.port)
            guard destinations.count == 1, sources.count == 1, ports.count == 1 else {
                Issue.record("seed \(seed): \(request) is in \(sources), \(destinations), \(ports)")
                return
            }
            let decision = matrix.decision(source: sources[0], destination: destination, port: ports[0])
            let policies = scene.policies(at: request.destination.address)
            #expect(
                decision.verdict == ReferenceAuthorization.verdict(on: request, by: policies),
                "seed \(seed): \(request)")
            #expect(
                decision.dryRunVerdict == ReferenceAuthorization.dryRunVerdict(on: request, by: policies),
                "seed \(seed): \(request)")
            #expect(matrix.canConnect(source: sources[0], destination: destination))
            #expect(matrix.destinations[destination].policies == policies.map(\.resourceName))
            tried += 1
            if request.identity == nil { unknown += 1 }
        }
    }
    #expect(tried > 20 && unknown > 5)
}

@Test func everyWorkloadsAddressesAreInTheMatrixOnce() {
    forEachSeed(count: 300) { seed in
        let scene = Scene(seed: seed)
        let matrix = AuthorizationMatrix(scene.mesh)
        let known = matrix.sources.filter(\.isKnown).flatMap(\.members)
        #expect(known.flatMap(\.addresses).sorted() == scene.owners.addresses, "seed \(seed)")
        #expect(
            known.allSatisfy { member in
                member.addresses.allSatisfy { scene.owners.workload(of: $0) == member.workload }
            })
        for one in matrix.sources {
            #expect(Set(one.members.map { PeerIdentity(of: $0.workload) }) == Set(one.identities) || !one.isKnown)
            #expect(one.isKnown || one.members.allSatisfy { $0.workload.networkMode == .hostNetwork })
            #expect(!one.families.isEmpty)
        }
        let judged = matrix.destinations.filter { $0.kind == .workloads }.flatMap(\.members)
        #expect(judged.flatMap(\.addresses).sorted() == scene.owners.addresses, "seed \(seed)")
    }
}

@Test func withoutPoliciesAllWorkloadsAreAlike() {
    forEachSeed(count: 300) { seed in
        let scene = Scene(seed: seed)
        let matrix = AuthorizationMatrix(scene.mesh)
        guard scene.mesh.policies.isEmpty else { return }
        #expect(matrix.sources.count { $0.isKnown } <= 1, "seed \(seed)")
        #expect(matrix.sources.count { !$0.isKnown } == 1, "seed \(seed)")
        #expect(matrix.destinations.count { $0.kind == .workloads } <= 1, "seed \(seed)")
    }
}

@Test func aSelectionGivesWhatTheWholeMatrixGives() {
    forEachSeed(count: 400) { seed in
        let scene = Scene(seed: seed)
        for request in scene.requests.prefix(20) {
            let matrix = AuthorizationMatrix(
                scene.mesh,
                .init(
                    sources: [request.source],
                    destinations: [.init(request.destination.address, port: request.destination.port)]))
            guard matrix.sources.count == 1, matrix.destinations.count == 1, matrix.destinations[0].ports.count == 1
            else {
                Issue.record("seed \(seed): \(request)")
                return
            }
            let policies = scene.policies(at: request.destination.address)
            #expect(
                matrix.decision(source: 0, destination: 0, port: 0).verdict
                    == ReferenceAuthorization.verdict(on: request, by: policies), "seed \(seed): \(request)")
            #expect(matrix.sources[0].isKnown == (request.identity != nil))
            let isHost = !matrix.destinations[0].members.isEmpty
            let kind: DestinationClass.Kind =
                scene.owners.workload(of: request.destination.address) != nil
                ? .workloads : isHost ? .hosts : .strangers
            #expect(matrix.destinations[0].kind == kind)
        }
    }
}

@Test func theMatrixIsTheSameHoweverTheMeshWasMade() {
    forEachSeed(count: 100) { seed in
        let scene = Scene(seed: seed)
        var other = Mesh()
        for workload in scene.mesh.sortedWorkloads.reversed() { other.apply(.setWorkload(workload)) }
        for policy in scene.mesh.sortedPolicies.reversed() { other.apply(.setPolicy(policy)) }
        let (a, b) = (AuthorizationMatrix(scene.mesh), AuthorizationMatrix(other))
        #expect(a.sources == b.sources && a.destinations == b.destinations, "seed \(seed)")
    }
}

@Test func aFullBlockHasNoAddressesThatNobodyOwns() throws {
    let blocks = try ["10.0.0.0/31", "::ffff:10.0.0.0/104"].map { try #require(Prefix($0)) }
    let match = PolicyMatch(sourceBlocks: .init(blocks))
    var mesh = Mesh()
    mesh.apply(
        .setPolicy(
            Policy(
                name: "p", namespace: "ns", scope: .global, action: .allow,
                rules: [.init([.init([match])])])))
    func add(_ name: String, _ address: UInt32) {
        mesh.apply(.setWorkload(Workload(WorkloadUID(name), name: name, namespace: "ns", addresses: [.v4(address)])))
    }
    add("a", 0x0A00_0000)
    #expect(AuthorizationMatrix(mesh).sources.map { $0.ranges.map(\.block.length) } == [[], [0, 0], [31]])
    add("b", 0x0A00_0001)
    let ranges = AuthorizationMatrix(mesh).sources.map { $0.ranges.map(\.block.length) }
    #expect(ranges == [[], [0, 0]])
}
