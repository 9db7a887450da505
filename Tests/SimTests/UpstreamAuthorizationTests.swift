import Model
import TestSupport
import Testing

@testable import Sim

/// Both engines of a node together: what fills their maps, and what one leaves for the other.
struct UpstreamAuthorizationTests {
    private let denial = policy("d", .deny, [[[ports(80)]]])

    @Test func withoutOffloadADenialResetsTheNextPacketOnce() throws {
        var scene = try UpstreamScene([denial], isOffloaded: false)
        #expect(scene.receive().reason == .noVerdict)
        #expect(scene.establish().isWritten)
        var frame = UpstreamScene.packet("10.0.0.1:1234", to: "10.1.0.2:80", [.psh, .ack]).frame
        let before = frame
        let outcome = scene.receive(&frame)
        #expect(outcome.reason == .reset && outcome.passes)
        #expect(frame.indices.filter { frame[$0] != before[$0] } == [14 + 20 + 13])
        #expect(frame[14 + 20 + 13] == TCPFlags.rst.rawValue)
        #expect(scene.receive("10.0.0.1:1234", .ack).reason == .noVerdict)
    }

    @Test func withOffloadADenialOfUserSpaceDropsUntilTheConnectionCloses() throws {
        // XDP does not see the policy of the namespace; user space does.
        var scene = try UpstreamScene([policy("n", .deny, [[[ports(80)]]], scope: .namespace)], listed: [])
        #expect(scene.receive().reason == .noPolicies)
        #expect(scene.establish().decision.reason == .denyMatched)
        for _ in 1...2 { #expect(scene.receive("10.0.0.1:1234", .ack).reason == .cachedDenial) }
        let closed = scene.authorization.closed(
            client: socketAddress("10.0.0.1:1234"), server: socketAddress("10.1.0.2:80"))
        #expect(closed)
        #expect(scene.receive("10.0.0.1:1234", .ack).reason == .noPolicies)
    }

    @Test(arguments: [true, false])
    func theDenialOfAMappedSocketIsNeverFound(_ isOffloaded: Bool) throws {
        var scene = try UpstreamScene([denial], listed: [], isOffloaded: isOffloaded)
        _ = scene.apply(.setPolicy(policy("g", .deny, [[[ports(80)]]], scope: .global)))
        let (client, server) = (socketAddress("[::ffff:10.0.0.1]:1234"), socketAddress("[::ffff:10.1.0.2]:80"))
        let (decision, isWritten) = scene.authorization.established(client: client, server: server)
        #expect(decision.reason == .denyMatched && isWritten)
        // On the wire the connection is IPv4; a frame with mapped addresses would not meet it either.
        #expect(scene.receive("10.0.0.1:1234", .ack).reason == (isOffloaded ? .noPolicies : .noVerdict))
        let key = UpstreamTuple(client: client, server: server)
        #expect(!key.isSame(as: UpstreamTuple(source: client, destination: server)))
        let closed = scene.authorization.closed(client: client, server: server)
        #expect(closed)
    }

    @Test func aFullTableLosesUserSpacesDenial() throws {
        var scene = try UpstreamScene([denial])
        scene.authorization.maps.results = HashMap(capacity: 1)
        #expect(scene.establish("10.0.0.1:1").isWritten)
        #expect(!scene.establish("10.0.0.1:2").isWritten)
        #expect(scene.establish("10.0.0.1:1").isWritten)
    }

    @Test func onlyWorkloadsOfTheNodeThatListPoliciesHaveSlots() throws {
        var scene = try UpstreamScene([denial])
        #expect(scene.authorization.maps.workloadPolicies.count == 1)
        let id = scene.names.id(for: UpstreamScene.pod.text)
        let slots = scene.authorization.maps.policySlots(of: id)
        #expect(slots == [NameTable.hash("default/d"), 0, 0, 0])
        // One that lists none any more keeps its entry, as does one that moves.
        for stale in [UpstreamScene.pod(listing: []), UpstreamScene.pod(listing: ["default/x"], node: "node-2")] {
            _ = scene.apply(.setWorkload(stale))
            #expect(scene.authorization.maps.policySlots(of: id) == slots)
        }
        _ = scene.apply(.removeWorkload(UpstreamScene.pod))
        #expect(scene.authorization.maps.workloadPolicies.count == 0)
    }

    @Test func whatGoesIsFoundUnderAReleasedName() throws {
        var scene = try UpstreamScene([denial])
        scene.names.release(UpstreamScene.pod.text)
        scene.names.release("default/d")
        _ = scene.apply(.removeWorkload(UpstreamScene.pod))
        _ = scene.apply(.removePolicy("default/d"))
        #expect(scene.authorization.maps.workloadPolicies.count == 0)
        #expect(scene.authorization.maps.policies.isEmpty)
    }

    @Test func the513thPolicyAndWorkloadAreLost() throws {
        var mesh = Mesh()
        for index in 0...512 {
            let policy = policy("p\(10_000 + index)", .deny, [[[ports(80)]]])
            mesh.policies[policy.resourceName] = policy
            var workload = UpstreamScene.pod(listing: [policy.resourceName])
            workload.uid = WorkloadUID("w\(10_000 + index)")
            mesh.workloads[workload.uid] = workload
        }
        var names = NameTable()
        var authorization = UpstreamAuthorization(node: UpstreamScene.node, isOffloaded: true)
        let losses = authorization.apply(mesh, names: &names)
        #expect(
            losses == [
                UpstreamAuthorization.Loss(
                    map: "km_wlpolicy", resource: "w10512", error: .full(capacity: 512)),
                UpstreamAuthorization.Loss(
                    map: "km_authz_policy", resource: "default/p10512", error: .full(capacity: 512)),
            ])
        #expect(authorization.apply(.removePolicy("default/p10512"), names: &names) == [])
        #expect(authorization.apply(.removePolicy("default/p10000"), names: &names) == [])
        let last = policy("p10512", .deny, [[[ports(80)]]])
        #expect(authorization.apply(.setPolicy(last), names: &names) == [])
    }

