import Inputs
import Model
import Testing

@Test func aServiceIsNamedByItsHostname() throws {
    var cluster = try KubernetesCluster(
        "{kind: Service, metadata: {name: a, namespace: x}, spec: {clusterIP: 10.0.0.1, ports: [{port: 80, name: web}]}}",
        settings: KubernetesSettings(network: "net", clusterDomain: "example.org"))
    let name = ServiceName(namespace: "x", hostname: "a.x.svc.example.org")
    let expected = Service(
        name, shortName: "a", addresses: [NetworkAddress(network: "net", .v4(0x0a00_0001))],
        ports: [ServicePort(80, to: 80, name: "web")])
    #expect(try cluster.mesh().services == [name: expected])
}

/// A service's `spec`, and the addresses that it gets next to nodes of some families.
struct AddressCase: CustomTestStringConvertible {
    let testDescription: String
    var spec: String
    var podCIDRs = "10.1.0.0/24"
    var addresses: [String]
}

// fnv1a("default/a") = 0xca0af726; modulo 65534, plus 1, it is the offset 0x8b3f.
private let virtualV4 = "10.96.139.63"
private let virtualV6 = "fd00:10:96::8b3f"
private let dual = "\"10.1.0.0/24\", \"fd00:1::/64\""

@Test(arguments: [
    AddressCase(testDescription: "given", spec: "clusterIP: 10.0.0.1", addresses: ["10.0.0.1"]),
    AddressCase(
        testDescription: "given for both families", spec: "clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, \"fd00::1\"]",
        addresses: ["10.0.0.1", "fd00::1"]),
    AddressCase(testDescription: "headless", spec: "clusterIP: None", addresses: []),
    AddressCase(testDescription: "headless by the list", spec: "clusterIPs: [None]", addresses: []),
    AddressCase(testDescription: "nothing said", spec: "", addresses: [virtualV4]),
    AddressCase(testDescription: "an empty address", spec: "clusterIP: \"\"", addresses: [virtualV4]),
    AddressCase(testDescription: "nothing said, both families", spec: "", podCIDRs: dual, addresses: [virtualV4]),
    AddressCase(
        testDescription: "nothing said, IPv6 only", spec: "", podCIDRs: "\"fd00:1::/64\"", addresses: [virtualV6]),
    AddressCase(testDescription: "IPv6", spec: "ipFamilies: [IPv6]", addresses: [virtualV6]),
    AddressCase(
        testDescription: "both families in their order",
        spec: "ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv6, IPv4]", addresses: [virtualV6, virtualV4]),
    AddressCase(
        testDescription: "both required", spec: "ipFamilyPolicy: RequireDualStack", addresses: [virtualV4, virtualV6]),
    AddressCase(
        testDescription: "both required, IPv6 first", spec: "ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv6]",
        addresses: [virtualV6, virtualV4]),
    AddressCase(
        testDescription: "both preferred, one there", spec: "ipFamilyPolicy: PreferDualStack", addresses: [virtualV4]),
    AddressCase(
        testDescription: "both preferred, both there", spec: "ipFamilyPolicy: PreferDualStack", podCIDRs: dual,
        addresses: [virtualV4, virtualV6]),
    AddressCase(
        testDescription: "one only", spec: "ipFamilyPolicy: SingleStack", podCIDRs: dual, addresses: [virtualV4]),
])
func servicesGetVirtualAddresses(_ c: AddressCase) throws {
    var cluster = try KubernetesCluster(node("n1", podCIDRs: c.podCIDRs) + service("a", spec: c.spec))
    #expect(try cluster.mesh().service("a").addresses.map { $0.address.description } == c.addresses)
}

@Test func aVirtualAddressThatIsTakenLeadsToTheNextAndStays() throws {
    var cluster = try KubernetesCluster(service("real", spec: "clusterIP: \(virtualV4)") + service("a"))
    #expect(try cluster.mesh().service("a").addresses.map { $0.address.description } == ["10.96.139.64"])
    cluster.remove(kind: .service, namespace: "default", name: "real")
    #expect(try cluster.mesh().service("a").addresses.map { $0.address.description } == ["10.96.139.64"])
    cluster.remove(kind: .service, namespace: "default", name: "a")
    #expect(try cluster.mesh().services.isEmpty)
    try cluster.apply(service("a"))
    #expect(try cluster.mesh().service("a").addresses.map { $0.address.description } == [virtualV4])
}

@Test func manyServicesHaveDifferentVirtualAddresses() throws {
    var cluster = KubernetesCluster()
    for number in 0..<2000 { try cluster.apply(service("s\(number)")) }
    let mesh = try cluster.mesh()
    #expect(Set(mesh.services.values.flatMap(\.addresses)).count == 2000)
}

@Test func portsLeadToNumbersOrToNamesOfThePods() throws {
    let ports = """
        ports: [{port: 80, name: web, targetPort: 8080}, {port: 81}, {port: 82, targetPort: admin},
          {port: 83, targetPort: missing}, {port: 84, targetPort: dns}, {port: 85, targetPort: "8085"},
          {port: 86, protocol: TCP}]
        """
    let container = """
        containers: [{ports: [{name: admin, containerPort: 9000}]},
          {ports: [{name: admin, containerPort: 9001}, {name: dns, containerPort: 53, protocol: UDP}]}]
        """
    var cluster = try KubernetesCluster(service("a", spec: ports) + deployment("a", podSpec: container))
    let mesh = try cluster.mesh()
    #expect(
        try mesh.service("a").ports == [
            ServicePort(80, to: 8080, name: "web"), ServicePort(81, to: 81), ServicePort(82, targetName: "admin"),
            ServicePort(83, targetName: "missing"), ServicePort(84, targetName: "dns"), ServicePort(85, to: 8085),
            ServicePort(86, to: 86),
        ])
    #expect(
        try mesh.pod("a-0").services == [
            serviceName("a"): [
                ServicePort(80, to: 8080), ServicePort(81, to: 81), ServicePort(82, to: 9000),
                ServicePort(85, to: 8085),
                ServicePort(86, to: 86),
            ]
        ])
}

