import Inputs
import Model
import Testing

/// An EndpointSlice of the service `a`.
private func slice(_ name: String, type: String = "IPv4", ports: String, endpoints: String) -> String {
    """
    ---
    apiVersion: discovery.k8s.io/v1
    kind: EndpointSlice
    metadata: {name: \(name), labels: {kubernetes.io/service-name: a}}
    addressType: \(type)
    ports: [\(ports)]
    endpoints: [\(endpoints)]

    """
}

private let twoPorts = service("a", spec: "ports: [{port: 80, name: web, targetPort: web}, {port: 81, name: admin}]")

@Test func slicesWinOverTheSelector() throws {
    var cluster = try KubernetesCluster(
        twoPorts + pod("listed", address: "10.0.0.1") + pod("selected", address: "10.0.0.2", labels: "{app: a}")
            + slice(
                "a-1", ports: "{name: web, port: 8080}, {name: other, port: 1}, {name: admin, port: 9, protocol: UDP}",
                endpoints: "{addresses: [10.0.0.1], targetRef: {kind: Pod, name: listed}}"))
    let mesh = try cluster.mesh()
    #expect(try mesh.pod("listed").services == [serviceName("a"): [ServicePort(80, to: 8080)]])
    #expect(try mesh.pod("selected").services.isEmpty)
    cluster.remove(kind: .endpointSlice, namespace: "default", name: "a-1")
    #expect(try cluster.mesh().pod("selected").services == [serviceName("a"): [ServicePort(81, to: 81)]])
}

@Test func slicesOfBothFamiliesAreOneEndpoint() throws {
    let ports = "{name: web, port: 8080}"
    let reference = "targetRef: {kind: Pod, name: p}"
    var cluster = try KubernetesCluster(
        twoPorts + pod("p", address: "10.0.0.1")
            + slice("a-4", ports: ports, endpoints: "{addresses: [10.0.0.1], \(reference)}")
            + slice("a-6", type: "IPv6", ports: ports, endpoints: "{addresses: [\"fd00::1\"], \(reference)}"))
    let mesh = try cluster.mesh()
    #expect(mesh.workloads.count == 1)
    #expect(try mesh.pod("p").services == [serviceName("a"): [ServicePort(80, to: 8080)]])
}

@Test func aListedAddressOfAPodMeansThePod() throws {
    var cluster = try KubernetesCluster(
        twoPorts + deployment("b")
            + slice("a-1", ports: "{name: web, port: 8080}", endpoints: "{addresses: [10.244.0.2]}"))
    let mesh = try cluster.mesh()
    #expect(mesh.workloads.count == 1)
    #expect(try mesh.pod("b-0").services == [serviceName("a"): [ServicePort(80, to: 8080)]])
}

@Test func otherAddressesBecomeWorkloadsOfTheirOwn() throws {
    let zone = "{topology.kubernetes.io/region: r, topology.kubernetes.io/zone: z}"
    var cluster = try KubernetesCluster(
        twoPorts + node("n1", podCIDRs: "", labels: zone)
            + slice(
                "a-1", ports: "{name: web, port: 8080}",
                endpoints: """
                    {addresses: [1.2.3.4], nodeName: n1}, {addresses: [1.2.3.4]},
                    {addresses: [1.2.3.5], zone: z, conditions: {ready: false}},
                    {addresses: [1.2.3.6], zone: y, conditions: {ready: true}}
                    """))
    let mesh = try cluster.mesh()
    let ports = [serviceName("a"): [ServicePort(80, to: 8080)]]
    func workload(_ last: UInt32, node: String, locality: Locality, health: Health) -> Workload {
        Workload(
            WorkloadUID("Kubernetes/discovery.k8s.io/EndpointSlice/default/a-1/1.2.3.\(last)"), name: "a-1",
            namespace: "default", addresses: [.v4(0x0102_0300 + last)], node: node, locality: locality,
            serviceAccount: "", ownerName: "", canonicalRevision: "", networkMode: .hostNetwork, health: health,
            services: ports)
    }
    let region = Locality(region: "r", zone: "z")
    #expect(
        mesh.sortedWorkloads == [
            workload(4, node: "n1", locality: region, health: .healthy),
            workload(5, node: "", locality: region, health: .unhealthy),
            workload(6, node: "", locality: Locality(zone: "y"), health: .healthy),
        ])
}

@Test func aPodThatASliceCallsNotReadyIsUnhealthy() throws {
    var cluster = try KubernetesCluster(
        twoPorts + deployment("b")
            + slice(
                "a-1", ports: "{name: web, port: 8080}",
                endpoints: "{addresses: [10.244.0.2], conditions: {ready: false}}"))
    #expect(try cluster.mesh().pod("b-0").health == .unhealthy)
}

@Test func endpointsObjectsCountWhereThereIsNoSlice() throws {
    let endpoints = """
        ---
        apiVersion: v1
        kind: Endpoints
        metadata: {name: a}
        subsets:
        - addresses: [{ip: 10.0.0.1, targetRef: {kind: Pod, name: p}}, {ip: 1.2.3.4}]
          notReadyAddresses: [{ip: 1.2.3.5}]
          ports: [{name: web, port: 8080}]

        """
    var cluster = try KubernetesCluster(twoPorts + pod("p", address: "10.0.0.1") + endpoints)
    let mesh = try cluster.mesh()
    #expect(mesh.workloads.count == 3)
    #expect(try mesh.pod("p").services == [serviceName("a"): [ServicePort(80, to: 8080)]])
    #expect(mesh.sortedWorkloads.last?.uid.text == "Kubernetes/discovery.k8s.io/EndpointSlice/default/a/1.2.3.5")
    #expect(mesh.sortedWorkloads.map(\.health) == [.healthy, .healthy, .unhealthy])
    try cluster.apply(slice("a-1", ports: "", endpoints: ""))
    #expect(try cluster.mesh().workloads.count == 1)
}

/// A slice that cannot be used as it is, and the note about it.
struct SliceNoteCase: CustomTestStringConvertible {
    let testDescription: String
    var text: String
    var note: String
}

@Test(arguments: [
    SliceNoteCase(
        testDescription: "names instead of addresses",
        text: slice("s", type: "FQDN", ports: "", endpoints: "{addresses: [example.org]}"),
        note: "EndpointSlice default/s is ignored: it holds names, not addresses"),
    SliceNoteCase(
        testDescription: "of no service",
        text: "---\n{kind: EndpointSlice, metadata: {name: s}, addressType: IPv4, endpoints: []}",
        note: "EndpointSlice default/s is ignored: no label kubernetes.io/service-name"),
    SliceNoteCase(
        testDescription: "of a service that is not there",
        text: "---\n{kind: Endpoints, metadata: {name: b}}",
        note: "Endpoints default/b is ignored: there is no service default/b"),
    SliceNoteCase(
        testDescription: "of a pod that is not there",
        text: slice("s", ports: "", endpoints: "{addresses: [10.0.0.1], targetRef: {kind: Pod, name: gone}}"),
        note: "EndpointSlice names pod default/gone, which is not there"),
])
func notesWhatSlicesDoNotGive(_ c: SliceNoteCase) throws {
    var cluster = try KubernetesCluster(service("a") + c.text)
    let snapshot = try cluster.snapshot()
    #expect(snapshot.mesh.workloads.isEmpty)
    #expect(snapshot.notes.map(\.text) == [c.note])
}