    /// Within its limits upstream decides as Istio does, in both engines: listed policies, DENY first, IPv4, one rule, no
    /// empty parts, no names.
    @Test func withinTheLimitsBothEnginesAgreeWithTheReference() throws {
        try forEachSeed(count: 2000) { seed in
            var generator = SplitMix64(seed: seed)
            let policies = (0..<generator.below(5)).map { index in
                policy(
                    "p\(index)", generator.isOneIn(2) ? .deny : .allow,
                    [(0...generator.below(3)).map { _ in (0...generator.below(3)).map { _ in generator.plainMatch() } }]
                )
            }
            let ordered = policies.filter { $0.action == .deny } + policies.filter { $0.action == .allow }
            var scene = try UpstreamScene(ordered)
            for port in 79...82 as ClosedRange<UInt16> {
                let source = SocketAddress(.v4(0x0A00_0000 | generator.draw() & 3), port: 1000 + port)
                let server = SocketAddress(ip("10.1.0.2"), port: port)
                let request = AuthorizationRequest(source: source.address, identity: nil, destination: server)
                let expected = ReferenceAuthorization.verdict(on: request, by: ordered)
                let outcome = scene.receive(source.description, to: server.description)
                #expect(outcome.passes == expected.isAllowed, "seed \(seed), port \(port): XDP")
                let decision = scene.establish(source.description, to: server.description).decision
                #expect(decision.isAllowed == expected.isAllowed, "seed \(seed), port \(port): user space")
                #expect(decision.hit?.policy == expected.rule?.policy, "seed \(seed), port \(port): user space")
            }
        }
    }
}

extension SplitMix64 {
    /// A match on ports or on one address block, of which no kind has a not-list of addresses alone.
    fileprivate mutating func plainMatch() -> PolicyMatch {
        let ports = (0..<below(4)).map { _ in UInt16(79 + below(4)) }
        let kinds = below(3)
        let blocks = [Prefix(.v4(0x0A00_0000 | draw() & 3), length: 30 + below(3))].compactMap { $0 }
        let excluded = isOneIn(2) ? [Prefix(host: .v4(0x0A00_0000 | draw() & 3))] : []
        return PolicyMatch(
            sourceBlocks: kinds == 0 ? PolicyMatch.Values() : PolicyMatch.Values(blocks, not: excluded),
            destinationPorts: kinds == 1
                ? PolicyMatch.Values()
                : isOneIn(3) ? PolicyMatch.Values([], not: ports + [79]) : PolicyMatch.Values(ports + [80]))
    }
}
