import Inputs
import Model
import Testing

private let twoNodes =
    node("n1", podCIDRs: "10.1.0.0/24", labels: "{topology.kubernetes.io/zone: z1, disk: ssd}")
    + node("n2", podCIDRs: "10.2.0.0/24", labels: "{topology.kubernetes.io/zone: z2}")

@Test func aClusterWithoutNodesHasADefaultNode() throws {
    var cluster = try KubernetesCluster(deployment("a", replicas: 2))
    let mesh = try cluster.mesh()
    #expect(mesh.nodes.keys.sorted() == ["node-0"])
    #expect(mesh.nodes["node-0"]?.podPrefixes.map(\.description) == ["10.244.0.0/24"])
    #expect(mesh.firstAddresses == ["a-0": "10.244.0.2", "a-1": "10.244.0.3"])
    #expect(try mesh.pod("a-1").node == "node-0")
}

@Test func impliedPodsGoRoundRobinInOrderOfTheirNames() throws {
    var cluster = try KubernetesCluster(
        twoNodes + deployment("b") + deployment("a", replicas: 11) + deployment("c", replicas: 0))
    let mesh = try cluster.mesh()
    #expect(mesh.workloads.count == 12)
    #expect(try mesh.pod("a-0").node == "n1")
    #expect(try mesh.pod("a-1").node == "n2")
    #expect(try mesh.pod("a-10").node == "n1")
    #expect(try mesh.pod("b-0").node == "n2")
    #expect(try mesh.pod("a-2").addresses.map(\.description) == ["10.1.0.3"])
}

/// A pod spec, the nodes that its four pods get, and what is noted.
struct NodeChoiceCase: CustomTestStringConvertible {
    let testDescription: String
    var podSpec: String
    var nodes: [String]
    var note: String?
}

@Test(arguments: [
    NodeChoiceCase(
        testDescription: "a fixed node", podSpec: "nodeName: n2", nodes: ["n2", "n2", "n2", "n2"]),
    NodeChoiceCase(
        testDescription: "a host name", podSpec: "nodeSelector: {kubernetes.io/hostname: n2}",
        nodes: ["n2", "n2", "n2", "n2"]),
    NodeChoiceCase(
        testDescription: "a zone", podSpec: "nodeSelector: {topology.kubernetes.io/zone: z1}",
        nodes: ["n1", "n1", "n1", "n1"]),
    NodeChoiceCase(
        testDescription: "any label of a node", podSpec: "nodeSelector: {disk: ssd}", nodes: ["n1", "n1", "n1", "n1"]),
    NodeChoiceCase(
        testDescription: "a label that no node has", podSpec: "nodeSelector: {gpu: big}",
        nodes: ["n1", "n2", "n1", "n2"], note: "node selector gpu is ignored: no node has this label"),
    NodeChoiceCase(
        testDescription: "a zone without nodes", podSpec: "nodeSelector: {topology.kubernetes.io/zone: z3}", nodes: [],
        note: "pod default/a-0 is left out: no node has the labels it selects"),
])
func impliedPodsRespectTheirNodeSelector(_ c: NodeChoiceCase) throws {
    var cluster = try KubernetesCluster(twoNodes + deployment("a", replicas: 4, podSpec: c.podSpec))
    let snapshot = try cluster.snapshot()
    #expect(snapshot.mesh.sortedWorkloads.map(\.node) == c.nodes)
    #expect(snapshot.notes.first?.text == c.note)
}

@Test func podsGetOneAddressOfEachFamilyOfTheirNode() throws {
    var cluster = try KubernetesCluster(
        node("n1", podCIDRs: "\"10.1.0.0/24\", \"fd00:1::/64\"") + deployment("a", replicas: 2))
    #expect(try cluster.mesh().pod("a-1").addresses.map(\.description) == ["10.1.0.3", "fd00:1::3"])
}

@Test func nodesWithoutPodPrefixesGetOnesThatAreApartFromAllOthers() throws {
    var cluster = try KubernetesCluster(
        node("n1", podCIDRs: "") + node("n2", podCIDRs: "10.244.0.0/23") + node("n3", podCIDRs: "")
            + deployment("a", replicas: 3))
    let first = try cluster.mesh()
    #expect(first.nodes["n1"]?.podPrefixes.map(\.description) == ["10.244.2.0/24"])
    #expect(first.nodes["n3"]?.podPrefixes.map(\.description) == ["10.244.3.0/24"])
    #expect(try cluster.mesh() == first)
}

