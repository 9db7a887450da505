import Inputs
import Model
import Testing

@Test func aRealPodBecomesAWorkload() throws {
    var cluster = try KubernetesCluster(
        node(
            "n1", podCIDRs: "10.1.0.0/24",
            labels: "{topology.kubernetes.io/region: r, topology.kubernetes.io/zone: z, topology.istio.io/subzone: s}")
            + pod("a", address: "10.1.0.9", spec: "nodeName: n1, serviceAccountName: robot"),
        settings: KubernetesSettings(cluster: "Kubernetes", network: "net", trustDomain: "trust"))
    let expected = Workload(
        WorkloadUID("Kubernetes//Pod/default/a"), name: "a", namespace: "default",
        addresses: [.v4(0x0a01_0009)], network: "net", node: "n1",
        locality: Locality(region: "r", zone: "z", subzone: "s"), serviceAccount: "robot", trustDomain: "trust")
    #expect(try cluster.mesh().workloads == [expected.uid: expected])
}

/// A pod's metadata, and the names that its workload gets.
struct OwnerCase: CustomTestStringConvertible {
    let testDescription: String
    var labels = "{}"
    var owners = "[]"
    var owner: String
    var kind = WorkloadKind.pod
    var canonicalName: String?
    var canonicalRevision = "latest"
}

@Test(arguments: [
    OwnerCase(testDescription: "a pod on its own", owner: "a"),
    OwnerCase(
        testDescription: "a ReplicaSet on its own", owners: "[{kind: ReplicaSet, name: rs, controller: true}]",
        owner: "rs"),
    OwnerCase(
        testDescription: "a Deployment by the hash of its ReplicaSet", labels: "{pod-template-hash: 7f9}",
        owners: "[{kind: ReplicaSet, name: web-7f9, controller: true}]", owner: "web", kind: .deployment),
    OwnerCase(
        testDescription: "a ReplicaSet with another hash", labels: "{pod-template-hash: 7f9}",
        owners: "[{kind: ReplicaSet, name: web-7f8, controller: true}]", owner: "web-7f8"),
    OwnerCase(
        testDescription: "the controller among several owners",
        owners: "[{kind: Thing, name: t}, {kind: StatefulSet, name: db, controller: true}]", owner: "db"),
    OwnerCase(
        testDescription: "a Job", owners: "[{kind: Job, name: once, controller: true}]", owner: "once", kind: .job),
    OwnerCase(
        testDescription: "a CronJob by its Job's time stamp", owners: "[{kind: Job, name: nightly-28500000}]",
        owner: "nightly", kind: .cronjob),
    OwnerCase(
        testDescription: "a Job whose number is too short", owners: "[{kind: Job, name: nightly-2850000}]",
        owner: "nightly-2850000", kind: .job),
    OwnerCase(
        testDescription: "labels app and version", labels: "{app: x, version: v2}", owner: "a", canonicalName: "x",
        canonicalRevision: "v2"),
    OwnerCase(
        testDescription: "Kubernetes' labels before app and version",
        labels: "{app: x, version: v2, app.kubernetes.io/name: k, app.kubernetes.io/version: v3}", owner: "a",
        canonicalName: "k", canonicalRevision: "v3"),
    OwnerCase(
        testDescription: "Istio's labels before all",
        labels: "{app.kubernetes.io/name: k, service.istio.io/canonical-name: i, "
            + "service.istio.io/canonical-revision: v4, version: v2}",
        owner: "a", canonicalName: "i", canonicalRevision: "v4"),
])
func workloadsAreNamedAfterTheirOwners(_ c: OwnerCase) throws {
    var cluster = try KubernetesCluster(
        pod("a", address: "10.0.0.1", labels: c.labels, metadata: "ownerReferences: \(c.owners)"))
    let workload = try cluster.mesh().pod("a")
    #expect(workload.ownerName == c.owner)
    #expect(workload.kind == c.kind)
    #expect(workload.canonicalName == c.canonicalName ?? c.owner)
    #expect(workload.canonicalRevision == c.canonicalRevision)
}

@Test func ownersAreFollowedThroughTheirObjects() throws {
    let replicaSet =
        "{kind: ReplicaSet, metadata: {name: odd, ownerReferences: [{kind: Deployment, name: web}]}, spec: {}}"
    let job = "{kind: Job, metadata: {name: odd, ownerReferences: [{kind: CronJob, name: nightly}]}, spec: {}}"
    var cluster = try KubernetesCluster(
        "\(replicaSet)\n---\n\(job)\n"
            + pod("a", address: "10.0.0.1", metadata: "ownerReferences: [{kind: ReplicaSet, name: odd}]")
            + pod("b", address: "10.0.0.2", metadata: "ownerReferences: [{kind: Job, name: odd}]"))
    let mesh = try cluster.mesh()
    #expect(mesh.workloads.count == 2)
    #expect(try mesh.pod("a").ownerName == "web")
    #expect(try mesh.pod("a").kind == .deployment)
    #expect(try mesh.pod("b").ownerName == "nightly")
    #expect(try mesh.pod("b").kind == .cronjob)
}

