import Model
import Testing

@testable import Sim

/// A world of two nodes: `server` and `neighbour` on node-1, `client` on node-2, and on node-1 a workload of the host's
/// network. The server lists `policies`.
private struct GateScene {
    static let server = WorkloadUID("c//Pod/default/server")
    static let client = WorkloadUID("c//Pod/shop/client")
    static let host = WorkloadUID("c//Pod/default/host")

    var world: World
    var mesh: Mesh

    init(
        _ policies: [Policy] = [], _ preset: Preset = .hardened, network: String = "",
        change: (inout DataplaneOptions) -> Void = { _ in }
    ) {
        mesh = Mesh()
        for (name, address) in [("node-1", "192.168.0.1"), ("node-2", "192.168.0.2")] {
            var node = Node(name)
            node.addresses = [ip(address)]
            mesh.nodes[name] = node
        }
        for workload in [
            Workload(
                Self.server, name: "server", namespace: "default", addresses: [ip("10.0.1.1"), ip("fd00::1:1")],
                network: network, node: "node-1", serviceAccount: "server",
                policies: policies.filter { $0.scope == .workload }.map(\.resourceName)),
            Workload(
                Self.client, name: "client", namespace: "shop", addresses: [ip("10.0.2.1"), ip("fd00::2:1")],
                network: network, node: "node-2", serviceAccount: "client"),
            Workload(
                Self.host, name: "host", namespace: "default", addresses: [ip("192.168.0.1")], node: "node-1",
                networkMode: .hostNetwork),
        ] { mesh.workloads[workload.uid] = workload }
        for policy in policies { mesh.policies[policy.resourceName] = policy }
        var options = DataplaneOptions(preset)
        change(&options)
        world = World(mesh: mesh, settings: World.Settings(options: options))
        for name in ["node-1", "node-2"] { world.addNode(name) }
        for uid in [Self.server, Self.client] { world.setManaged(uid, true) }
    }

    mutating func connect(
        _ destination: String = "10.0.1.1:80", from caller: Caller = .workload(client)
    ) -> (socket: Int, result: ConnectResult) {
        let (socket, result) = world.connect(ConnectRequest(caller, to: socketAddress(destination)))
        return (socket, result)
    }

    mutating func send(on socket: Int) throws -> SendResult {
        let result = world.send([1], on: socket)
        return try #require(result)
    }

    /// Sends a byte, and looks at what came of it.
    mutating func expectSent(on socket: Int, _ isMet: (SendResult) -> Bool) throws {
        let result = try send(on: socket)
        #expect(isMet(result), "\(result)")
    }

    /// Adds or replaces policies of the whole mesh.
    mutating func add(_ policies: Policy...) {
        for policy in policies { mesh.policies[policy.resourceName] = policy }
        world.apply(mesh)
    }

    mutating func remove(_ name: String) {
        mesh.policies[name] = nil
        world.apply(mesh)
    }
}

private let denial = policy("no", .deny, [[[ports(80)]]])
private let globalDenial = policy("no", .deny, [[[ports(80)]]], scope: .global)

private func ingress(_ events: [HookEvent]) -> [HookEvent] { events.filter { $0.hook == .xdpIngress } }

/// The packets of connections, and what becomes of them.
struct WorldAuthorizationTests {
    @Test(arguments: Preset.allCases)
    func withoutPoliciesNothingIsLookedAt(_ preset: Preset) {
        var scene = GateScene([], preset)
        let result = scene.connect().result
        #expect(result.authorization == nil && ingress(result.events).isEmpty)
        #expect(scene.world.counters[reason: .noPolicy] == 0)
    }

    /// User space of upstream finds workloads of the network without name only, and denies what it does not find.
    @Test func upstreamDeniesAWorkloadOfANetworkWithoutAnyPolicy() throws {
        var scene = GateScene([], .upstream, network: "east")
        let (socket, result) = scene.connect()
        #expect(result.authorization?.engine == .userSpace && result.authorization?.isAllowed == false)
        #expect(result.authorization?.policy == nil)
        let sent = try scene.send(on: socket)
        #expect(sent.authorization?.isAllowed == false)
        var hardened = GateScene([], .hardened, network: "east")
        #expect(hardened.connect().result.authorization == nil)
    }

    @Test func aDroppedSYNIsNoConnection() throws {
        var scene = GateScene([denial])
        let (socket, result) = scene.connect()
        #expect(result.authorization == Judgement(.istio, isAllowed: false, policy: "default/no", rule: 1))
        #expect(result.final == socketAddress("10.0.1.1:80") && result.reports.isEmpty)
        #expect(ingress(result.events).map(\.reason) == [.deniedByPolicy])
        #expect(ingress(result.events).map(\.isServerSide) == [true])
        #expect(scene.world.counters[.denied] == 1 && scene.world.counters[reason: .passiveEstablished] == 0)
        let sent = try scene.send(on: socket)
        #expect(sent.bytes.isEmpty && sent.authorization == result.authorization && sent.events.isEmpty)
        #expect(scene.world.close(socket).events.isEmpty)
    }

