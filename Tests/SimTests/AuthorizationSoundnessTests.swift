import Model
import TestSupport
import Testing

@testable import Sim

/// A finding without its example.
private struct Gap: Hashable, CustomStringConvertible {
    let rule: SoundnessRule
    let engine: String
    let subject: String
    let failsOpen: Bool

    init(_ rule: SoundnessRule, _ engine: String, _ subject: String, failsOpen: Bool) {
        self.rule = rule
        self.engine = engine
        self.subject = subject
        self.failsOpen = failsOpen
    }

    init(_ finding: Finding) {
        self.init(
            finding.rule, finding.message.hasPrefix("XDP") ? "XDP" : "user space", finding.subject,
            failsOpen: !finding.failsOpen.isEmpty)
    }

    var description: String { "\(rule.rawValue) \(engine) \(subject) \(failsOpen ? "open" : "closed")" }
}

/// A mesh, and what is found in it beside replies and headers.
private struct GapRow: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var mesh: Mesh
    var expected: [Gap]

    /// A client, a pod that lists policies, and more workloads.
    init(
        _ description: String, _ policies: [Policy], listed: [String]? = nil, pod: (inout Workload) -> Void = { _ in },
        others: [Workload] = [], services: [Service] = [], _ expected: [Gap]
    ) {
        testDescription = description
        self.expected = expected
        mesh = Mesh()
        for policy in policies { mesh.apply(.setPolicy(policy)) }
        for service in services { mesh.apply(.setService(service)) }
        var workload = UpstreamScene.pod(
            listing: listed ?? policies.filter { $0.scope == .workload }.map(\.resourceName))
        workload.addresses = [ip("10.1.0.2")]
        pod(&workload)
        for workload in [UpstreamScene.client(), workload] + others { mesh.apply(.setWorkload(workload)) }
    }

    static let web = PolicyMatch(namespaces: PolicyMatch.Values([.exact("frontend")]))
    static let ops = PolicyMatch(namespaces: PolicyMatch.Values([.exact("ops")]))
    static let opsOn81 = PolicyMatch(
        namespaces: PolicyMatch.Values([.exact("ops")]), destinationPorts: PolicyMatch.Values([81]))
    static let account = PolicyMatch(
        serviceAccounts: PolicyMatch.Values([PolicyMatch.ServiceAccount(namespace: "frontend", name: "web")]))
    static let known = PolicyMatch(principals: PolicyMatch.Values([.presence]))
    static let dst = "workload c//Pod/default/dst"

    static let all: [GapRow] = [
        GapRow("no policies", [], []),
        GapRow("what XDP can do", [policy("d", .deny, [[[ports(80)]]])], []),
        GapRow(
            "a fifth DENY", (1...5).map { policy("p\($0)", .deny, [[[ports(80 + UInt16($0))]]]) },
            [Gap(.authzPolicyLimit, "XDP", "policy default/p5", failsOpen: true)]),
        GapRow(
            "a fifth ALLOW", (1...5).map { policy("p\($0)", .allow, [[[ports(80 + UInt16($0))]]]) },
            [Gap(.authzPolicyLimit, "XDP", "policy default/p5", failsOpen: false)]),
        GapRow(
            "a DENY of the namespace", [policy("n", .deny, [[[ports(80)]]], scope: .namespace)],
            [Gap(.authzScope, "XDP", "policy default/n", failsOpen: true)]),
        GapRow(
            "an ALLOW of the mesh", [policy("g", .allow, [[[ports(80)]]], scope: .global)],
            [Gap(.authzScope, "XDP", "policy default/g", failsOpen: true)]),
        GapRow(
            "a missing policy before a DENY", [policy("d", .deny, [[[ports(80)]]])],
            listed: ["default/x", "default/d"],
            [Gap(.authzMissingPolicy, "XDP", "policy default/x", failsOpen: true)]),
        GapRow(
            "an ALLOW without rules", [policy("e", .allow, [])],
            [Gap(.authzEmptyPolicy, "XDP", "policy default/e", failsOpen: true)]),
        GapRow(
            "an ALLOW before a DENY", [policy("a", .allow, [[[ports(80, 81)]]]), policy("d", .deny, [[[ports(80)]]])],
            [Gap(.authzOrder, "XDP", "policy default/d", failsOpen: true)]),
        GapRow(
            "a service has the address", [policy("d", .deny, [[[ports(80)]]])],
            services: [
                Service(
                    ServiceName(namespace: "default", hostname: "s"),
                    addresses: [NetworkAddress(ip("10.1.0.2"))])
            ], [Gap(.authzUnreached, "XDP", dst, failsOpen: true)]),
        GapRow(
            "the last workload with the address has no policies", [policy("d", .deny, [[[ports(80)]]])],
            others: [
                Workload(
                    WorkloadUID("c//Pod/default/late"), name: "late", namespace: "default",
                    addresses: [ip("10.1.0.2")], node: UpstreamScene.node)
            ],
            [
                Gap(.authzSharedAddress, "XDP", dst, failsOpen: true),
                Gap(.authzSharedAddress, "user space", dst, failsOpen: true),
            ]),
        GapRow(
            "a pod of another network", [], pod: { $0 = UpstreamScene.pod(listing: [], network: "far") },
            [Gap(.authzNetwork, "user space", dst, failsOpen: false)]),
        GapRow(
            "a second rule", [policy("d", .deny, [[[ports(1)]], [[ports(80)]]])],
            [Gap(.authzFirstRule, "XDP", "policy default/d", failsOpen: true)]),
        GapRow(
            "a fifth port", [policy("a", .allow, [[[ports(1, 2, 3, 4, 80)]]])],
            [Gap(.authzFourParts, "XDP", "policy default/a", failsOpen: false)]),
        GapRow(
            "a fifth excluded port", [policy("d", .deny, [[[ports(not: [1, 2, 3, 4, 80])]]])],
            [Gap(.authzFourParts, "XDP", "policy default/d", failsOpen: false)]),
        GapRow(
            "a second block", [policy("d", .deny, [[[sources("192.168.0.0/16", "10.0.0.0/8")]]])],
            [Gap(.authzFirstBlock, "XDP", "policy default/d", failsOpen: true)]),
        GapRow(
            "excluded blocks", [policy("d", .deny, [[[sources(not: ["10.0.0.0/8"])]]])],
            [Gap(.authzExcludedBlocks, "XDP", "policy default/d", failsOpen: true)]),
        GapRow(
            "an IPv6 block", [policy("d", .deny, [[[sources("fd00::/16")]]])],
            pod: { $0.addresses = [ip("fd00:1::2")] },
            [Gap(.authzIPv6Blocks, "XDP", "policy default/d", failsOpen: true)]),
        GapRow(
            "an IPv4 block and IPv6 addresses", [policy("d", .deny, [[[sources("253.0.0.0/8")]]])],
            pod: { $0.addresses = [ip("fd00:1::2")] },
            [Gap(.authzIPv6Blocks, "XDP", "policy default/d", failsOpen: false)]),
        GapRow(
            "an IPv4-mapped block", [policy("d", .deny, [[[sources("::ffff:10.0.0.1/32")]]])],
            [Gap(.authzIPv6Blocks, "user space", "policy default/d", failsOpen: false)]),
        GapRow(
            "an ALLOW by name", [policy("a", .allow, [[[web]]])],
            [Gap(.authzNames, "XDP", "policy default/a", failsOpen: true)]),
        GapRow(
            "a DENY by name", [policy("d", .deny, [[[web]]])],
            [Gap(.authzNames, "XDP", "policy default/d", failsOpen: false)]),
        GapRow(
            "names after a miss",
            [policy("a", .allow, [[[opsOn81]]])],
            [
                Gap(.authzHandOver, "XDP", "policy default/a", failsOpen: true),
                Gap(.authzNames, "XDP", "policy default/a", failsOpen: true),
            ]),
        GapRow(
            "an ALLOW by service account", [policy("a", .allow, [[[account]]])],
            [
                Gap(.authzServiceAccounts, "XDP", "policy default/a", failsOpen: true),
                Gap(.authzServiceAccounts, "user space", "policy default/a", failsOpen: false),
            ]),
        GapRow(
            "who is known", [policy("a", .allow, [[[known]]])],
            [
                Gap(.authzNames, "XDP", "policy default/a", failsOpen: true),
                Gap(.authzPresence, "user space", "policy default/a", failsOpen: false),
            ]),
        GapRow(
            "a source with the principal of nobody",
            [policy("a", .deny, [[[PolicyMatch(principals: PolicyMatch.Values([.prefix("/ns/")]))]]])],
            [
                Gap(.authzNames, "XDP", "policy default/a", failsOpen: false),
                Gap(.authzUnknownSource, "user space", "policy default/a", failsOpen: false),
            ]),
        GapRow(
            "a dry run", [policy("d", .deny, [[[ports(80)]]], isDryRun: true)],
            [
                Gap(.authzDryRun, "XDP", "policy default/d", failsOpen: false),
                Gap(.authzDryRun, "user space", "policy default/d", failsOpen: false),
            ]),
        GapRow(
            "a match that names nothing", [policy("a", .allow, [[[PolicyMatch()]]])],
            [Gap(.authzEmptyParts, "XDP", "policy default/a", failsOpen: true)]),
        GapRow(
            "a clause without matches", [policy("d", .deny, [[[]]])],
            [Gap(.authzEmptyParts, "XDP", "policy default/d", failsOpen: true)]),
    ]
}