/// A pod next to the Deployment `web`, and whether the Deployment still implies a pod.
struct RealPodCase: CustomTestStringConvertible {
    let testDescription: String
    var labels: String
    var metadata: String
    var isOwned: Bool
}

@Test(arguments: [
    RealPodCase(
        testDescription: "owned through a ReplicaSet", labels: "{pod-template-hash: 7f9}",
        metadata: "ownerReferences: [{kind: ReplicaSet, name: web-7f9}]", isOwned: true),
    RealPodCase(
        testDescription: "without owner, selected", labels: "{app: web}", metadata: "annotations: {}", isOwned: true),
    RealPodCase(
        testDescription: "without owner, not selected", labels: "{app: other}", metadata: "annotations: {}",
        isOwned: false),
    RealPodCase(
        testDescription: "selected, but owned by another", labels: "{app: web}",
        metadata: "ownerReferences: [{kind: StatefulSet, name: db}]", isOwned: false),
])
func aControllerWithRealPodsImpliesNone(_ c: RealPodCase) throws {
    var cluster = try KubernetesCluster(
        deployment("web", replicas: 3) + pod("real", address: "10.0.0.1", labels: c.labels, metadata: c.metadata))
    let mesh = try cluster.mesh()
    #expect(mesh.workloads.count == (c.isOwned ? 1 : 4))
    #expect(try mesh.pod("real").ownerName == (c.isOwned ? "web" : c.labels == "{app: web}" ? "db" : "real"))
}

@Test func aReplicaSetOfADeploymentImpliesNoPodsOfItsOwn() throws {
    let replicaSet = """
        ---
        kind: ReplicaSet
        metadata: {name: web-1, ownerReferences: [{kind: Deployment, name: web}]}
        spec: {replicas: 2}

        """
    var cluster = try KubernetesCluster(deployment("web") + replicaSet)
    #expect(try cluster.mesh().sortedWorkloads.map(\.name) == ["web-0"])
    cluster.remove(kind: .deployment, namespace: "default", name: "web")
    let mesh = try cluster.mesh()
    #expect(mesh.sortedWorkloads.map(\.name) == ["web-1-0", "web-1-1"])
    #expect(mesh.sortedWorkloads.allSatisfy { $0.ownerName == "web" && $0.kind == .deployment })
}

/// A pod's state, and what becomes of it; nil is left out.
struct HealthCase: CustomTestStringConvertible {
    let testDescription: String
    var metadata = "annotations: {}"
    var status: String
    var health: Health?
    var note: String?
}

@Test(arguments: [
    HealthCase(
        testDescription: "ready",
        status: "{phase: Running, podIP: 10.0.0.1, conditions: [{type: Ready, status: \"True\"}]}",
        health: .healthy),
    HealthCase(
        testDescription: "not ready",
        status: "{phase: Running, podIP: 10.0.0.1, conditions: [{type: Ready, status: \"False\"}]}", health: .unhealthy),
    HealthCase(
        testDescription: "unknown readiness",
        status: "{podIP: 10.0.0.1, conditions: [{type: Ready, status: Unknown}]}", health: .unhealthy),
    HealthCase(
        testDescription: "a phase without readiness", status: "{phase: Running, podIP: 10.0.0.1}", health: .unhealthy),
    HealthCase(testDescription: "an address alone", status: "{podIP: 10.0.0.1}", health: .healthy),
    HealthCase(
        testDescription: "initializing", status: "{phase: Pending, podIP: 10.0.0.1}", health: .unhealthy),
    HealthCase(
        testDescription: "pending", status: "{phase: Pending}", health: nil,
        note: "pod default/a is left out: it has no address yet"),
    HealthCase(testDescription: "succeeded", status: "{phase: Succeeded, podIP: 10.0.0.1}", health: nil),
    HealthCase(testDescription: "failed", status: "{phase: Failed, podIP: 10.0.0.1}", health: nil),
    HealthCase(
        testDescription: "terminating, still ready", metadata: "deletionTimestamp: now",
        status: "{podIP: 10.0.0.1, conditions: [{type: Ready, status: \"True\"}]}", health: .unhealthy),
    HealthCase(
        testDescription: "terminating", metadata: "deletionTimestamp: now", status: "{podIP: 10.0.0.1}", health: nil),
])
func podsAreHealthyWhenTheyAreReady(_ c: HealthCase) throws {
    var cluster = try KubernetesCluster("{kind: Pod, metadata: {name: a, \(c.metadata)}, status: \(c.status)}")
    let snapshot = try cluster.snapshot()
    #expect(snapshot.mesh.workloads.values.first?.health == c.health)
    #expect(snapshot.notes.first?.text == c.note)
}