    /// SYN and ACK at the server, the answer to the SYN at the client.
    @Test func threePacketsBeginAConnection() {
        var scene = GateScene([denial])
        let result = scene.connect("10.0.1.1:81").result
        #expect(result.authorization == Judgement(.istio, isAllowed: true))
        let events = ingress(result.events)
        // The client has no policies of its own.
        #expect(events.map(\.reason) == [.allowedByDefault, .noPolicy, .allowedBefore])
        #expect(events.map(\.isServerSide) == [true, false, true])
        #expect(events.map(\.node) == ["node-1", "node-2", "node-1"])
    }

    @Test(arguments: ["10.0.1.1:80", "[fd00::1:1]:80", "[::ffff:10.0.1.1]:80"])
    func everyFamilyIsJudged(_ destination: String) {
        for preset in Preset.allCases {
            var scene = GateScene([denial], preset)
            #expect(scene.connect(destination).result.authorization?.policy == "default/no", "\(preset)")
        }
    }

    @Test(arguments: Preset.allCases)
    func whoIsNotManagedIsNotJudged(_ preset: Preset) {
        var scene = GateScene([denial], preset)
        scene.world.setManaged(GateScene.server, false)
        let result = scene.connect().result
        #expect(result.authorization == nil || result.authorization?.policy == nil)
        #expect(!ingress(result.events).map(\.isServerSide).contains(true))
    }

    @Test func theHostsNetworkIsNotJudgedAndIsNobody() {
        var scene = GateScene([
            globalDenial, policy("who", .allow, [[[PolicyMatch(namespaces: .init([.exact("default")]))]]]),
        ])
        #expect(scene.connect("192.168.0.1:80").result.authorization?.isAllowed != false)
        // Its source address is a node's: a probe.
        let probe = scene.connect("10.0.1.1:81", from: .workload(GateScene.host)).result
        #expect(ingress(probe.events).map(\.reason).contains(.nodeProbe) && probe.authorization?.policy == nil)
        // Of the other node it is nobody, and nobody is in no namespace.
        let stranger = scene.connect("10.0.1.1:81", from: .node("node-2")).result
        #expect(stranger.authorization?.isAllowed == false)
    }

    @Test func whatAPodSaysToItselfStaysInIt() {
        var scene = GateScene([denial])
        for destination in ["10.0.1.1:80", "127.0.0.1:80", "0.0.0.0:80", "[::1]:80"] {
            let result = scene.connect(destination, from: .workload(GateScene.server)).result
            #expect(ingress(result.events).isEmpty && result.authorization == nil, "\(destination)")
        }
    }

    @Test func aFlowThatBeganBeforeThereWerePoliciesIsKnownAsThePodsOwn() throws {
        var scene = GateScene()
        let (socket, _) = scene.connect()
        scene.add(policy("only-9", .allow, [[[ports(9)]]], scope: .namespace, namespace: "shop"))
        let sent = try scene.send(on: socket)
        #expect(ingress(sent.events).filter { !$0.isServerSide }.map(\.reason) == [.reply])
        #expect(sent.authorization?.isAllowed == true)
    }

    @Test func aChangeBitesOnAnOpenConnectionAndIsTakenBack() throws {
        var scene = GateScene([policy("all", .allow, [[]])])
        let (socket, result) = scene.connect()
        #expect(result.authorization?.policy == "default/all")
        scene.add(globalDenial)
        try scene.expectSent(on: socket) { $0.authorization?.policy == "default/no" }
        let again = try scene.send(on: socket)
        #expect(again.authorization?.isAllowed == false && ingress(again.events).map(\.reason) == [.deniedBefore])
        scene.remove("default/no")
        try scene.expectSent(on: socket) { $0.authorization?.isAllowed == true }
    }

    /// A server that never hears of the end keeps its end: one report less.
    @Test func aDroppedFINIsNotHeard() {
        for isDenied in [false, true] {
            var scene = GateScene([policy("all", .allow, [[]])])
            let (socket, _) = scene.connect()
            if isDenied { scene.add(globalDenial) }
            #expect(scene.world.close(socket).reports.count == (isDenied ? 1 : 2))
        }
    }