struct AuthorizationSoundnessTests {
    private static let always: [SoundnessRule] = [.authzReplies, .authzParser]

    @Test(arguments: GapRow.all)
    private func eachCauseIsFoundByItself(_ row: GapRow) {
        let findings = AuthorizationSoundness.findings(in: row.mesh).filter { !Self.always.contains($0.rule) }
        #expect(Set(findings.map(Gap.init)) == Set(row.expected))
        #expect(findings.count == row.expected.count)
        for finding in findings {
            #expect(finding.severity == (finding.failsOpen.isEmpty ? .warning : .error))
            #expect(finding.example.map { !$0.frame.isEmpty && $0.lines.count == 3 } == true)
        }
    }

    @Test func everyRuleHasARow() {
        let found = Set(GapRow.all.flatMap(\.expected).map(\.rule) + Self.always)
        #expect(found == Set(SoundnessRule.allCases.filter(\.isAboutVerdicts)))
    }

    @Test func anAllowCutsThePodsOwnConnections() throws {
        let row = GapRow("", [policy("a", .allow, [[[ports(80)]]])], [])
        let findings = AuthorizationSoundness.findings(in: row.mesh).filter { $0.rule == .authzReplies }
        #expect(findings.map(\.subject) == ["policy default/a"])
        #expect(findings.map(\.severity) == [.warning])
        let example = try #require(findings.first?.example)
        #expect(example.packet == "IPv4 TCP SYN and ACK, 10.0.0.1:443 to 10.1.0.2:32768")
        #expect(example.lines.last == "XDP drops: no listed policy matches, and an ALLOW is among them (default/a)")
        let deny = GapRow("", [policy("d", .deny, [[[ports(80)]]])], [])
        #expect(!AuthorizationSoundness.findings(in: deny.mesh).contains { $0.rule == .authzReplies })
    }