@Test func portsThatAreNotTCPAreLeftOutAndNoted() throws {
    var cluster = try KubernetesCluster(
        service("dns", spec: "ports: [{port: 53, protocol: UDP}, {port: 53}, {port: 132, protocol: SCTP}]"))
    let snapshot = try cluster.snapshot()
    #expect(try snapshot.mesh.service("dns").ports == [ServicePort(53, to: 53)])
    #expect(
        snapshot.notes.map(\.description) == [
            "test.yaml:5:38: port 53 of service default/dns is left out: the mesh balances TCP, not UDP",
            "test.yaml:5:77: port 132 of service default/dns is left out: the mesh balances TCP, not SCTP",
        ])
}

@Test func externalNamesAreIgnoredAndNoted() throws {
    var cluster = try KubernetesCluster(service("a", spec: "type: ExternalName, externalName: example.org"))
    let snapshot = try cluster.snapshot()
    #expect(snapshot.mesh.services.isEmpty)
    #expect(
        snapshot.notes.map(\.description)
            == ["test.yaml:2:1: service default/a is ignored: ExternalName services have no endpoints"])
}

/// A service's `spec` and annotations, and how its endpoints are chosen.
struct BalancingCase: CustomTestStringConvertible {
    let testDescription: String
    var spec = "{}"
    var annotation: String?
    var namespaceAnnotation: String?
    var loadBalancing: LoadBalancing
}

private let preferZone = LoadBalancing(.failover, preferring: [.network, .region, .zone])
private let preferNode = LoadBalancing(.failover, preferring: [.network, .region, .zone, .subzone, .node])

@Test(arguments: [
    BalancingCase(testDescription: "nothing said", loadBalancing: LoadBalancing()),
    BalancingCase(testDescription: "close", spec: "{trafficDistribution: PreferClose}", loadBalancing: preferZone),
    BalancingCase(
        testDescription: "same zone", spec: "{trafficDistribution: PreferSameZone}", loadBalancing: preferZone),
    BalancingCase(
        testDescription: "same node", spec: "{trafficDistribution: PreferSameNode}", loadBalancing: preferNode),
    BalancingCase(testDescription: "by annotation", annotation: "PreferClose", loadBalancing: preferZone),
    BalancingCase(
        testDescription: "by the namespace's annotation", namespaceAnnotation: "PreferClose",
        loadBalancing: preferZone),
    BalancingCase(
        testDescription: "its own annotation wins", annotation: "PreferSameNode", namespaceAnnotation: "PreferClose",
        loadBalancing: preferNode),
    BalancingCase(
        testDescription: "the spec wins", spec: "{trafficDistribution: PreferSameNode}", annotation: "PreferClose",
        loadBalancing: preferNode),
    BalancingCase(
        testDescription: "unknown", annotation: "Any", namespaceAnnotation: "PreferClose",
        loadBalancing: LoadBalancing()),
    BalancingCase(
        testDescription: "local wins over all",
        spec: "{internalTrafficPolicy: Local, trafficDistribution: PreferClose}",
        loadBalancing: LoadBalancing(.strict, preferring: [.node])),
    BalancingCase(
        testDescription: "endpoints that are not ready count",
        spec: "{publishNotReadyAddresses: true, internalTrafficPolicy: Cluster}",
        loadBalancing: LoadBalancing(healthPolicy: .allowAll)),
])
func endpointsAreChosenByTrafficDistribution(_ c: BalancingCase) throws {
    func annotations(_ value: String?) -> String {
        value.map { "{networking.istio.io/traffic-distribution: \($0)}" } ?? "{}"
    }
    var cluster = try KubernetesCluster(
        """
        {kind: Namespace, metadata: {name: default, annotations: \(annotations(c.namespaceAnnotation))}}
        ---
        {kind: Service, metadata: {name: a, annotations: \(annotations(c.annotation))}, spec: \(c.spec)}
        """)
    #expect(try cluster.mesh().service("a").loadBalancing == c.loadBalancing)
}

@Test func servicesSelectPodsThatCarryAllLabelsInTheirNamespace() throws {
    var cluster = try KubernetesCluster(
        pod("match", address: "10.0.0.1", labels: "{app: a, tier: x, more: y}")
            + pod("partly", address: "10.0.0.2", labels: "{app: a}")
            + pod("elsewhere", address: "10.0.0.3", labels: "{app: a, tier: x}", metadata: "namespace: other")
                + """
                ---
                {kind: Service, metadata: {name: two}, spec: {selector: {app: a, tier: x}, ports: [{port: 80}]}}
                ---
                {kind: Service, metadata: {name: one}, spec: {selector: {app: a}, ports: [{port: 81}]}}
                ---
                {kind: Service, metadata: {name: none}, spec: {ports: [{port: 82}]}}
                """)
    let mesh = try cluster.mesh()
    let (one, two) = ([ServicePort(81, to: 81)], [ServicePort(80, to: 80)])
    #expect(try mesh.pod("match").services == [serviceName("one"): one, serviceName("two"): two])
    #expect(try mesh.pod("partly").services == [serviceName("one"): one])
    #expect(try mesh.pod("elsewhere", namespace: "other").services.isEmpty)
}