@Test func whatDoesNotChangeStaysWhereItIs() throws {
    var cluster = try KubernetesCluster(twoNodes + deployment("b", replicas: 2) + service("b"))
    let before = try cluster.mesh()
    try cluster.apply(deployment("a", replicas: 3) + service("a") + node("n0", podCIDRs: "10.0.0.0/24"))
    let after = try cluster.mesh()
    for (uid, workload) in before.workloads { #expect(after.workloads[uid] == workload) }
    for (name, service) in before.services { #expect(after.services[name] == service) }
    cluster.remove(kind: .deployment, namespace: "default", name: "a")
    cluster.remove(kind: .service, namespace: "default", name: "a")
    cluster.remove(kind: .node, namespace: "", name: "n0")
    #expect(try cluster.mesh() == before)
}

@Test func podsOfANodeThatGoesAreMoved() throws {
    var cluster = try KubernetesCluster(twoNodes + deployment("a", replicas: 2))
    #expect(try cluster.mesh().firstAddresses == ["a-0": "10.1.0.2", "a-1": "10.2.0.2"])
    cluster.remove(kind: .node, namespace: "", name: "n2")
    #expect(try cluster.mesh().firstAddresses == ["a-0": "10.1.0.2", "a-1": "10.1.0.3"])
}

@Test func addressesOfRemovedPodsComeLast() throws {
    var cluster = try KubernetesCluster(node("n1", podCIDRs: "10.1.0.0/29") + deployment("a", replicas: 2))
    var seen: [String] = []
    for _ in 0..<4 {
        seen.append(try #require(try cluster.mesh().firstAddresses["a-1"]))
        try cluster.apply(deployment("a", replicas: 1))
        _ = try cluster.mesh()
        try cluster.apply(deployment("a", replicas: 2))
    }
    // 10.1.0.2 is a-0's, 10.1.0.7 the broadcast address.
    #expect(seen == ["10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6"])
    #expect(try cluster.mesh().firstAddresses["a-1"] == "10.1.0.3")
}

@Test func aNodeWithoutFreeAddressesIsAnErrorThatChangesNothing() throws {
    var cluster = try KubernetesCluster(node("n1", podCIDRs: "10.1.0.0/29") + deployment("a", replicas: 5))
    let before = try cluster.mesh()
    try cluster.apply("\n\n" + deployment("a", replicas: 6))
    let error = #expect(throws: InputError.self) { try cluster.mesh() }
    #expect(
        error?.description
            == "test.yaml:4:1: node n1 has no address left in 10.1.0.0/29 for pod default/a-5;"
            + " give the node a larger podCIDR or other nodes some of the pods")
    try cluster.apply(deployment("a", replicas: 5))
    #expect(try cluster.mesh() == before)
}

@Test func aChangedTemplateKeepsThePodsAndARestartReplacesThem() throws {
    var cluster = try KubernetesCluster(deployment("a", replicas: 2))
    let before = try cluster.mesh().firstAddresses
    try cluster.apply(deployment("a", replicas: 2, podSpec: "serviceAccountName: other"))
    let changed = try cluster.mesh()
    #expect(changed.firstAddresses == before)
    #expect(try changed.pod("a-0").serviceAccount == "other")
    for (count, stamp) in ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"].enumerated() {
        let stampText = "{kubectl.kubernetes.io/restartedAt: \"\(stamp)\"}"
        try cluster.apply(deployment("a", replicas: 2, annotations: stampText))
        let addresses = try cluster.mesh().firstAddresses
        #expect(addresses.keys.sorted() == ["a-\(count + 1)-0", "a-\(count + 1)-1"])
        #expect(addresses["a-\(count + 1)-0"] == "10.244.0.\(4 + 2 * count)")
    }
}

@Test func restartedPodsOfAStatefulSetKeepTheirNamesButNotTheirAddresses() throws {
    func text(_ stamp: String) -> String {
        """
        kind: StatefulSet
        metadata: {name: db}
        spec: {template: {metadata: {annotations: {kubectl.kubernetes.io/restartedAt: "\(stamp)"}}}}
        """
    }
    var cluster = try KubernetesCluster(text("1"))
    #expect(try cluster.mesh().firstAddresses == ["db-0": "10.244.0.2"])
    try cluster.apply(text("2"))
    #expect(try cluster.mesh().firstAddresses == ["db-0": "10.244.0.3"])
}

@Test func aDaemonSetHasOnePodOnEachNodeThatItSelects() throws {
    let daemonSet = "---\n{kind: DaemonSet, metadata: {name: d}, spec: {template: {spec: {}}}}\n"
    var cluster = try KubernetesCluster(twoNodes + daemonSet)
    #expect(try cluster.mesh().firstAddresses == ["d-0": "10.1.0.2", "d-1": "10.2.0.2"])
    try cluster.apply(node("n0", podCIDRs: "10.0.0.0/24"))
    #expect(try cluster.mesh().firstAddresses == ["d-0": "10.1.0.2", "d-1": "10.2.0.2", "d-2": "10.0.0.2"])
    cluster.remove(kind: .node, namespace: "", name: "n1")
    #expect(try cluster.mesh().firstAddresses == ["d-1": "10.2.0.2", "d-2": "10.0.0.2"])
    try cluster.apply(
        "{kind: DaemonSet, metadata: {name: d}, spec: {template: {spec: {nodeSelector: {kubernetes.io/hostname: n2}}}}}"
    )
    #expect(try cluster.mesh().firstAddresses == ["d-1": "10.2.0.2"])
}

/// A controller, and how many pods it implies.
struct PodCountCase: CustomTestStringConvertible {
    let testDescription: String
    var kind: String
    var spec: String
    var count: Int
}

@Test(arguments: [
    PodCountCase(testDescription: "a Deployment without replicas", kind: "Deployment", spec: "{}", count: 1),
    PodCountCase(testDescription: "a Deployment of none", kind: "Deployment", spec: "{replicas: 0}", count: 0),
    PodCountCase(testDescription: "a ReplicaSet on its own", kind: "ReplicaSet", spec: "{replicas: 2}", count: 2),
    PodCountCase(testDescription: "a StatefulSet", kind: "StatefulSet", spec: "{replicas: 3}", count: 3),
    PodCountCase(testDescription: "a Job", kind: "Job", spec: "{}", count: 1),
    PodCountCase(
        testDescription: "a Job with fewer completions", kind: "Job", spec: "{parallelism: 5, completions: 2}",
        count: 2),
    PodCountCase(
        testDescription: "a Job with less parallelism", kind: "Job", spec: "{parallelism: 2, completions: 5}",
        count: 2),
    PodCountCase(testDescription: "a work queue", kind: "Job", spec: "{parallelism: 3}", count: 3),
    PodCountCase(testDescription: "a suspended Job", kind: "Job", spec: "{suspend: true}", count: 0),
    PodCountCase(
        testDescription: "a Job that is over", kind: "Job",
        spec: "{}, status: {conditions: [{type: Complete, status: \"True\"}]}", count: 0),
    PodCountCase(testDescription: "a CronJob", kind: "CronJob", spec: "{jobTemplate: {}}", count: 0),
])
func controllersImplyPods(_ c: PodCountCase) throws {
    var cluster = try KubernetesCluster("{kind: \(c.kind), metadata: {name: a}, spec: \(c.spec)}")
    #expect(try cluster.mesh().sortedWorkloads.map(\.name) == (0..<c.count).map { "a-\($0)" })
}

@Test func controllersOfOneNameGetPodsOfDifferentNames() throws {
    var cluster = try KubernetesCluster(
        deployment("a") + "---\n{kind: StatefulSet, metadata: {name: a}, spec: {}}\n"
            + pod("b-0", address: "10.0.0.1", labels: "{x: y}") + deployment("b"))
    #expect(try cluster.mesh().sortedWorkloads.map(\.name) == ["a-0", "a-statefulset-0", "b-0", "b-deployment-0"])
}

@Test func describedNodesWinOverNodeObjects() throws {
    var cluster = try KubernetesCluster(
        node(
            "n1", podCIDRs: "10.1.0.0/24", labels: "{topology.kubernetes.io/region: r, topology.kubernetes.io/zone: z}",
            addresses: "[{type: InternalIP, address: 192.168.0.1}, {type: Hostname, address: n1}]"))
    let prefix = try #require(Prefix("10.9.0.0/24"))
    cluster.setNode(Node("n1", podPrefixes: [prefix]))
    cluster.setNode(Node("n2", addresses: [.v4(1)]))
    let mesh = try cluster.mesh()
    #expect(mesh.nodes.keys.sorted() == ["n1", "n2"])
    let merged = try #require(mesh.nodes["n1"])
    #expect(merged.podPrefixes == [prefix])
    #expect(merged.addresses.map(\.description) == ["192.168.0.1"])
    #expect(merged.locality == Locality(region: "r", zone: "z"))
}

@Test func nodesThatOnlyPodsNameExist() throws {
    var cluster = try KubernetesCluster(
        pod("a", address: "10.0.0.1", status: "hostIP: 192.168.0.7") + deployment("b", podSpec: "nodeName: n2"))
    let mesh = try cluster.mesh()
    #expect(mesh.nodes.keys.sorted() == ["n1", "n2"])
    #expect(mesh.nodes["n1"]?.addresses.map(\.description) == ["192.168.0.7"])
    #expect(try mesh.pod("b-0").node == "n2")
}

@Test func realAddressesAreNeverHandedOut() throws {
    var cluster = try KubernetesCluster(
        node("n1", podCIDRs: "10.1.0.0/24", addresses: "[{type: InternalIP, address: 10.1.0.2}]")
            + pod("real", address: "10.1.0.3") + service("s", spec: "clusterIP: 10.1.0.4") + deployment("a"))
    #expect(try cluster.mesh().firstAddresses["a-0"] == "10.1.0.5")
    try cluster.apply(pod("late", address: "10.1.0.5"))
    #expect(try cluster.mesh().firstAddresses["a-0"] == "10.1.0.6")
}