    @Test func headersThatAreNotSteppedOverPass() throws {
        let row = GapRow("", [policy("d", .deny, [[[ports(80)]]])], [])
        let findings = AuthorizationSoundness.findings(in: row.mesh)
        #expect(findings.map(\.rule) == [.authzParser])
        #expect(findings.first?.failsOpen == [.upstream])
        let example = try #require(findings.first?.example)
        #expect(example.lines[1].hasPrefix("XDP lets pass"))
        // Who denies everything denies what is read as another port, too.
        let all = GapRow("", [policy("d", .deny, [[]])], [])
        #expect(AuthorizationSoundness.findings(in: all.mesh).map(\.rule) == [.authzReplies])
    }

    @Test func the513thPolicyAndWorkloadAreNotReached() {
        var mesh = Mesh()
        for index in 0...512 {
            let policy = policy("p\(10_000 + index)", .deny, [[[ports(80)]]])
            mesh.apply(.setPolicy(policy))
            var workload = UpstreamScene.pod(listing: [policy.resourceName])
            workload.uid = WorkloadUID("w\(10_000 + index)")
            workload.addresses = [.v4(0x0a01_0000 + UInt32(index))]
            workload.node = index == 512 ? "other" : UpstreamScene.node
            mesh.apply(.setWorkload(workload))
        }
        func rules() -> [SoundnessRule] {
            AuthorizationSoundness.findings(in: mesh).map(\.rule).filter { !Self.always.contains($0) }
        }
        #expect(rules() == [.authzMissingPolicy])
        mesh.apply(.removePolicy("default/p10000"))
        #expect(rules() == [])
        if var last = mesh.workloads[WorkloadUID("w10512")] {
            last.node = UpstreamScene.node
            mesh.apply(.setWorkload(last))
        }
        #expect(rules() == [.authzUnreached])
    }

    // MARK: Properties

    /// A small mesh of any policies, also of other networks, and lists in any order.
    private func mesh(_ random: inout SplitMix64) -> Mesh {
        var workloads = PolicyGenerator.workloads(count: 2 + random.below(4), using: &random)
        for index in workloads.indices where random.isOneIn(6) { workloads[index].network = "far" }
        let policies = PolicyGenerator.policies(count: random.below(8), using: &random, over: workloads)
        var mesh = PolicyGenerator.mesh(of: workloads, under: policies, using: &random)
        for var workload in mesh.sortedWorkloads {
            for index in workload.policies.indices.reversed() {
                workload.policies.swapAt(index, random.below(index + 1))
            }
            mesh.apply(.setWorkload(workload))
        }
        return mesh
    }