@Test func aPodThatIsDescribedWithoutStatusIsPlaced() throws {
    var cluster = try KubernetesCluster("{kind: Pod, metadata: {name: a}, spec: {}}")
    let workload = try cluster.mesh().pod("a")
    #expect(workload.node == "node-0")
    #expect(workload.addresses.map(\.description) == ["10.244.0.2"])
    #expect(workload.health == .healthy)
}

@Test func podsInTheHostsNetworkHaveTheAddressesOfTheirNode() throws {
    let text =
        deployment("a", podSpec: "hostNetwork: true") + pod("b", address: "192.168.0.1", spec: "hostNetwork: true")
    var cluster = try KubernetesCluster(
        node("n1", podCIDRs: "10.1.0.0/24", addresses: "[{type: InternalIP, address: 192.168.0.1}]") + text)
    let mesh = try cluster.mesh()
    for name in ["a-0", "b"] {
        #expect(try mesh.pod(name).networkMode == .hostNetwork)
        #expect(try mesh.pod(name).addresses.map(\.description) == ["192.168.0.1"])
    }
    var poor = try KubernetesCluster(deployment("a", podSpec: "hostNetwork: true"))
    #expect(
        try poor.snapshot().notes.map(\.text)
            == ["pod default/a-0 is left out: it uses the network of node node-0, which has no address"])
}

@Test(arguments: [("r.z.s", "r/z/s"), ("r/z", "r/z"), ("r", "r")])
func aPodsOwnLocalityWins(_ label: String, _ locality: String) throws {
    var cluster = try KubernetesCluster(
        node("n1", podCIDRs: "", labels: "{topology.kubernetes.io/region: other}")
            + pod("a", address: "10.0.0.1", labels: "{istio-locality: \(label)}"))
    #expect(try cluster.mesh().pod("a").locality.description == locality)
}

/// Labels of a namespace and of an object in it, and the waypoint that the object gets.
struct WaypointCase: CustomTestStringConvertible {
    let testDescription: String
    var namespace = "{}"
    var labels = "{}"
    var waypoint: String?
}

@Test(arguments: [
    WaypointCase(testDescription: "no label", waypoint: nil),
    WaypointCase(
        testDescription: "its own label", namespace: "{istio.io/use-waypoint: other}",
        labels: "{istio.io/use-waypoint: gw}", waypoint: "default/gw.default.svc.cluster.local"),
    WaypointCase(
        testDescription: "another namespace's",
        labels: "{istio.io/use-waypoint: gw, istio.io/use-waypoint-namespace: x}",
        waypoint: "x/gw.x.svc.cluster.local"),
    WaypointCase(
        testDescription: "the namespace's label", namespace: "{istio.io/use-waypoint: gw}",
        waypoint: "default/gw.default.svc.cluster.local"),
    WaypointCase(
        testDescription: "opted out", namespace: "{istio.io/use-waypoint: gw}",
        labels: "{istio.io/use-waypoint: none}", waypoint: nil),
    WaypointCase(
        testDescription: "a gateway", namespace: "{istio.io/use-waypoint: gw}",
        labels: "{gateway.istio.io/managed: istio.io-mesh-controller}", waypoint: nil),
    WaypointCase(
        testDescription: "of the waypoint itself", namespace: "{istio.io/use-waypoint: gw}",
        labels: "{gateway.networking.k8s.io/gateway-name: gw}", waypoint: nil),
    WaypointCase(testDescription: "of its own name", namespace: "{istio.io/use-waypoint: a}", waypoint: nil),
])
func waypointsAreChosenByLabels(_ c: WaypointCase) throws {
    var cluster = try KubernetesCluster(
        """
        {kind: Namespace, metadata: {name: default, labels: \(c.namespace)}}
        ---
        {kind: Service, metadata: {name: a, labels: \(c.labels)}, spec: {}}
        \(pod("a", address: "10.0.0.1", labels: c.labels))
        """)
    let mesh = try cluster.mesh()
    let expected = c.waypoint.flatMap { ServiceName($0) }.map { Gateway(.service($0)) }
    #expect(try mesh.service("a").waypoint == expected)
    #expect(try mesh.pod("a").waypoint == expected)
}