    @Test func userSpaceResetsOnce() throws {
        var scene = GateScene([globalDenial], .upstream) { $0.authorization = .userSpace }
        let (socket, result) = scene.connect()
        #expect(result.authorization == Judgement(.userSpace, isAllowed: false, policy: "default/no", rule: 1))
        #expect(result.reports.count == 2)
        let sent = try scene.send(on: socket)
        #expect(sent.authorization == result.authorization && sent.reports.count == 2)
        #expect(scene.world.counters[reason: .reset] == 1)
        try scene.expectSent(on: socket) { $0.bytes.isEmpty }
        // A socket that connects again begins anew.
        let (_, second) = scene.world.connect(
            ConnectRequest(.workload(GateScene.client), to: socketAddress("10.0.1.1:81")), reusing: socket)
        #expect(second.authorization?.isAllowed == true)
        try scene.expectSent(on: socket) { $0.bytes == [1] }
    }

    @Test func closingForgetsUpstreamsVerdict() throws {
        var scene = GateScene([globalDenial], .upstream)
        let (socket, _) = scene.connect()
        try scene.expectSent(on: socket) { $0.authorization?.engine == .userSpace }
        let results = try #require(scene.world.nodes["node-1"]?.authorization?.upstream?.maps.results.count)
        #expect(results == 1)
        _ = scene.world.close(socket)
        // The FIN was dropped, so that the server's end never closes.
        #expect(scene.world.nodes["node-1"]?.authorization?.upstream?.maps.results.count == 1)
        var open = GateScene([policy("all", .allow, [[[ports(80)]]])], .upstream)
        let (other, _) = open.connect()
        #expect(open.world.nodes["node-1"]?.authorization?.upstream?.maps.results.count == 1)
        _ = open.world.close(other)
        #expect(open.world.nodes["node-1"]?.authorization?.upstream?.maps.results.count == 0)
    }

    @Test(arguments: Preset.allCases)
    func theSwitchWorksBeforeAndAfterPoliciesCome(_ preset: Preset) {
        var scene = GateScene([], preset)
        scene.world.setOffloaded(false, node: "node-1")
        scene.add(globalDenial)
        let off = scene.connect().result
        #expect(off.authorization?.engine == .userSpace && off.authorization?.isAllowed == false)
        scene.world.setOffloaded(true, node: "node-1")
        let on = scene.connect().result
        // Upstream's XDP does not see a policy of the whole mesh.
        #expect(on.authorization?.engine == (preset == .hardened ? .istio : .userSpace))
        #expect(ingress(on.events).first?.reason == (preset == .hardened ? .deniedByPolicy : .noPolicy))
        // What changed meanwhile is known to both.
        scene.remove("default/no")
        #expect(scene.connect().result.authorization?.isAllowed != false)
        scene.world.setOffloaded(false, node: "node-1")
        #expect(scene.connect().result.authorization?.isAllowed != false)
    }

    @Test(arguments: Preset.allCases)
    func aPacketIsSeenWithoutPoliciesToo(_ preset: Preset) {
        var scene = GateScene([], preset)
        let frame = UpstreamScene.packet("10.0.2.1:1", to: "10.0.1.1:80", .syn).frame
        let seen = scene.world.receive(frame: frame, at: GateScene.server)
        #expect(seen.outcome == .passed && seen.reason == .noPolicy && seen.events.count == 1)
        scene.world.setManaged(GateScene.server, false)
        #expect(scene.world.receive(frame: frame, at: GateScene.server).outcome == .unseen)
        #expect(scene.world.receive(frame: frame, at: GateScene.host).outcome == .unseen)
    }

    @Test func aRecordedNodeSaysThatItDoesNotJudge() {
        let scene = GateScene([denial])
        let maps = scene.world.nodes["node-1"]?.maps ?? MapStore(capacities: .upstream)
        var world = World(mesh: scene.mesh, settings: World.Settings(options: .hardened))
        world.addNode("node-1", recorded: maps, names: NameTable())
        world.addNode("node-2")
        for uid in [GateScene.server, GateScene.client] { world.setManaged(uid, true) }
        let (_, result) = world.connect(
            ConnectRequest(.workload(GateScene.client), to: socketAddress("10.0.1.1:80")))
        let event = ingress(result.events).first
        #expect(event?.node == "node-1" && event?.reason == .notJudged)
        #expect(result.authorization?.isAllowed != false)
    }

    /// What a policy's change writes is counted, and its problems are told.
    @Test func writesAndProblemsOfPoliciesAreTold() {
        var scene = GateScene()
        let before = scene.world.counters[.mapWrites]
        scene.add(globalDenial)
        #expect(scene.world.counters[.mapWrites] > before && scene.world.problems.isEmpty)
        // 3 ^ 9 alternatives.
        let clauses = (0..<9).map { clause in (0..<3).map { ports(not: [UInt16(clause * 3 + $0 + 1)]) } }
        scene.add(policy("large", .allow, [clauses]))
        #expect(scene.world.problems.isEmpty)
        scene.add(policy("large", .allow, [clauses], scope: .global))
        #expect(!scene.world.problems.isEmpty)
        #expect(scene.connect().result.authorization?.isAllowed == false)
    }
}