    /// Connections between the workloads of a mesh, from the edges of blocks, and from one address of each region that
    /// nobody owns, at every port that is named.
    private func connections(_ scene: AuthorizationScene) -> [JudgedConnection] {
        let matches = scene.mesh.policies.values.flatMap(\.rules).flatMap(\.clauses).flatMap(\.matches)
        let edges = matches.flatMap { $0.sourceBlocks.any + $0.sourceBlocks.none }.flatMap(RequestScene.edges)
            .filter { scene.owners.workload(of: $0) == nil }
        let all = scene.sources()
        let known = Set(all.map(\.address))
        let sources = all + Set(edges).subtracting(known).sorted().map { JudgedSource(address: $0) }
        let ports = Set(matches.flatMap { $0.destinationPorts.any + $0.destinationPorts.none } + [7]).sorted()
        return scene.destinations.flatMap { destination in
            sources.filter { $0.address.family == destination.address.family && $0.address != destination.address }
                .flatMap { source in
                    ports.map { JudgedConnection(source, destination, port: $0, scene) }
                }
        }
    }

    /// What the engines themselves say, each connection once.
    private struct Engines {
        var scene: AuthorizationScene
        var maps: MapStore
        var byNode: [String: UpstreamAuthorization] = [:]
        var trace = NoTrace()

        init(_ scene: AuthorizationScene) {
            self.scene = scene
            maps = scene.maps
            for node in Set(scene.mesh.workloads.values.map(\.node)) {
                var names = scene.names
                var authorization = UpstreamAuthorization(node: node, isOffloaded: true)
                _ = authorization.apply(scene.mesh, names: &names)
                byNode[node] = authorization
            }
        }

        mutating func verdicts(_ connection: JudgedConnection) -> (reference: Bool, xdp: Bool, userSpace: Bool) {
            let destination = connection.destination
            let target = SocketAddress(destination.address, port: connection.port)
            let client = SocketAddress(connection.source.address, port: 1234)
            let request = AuthorizationRequest(
                source: client.address, identity: scene.owners.identity(of: client.address), destination: target)
            let policies = scene.selection.policies(for: destination.owner)
            var frame = PacketBuilder(PacketFlow(source: client, destination: target)).frame
            let outcome = byNode[destination.owner.node]?.receive(&frame, frontends: &maps, recorder: &trace)
            return (
                ReferenceAuthorization.verdict(on: request, by: policies).isAllowed, outcome?.passes ?? false,
                scene.userSpace.decision(client: client, server: target).isAllowed
            )
        }
    }

    @Test func withNoAccidentsAndWithAllTheVerdictsAreTheEngines() {
        var kinds: Set<[Bool]> = []
        forEachSeed(count: 100) { seed in
            var random = SplitMix64(seed: seed)
            let scene = AuthorizationScene(mesh(&random))
            var engines = Engines(scene)
            for connection in connections(scene) {
                let (reference, xdp, userSpace) = engines.verdicts(connection)
                kinds.insert([reference, xdp, userSpace])
                let place =
                    "seed \(seed): \(connection.source.address) to \(connection.destination.address):"
                    + "\(connection.port)"
                #expect(connection.verdict([]).isAllowed == reference, "\(place)")
                #expect(connection.verdict(.xdp).isAllowed == xdp, "\(place)")
                #expect(connection.verdict(.userSpace).isAllowed == userSpace, "\(place)")
            }
        }
        #expect(kinds.count == 8)
    }

    @Test func thereIsAFindingWhereAnEngineDiffersAndNowhereElse() {
        var counts = [0, 0]
        forEachSeed(count: 150) { seed in
            var random = SplitMix64(seed: seed)
            let mesh = mesh(&random)
            let scene = AuthorizationScene(mesh)
            var engines = Engines(scene)
            /// By engine, and whether upstream lets in what is to be denied.
            var expected: Set<String> = []
            for connection in connections(scene) {
                let (reference, xdp, userSpace) = engines.verdicts(connection)
                if xdp != reference { expected.insert("XDP \(!reference && xdp)") }
                if userSpace != reference { expected.insert("user space \(!reference && xdp)") }
            }
            let findings = AuthorizationSoundness.findings(in: mesh).filter { !Self.always.contains($0.rule) }
            let found = Set(
                findings.map { "\($0.message.hasPrefix("XDP") ? "XDP" : "user space") \(!$0.failsOpen.isEmpty)" })
            #expect(found == expected, "seed \(seed)")
            counts[expected.isEmpty ? 0 : 1] += 1
        }
        #expect(counts[0] > 5 && counts[1] > 50, "\(counts)")
    }

    @Test func theOrderOfInsertionDoesNotMatter() {
        forEachSeed(count: 20) { seed in
            var random = SplitMix64(seed: seed)
            let mesh = mesh(&random)
            var other = Mesh()
            other.workloads.reserveCapacity(200)
            other.policies.reserveCapacity(300)
            for change in Mesh().changes(to: mesh).reversed() { other.apply(change) }
            #expect(
                AuthorizationSoundness.findings(in: mesh) == AuthorizationSoundness.findings(in: other), "seed \(seed)")
        }
    }
}
