import KernelABI
import Model
import TestSupport
import Testing

@testable import Live

/// Which pods are judged, and by what: as the compiled maps tell.
struct PolicyFeedTests {
    private static let address = IPAddress.v4(0x0A01_0002)
    private static let pod = ManagedPod(
        namespace: "shop", name: "web", netnsPath: "/n", netnsInode: 1, netnsCookie: 7, addresses: [address])
    private static let denyShop = Policy(
        name: "deny", namespace: "shop", scope: .namespace, action: .deny, rules: [Policy.Rule()])
    private static let denyAll = Policy(
        name: "all", namespace: "istio-system", scope: .global, action: .deny, rules: [Policy.Rule()])
    private static let selecting = Policy(
        name: "some", namespace: "shop", scope: .workload, action: .deny, rules: [Policy.Rule()])

    private static func web(node: String = "a", policies: [String] = []) -> Workload {
        Workload(
            WorkloadUID("web"), name: "web", namespace: "shop", addresses: [address], node: node, policies: policies)
    }

    private static func dry(_ policy: Policy) -> Policy {
        var policy = policy
        policy.isDryRun = true
        return policy
    }

    struct Row: CustomTestStringConvertible {
        var testDescription: String
        var workload: Workload?
        var policies: [Policy]
        var isManaged = true
        /// Nil: not judged.
        var state: km_view_state?
        var isKnown = true
    }

    @Test(arguments: [
        Row(
            testDescription: "a workload of this node", workload: web(), policies: [denyShop], isManaged: false,
            state: KM_VIEW_JUDGED),
        Row(testDescription: "the same, managed", workload: web(), policies: [denyShop], state: KM_VIEW_JUDGED),
        Row(testDescription: "no policy", workload: web(), policies: [], state: KM_VIEW_OPEN),
        Row(
            testDescription: "another node's workload", workload: web(node: "b"), policies: [denyShop],
            isManaged: false, state: nil),
        Row(
            testDescription: "another node's workload whose pod is managed here",
            workload: web(node: "b", policies: ["shop/some"]), policies: [selecting], state: KM_VIEW_JUDGED),
        Row(
            testDescription: "the same, which is not selected", workload: web(node: "b"), policies: [selecting],
            state: KM_VIEW_OPEN),
        Row(
            testDescription: "an unknown pod, a policy of its namespace", policies: [denyShop], state: KM_VIEW_JUDGED,
            isKnown: false),
        Row(
            testDescription: "an unknown pod, a policy of the mesh", policies: [denyAll], state: KM_VIEW_JUDGED,
            isKnown: false),
        Row(testDescription: "an unknown pod, no policy", policies: [], state: KM_VIEW_OPEN, isKnown: false),
        Row(
            testDescription: "an unknown pod that may be selected", policies: [selecting], state: KM_VIEW_CLOSED,
            isKnown: false),
        Row(
            testDescription: "an unknown pod that a dry run may select", policies: [dry(selecting)],
            state: KM_VIEW_OPEN, isKnown: false),
    ])
    func podsAreJudged(_ row: Row) throws {
        var mesh = Mesh()
        if let workload = row.workload { mesh.workloads[workload.uid] = workload }
        for policy in row.policies { mesh.policies[policy.resourceName] = policy }
        let pods = row.isManaged ? [Self.pod] : []
        // Known at once, or told in steps, in both orders.
        let whole = PolicyFeed(of: mesh, pods: pods, node: "a", rootNamespace: "istio-system", capacities: .large)
        var late = PolicyFeed(of: mesh, pods: [], node: "a", rootNamespace: "istio-system", capacities: .large)
        var early = PolicyFeed(of: Mesh(), pods: pods, node: "a", rootNamespace: "istio-system", capacities: .large)
        var maps = AuthorizationMaps(capacities: .large)
        for write in late.takeWrites(ids: NameTable()) { try maps.apply(write) }
        late.setPods(pods)
        try expect(&late, &maps, row)
        maps = AuthorizationMaps(capacities: .large)
        for change in Mesh().changes(to: mesh) {
            early.apply(change)
            for write in early.takeWrites(ids: NameTable()) { try maps.apply(write) }
        }
        try expect(&early, &maps, row)
        maps = AuthorizationMaps(capacities: .large)
        var feed = whole
        try expect(&feed, &maps, row)
        // Gone again, all of it.
        feed.setPods([])
        for change in mesh.changes(to: Mesh()) { feed.apply(change) }
        for write in feed.takeWrites(ids: NameTable()) { try maps.apply(write) }
        #expect(maps.destination(Self.address) == nil)
        #expect(maps.identities.lookup(MapAddress(Self.address)) == nil)
    }

    private func expect(_ feed: inout PolicyFeed, _ maps: inout AuthorizationMaps, _ row: Row) throws {
        for write in feed.takeWrites(ids: NameTable()) { try maps.apply(write) }
        let state = maps.destination(Self.address).map { maps.view(ofSlot: $0.slot).state }
        #expect(state == row.state?.rawValue)
        #expect(feed.unknownPods.isEmpty == row.isKnown)
        // As a source, a pod that nobody knows is nobody.
        #expect((maps.identities.lookup(MapAddress(Self.address)) != nil) == (row.workload != nil))
        // User space denies the same.
        let request = SocketAddress(.v4(1), port: 1)
        let denial = feed.judged.denial(client: request, server: SocketAddress(Self.address, port: 80))
        let isDenied = row.state == KM_VIEW_CLOSED || row.state == KM_VIEW_JUDGED
        #expect((denial != nil) == isDenied)
    }
}

@Test func whatTheAgentTellsOfPoliciesIsReadAgain() throws {
    var names = NameTable()
    for name in ["shop/deny all", "a/b"] { _ = names.id(for: name) }
    let record = AuthorizationRecord(.compiled, policyCount: 2, names: names)
    #expect(AuthorizationRecord(text: record.text) == record)
    for text in ["", "authorization 2\n", "authorization 1\ndecides nobody\npolicies 0\n", record.text + "x\n"] {
        #expect(AuthorizationRecord(text: text) == nil, "\(text)")
    }
}

@Test func theSwitchIsRememberedAndDamageIsTold() throws {
    let scratch = try ScratchDirectory()
    #expect(try OffloadSwitch(inDirectory: scratch.path) == .on)
    for value in OffloadSwitch.allCases {
        try value.set(inDirectory: "\(scratch.path)/state", PinDirectory("\(scratch.path)/nothing"))
        #expect(try OffloadSwitch(inDirectory: "\(scratch.path)/state") == value)
    }
    try scratch.write("maybe\n", to: "authz")
    let error = #expect(throws: AgentError.self) { try OffloadSwitch(inDirectory: scratch.path) }
    #expect("\(try #require(error))".contains("must be \"on\" or \"off\""))
}
