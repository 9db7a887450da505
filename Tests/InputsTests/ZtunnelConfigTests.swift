import Inputs
import Model
import Testing

/// Reads one element of a list, written as YAML.
private func change(_ list: ResourceList, _ text: String) throws -> MeshChange {
    var reader = DocumentReader(text: text, file: "z.yaml")
    return try ZtunnelConfig.change(reader.single(), of: list, file: "z.yaml")
}

@Suite struct ZtunnelConfigTests {
    @Test func everyKeyOfAWorkloadIsRead() throws {
        let read = try change(
            .workloads,
            """
            uid: c1//Pod/shop/cart-0
            name: cart-0
            namespace: shop
            serviceAccount: cart
            trustDomain: example.org
            workloadIps: [10.1.0.7, "fd00::7"]
            network: east
            node: n1
            protocol: HBONE
            locality: {region: r, zone: z, subzone: s}
            clusterId: c1
            canonicalName: cart
            canonicalRevision: v2
            workloadName: cart-set
            workloadType: deployment
            status: Unhealthy
            networkMode: HostNetwork
            nativeTunnel: true
            applicationTunnel: {protocol: PROXY, port: 15001}
            networkGateway: {destination: /10.9.9.9, hboneMtlsPort: 15008}
            hostname: cart.example.org
            capacity: 3
            waypoint: {destination: east/10.1.0.200, hboneMtlsPort: 15009}
            authorizationPolicies: [shop/only-web]
            services:
              shop/cart.shop.svc.cluster.local: {80: 8080, "443": 0}
              shop/bare.shop.svc.cluster.local: {}
            """)
        let cart = ServiceName(namespace: "shop", hostname: "cart.shop.svc.cluster.local")
        let bare = ServiceName(namespace: "shop", hostname: "bare.shop.svc.cluster.local")
        let address = try #require(IPAddress("10.1.0.200"))
        let expected = Workload(
            WorkloadUID("c1//Pod/shop/cart-0"), name: "cart-0", namespace: "shop",
            addresses: ["10.1.0.7", "fd00::7"].compactMap { IPAddress($0) }, network: "east", cluster: "c1", node: "n1",
            locality: Locality(region: "r", zone: "z", subzone: "s"), serviceAccount: "cart",
            trustDomain: "example.org", kind: .deployment, ownerName: "cart-set", canonicalName: "cart",
            canonicalRevision: "v2", networkMode: .hostNetwork, health: .unhealthy,
            waypoint: Gateway(.address(NetworkAddress(network: "east", address)), port: 15009),
            services: [cart: [ServicePort(80, to: 8080), ServicePort(443)], bare: []], policies: ["shop/only-web"])
        #expect(read == .setWorkload(expected))
    }

    @Test func missingAndEmptyKeysOfAWorkloadHaveDefaults() throws {
        let expected = Workload(WorkloadUID("u"), name: "", namespace: "ns")
        #expect(try change(.workloads, "{uid: u, namespace: ns, workloadIps: []}") == .setWorkload(expected))
        let empty = """
            {uid: u, namespace: ns, workloadIps: [], clusterId: "", trustDomain: "", serviceAccount: "",
             canonicalName: "", workloadName: "", workloadType: "", status: "", waypoint: null, services: null}
            """
        #expect(try change(.workloads, empty) == .setWorkload(expected))
    }

    @Test func servicesOfADumpAreNamesOnly() throws {
        let text = "{uid: u, namespace: ns, workloadIps: [], services: [ns/a, ns/b]}"
        guard case .setWorkload(let workload) = try change(.workloads, text) else {
            Issue.record("no workload")
            return
        }
        #expect(workload.services.values.allSatisfy { $0.isEmpty })
        #expect(workload.services.keys.sorted().map(\.description) == ["ns/a", "ns/b"])
    }

    @Test func everyKeyOfAServiceIsRead() throws {
        let read = try change(
            .services,
            """
            name: cart
            namespace: shop
            hostname: cart.shop.svc.cluster.local
            vips: [/10.96.0.7, east/fd00::7, 10.96.0.8]
            cidrVips: [{cidr: 240.0.0.0/16}]
            ports: {80: 8080, 443: 0}
            loadBalancer:
              mode: Failover
              routingPreferences: [Region, ZONE, subzone, Node, Cluster, NETWORK]
              healthPolicy: AllowAll
            waypoint: {destination: shop/waypoint.shop.svc.cluster.local, hboneMtlsPort: 15008}
            subjectAltNames: [spiffe://cluster.local/ns/shop/sa/cart]
            ipFamilies: Dual
            visibility: Public
            canonical: true
            ingressUseWaypoint: false
            endpoints: {}
            """)
        let expected = Service(
            ServiceName(namespace: "shop", hostname: "cart.shop.svc.cluster.local"), shortName: "cart",
            addresses: ["/10.96.0.7", "east/fd00::7", "/10.96.0.8"].compactMap(networkAddress),
            ports: [ServicePort(80, to: 8080), ServicePort(443)],
            waypoint: Gateway(.service(ServiceName(namespace: "shop", hostname: "waypoint.shop.svc.cluster.local"))),
            loadBalancing: LoadBalancing(
                .failover, preferring: [.region, .zone, .subzone, .node, .cluster, .network], healthPolicy: .allowAll))
        #expect(read == .setService(expected))
    }

    private func networkAddress(_ text: String) -> NetworkAddress? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return IPAddress(parts[1]).map { NetworkAddress(network: String(parts[0]), $0) }
    }

    @Test(arguments: [
        ("Standard", LoadBalancing.Mode.random), ("STRICT", .strict), ("strict", .strict), ("FAILOVER", .failover),
        ("Passthrough", .passthrough), ("UNSPECIFIED_MODE", .random), ("UnspecifiedMode", .random),
    ])
    func modesAreFoundInAnySpelling(_ word: String, _ mode: LoadBalancing.Mode) throws {
        let read = try change(.services, "{namespace: n, hostname: h, ports: {}, loadBalancer: {mode: \(word)}}")
        let name = ServiceName(namespace: "n", hostname: "h")
        #expect(read == .setService(Service(name, loadBalancing: LoadBalancing(mode))))
    }

    @Test(arguments: [
        ("east/10.0.0.1", "east/10.0.0.1", 15008), ("/10.0.0.1", "/10.0.0.1", 15008), ("10.0.0.1", "/10.0.0.1", 15008),
        ("ns/host.example", "ns/host.example", 15008),
        ("{destination: ns/host.example}", "ns/host.example", 15008),
        ("{destination: {address: east/10.0.0.1}, hboneMtlsPort: 7}", "east/10.0.0.1", 7),
        ("{destination: {address: {network: east, address: 10.0.0.1}}}", "east/10.0.0.1", 15008),
        ("{destination: {hostname: {namespace: ns, hostname: host.example}}}", "ns/host.example", 15008),
        ("{hostname: ns/host.example, hboneMtlsPort: 0}", "ns/host.example", 0),
        ("{address: /fd00::1}", "/fd00::1", 15008),
    ])
    func aWaypointHasManyForms(_ text: String, _ destination: String, _ port: UInt16) throws {
        guard
            case .setService(let service) = try change(.services, "{namespace: n, hostname: h, waypoint: \(text)}"),
            let waypoint = service.waypoint
        else {
            Issue.record("no waypoint")
            return
        }
        #expect(waypoint.port == port)
        switch waypoint.destination {
        case .address(let address): #expect("\(address)" == destination)
        case .service(let name): #expect("\(name)" == destination)
        }
    }

    @Test(arguments: [
        ("Global", Policy.Scope.global), ("NAMESPACE", .namespace), ("WorkloadSelector", .workload),
        ("WORKLOAD_SELECTOR", .workload),
    ])
    func policiesKeepTheirScopeAndTheirRules(_ word: String, _ scope: Policy.Scope) throws {
        let read = try change(
            .policies,
            """
            {name: p, namespace: n, scope: \(word), action: Deny, dryRun: true,
             rules: [[[{destinationPorts: [80]}]], [[{notNamespaces: [{Exact: x}]}]]]}
            """)
        let ports = PolicyMatch(destinationPorts: .init([80]))
        let names = PolicyMatch(namespaces: .init(not: [.exact("x")]))
        let expected = Policy(
            name: "p", namespace: "n", scope: scope, action: .deny,
            rules: [ports, names].map { Policy.Rule([Policy.Clause([$0])]) }, isDryRun: true)
        #expect(read == .setPolicy(expected))
    }

    @Test(arguments: [
        (ResourceList.workloads, "{namespace: n, workloadIps: []}", "1:1: \"uid\" is missing here"),
        (.workloads, "{uid: '', namespace: n, workloadIps: []}", "1:7: \"uid\" must not be empty"),
        (.workloads, "{uid: u, namespace: n}", "1:1: \"workloadIps\" is missing here"),
        (
            .workloads, "{uid: u, namespace: n, workloadIps: [10.0.0.300]}",
            "1:38: \"workloadIps\" must hold IP addresses"
        ),
        (
            .workloads, "uid: u\nnamespace: n\nworkloadIps: []\nworkloadIp: x",
            "4:1: unknown key \"workloadIp\"; did you mean"
        ),
        (
            .workloads, "{uid: u, namespace: n, workloadIps: [], status: Healty}",
            "1:49: \"status\" must be one of Healthy"
        ),
        (
            .workloads, "{uid: u, namespace: n, workloadIps: [], services: {h: {}}}",
            "1:52: a service is named namespace/"
        ),
        (
            .workloads, "{uid: u, namespace: n, workloadIps: [], services: {n/h: {0: 1}}}",
            "1:58: a service port must be"
        ),
        (
            .workloads, "{uid: u, namespace: n, workloadIps: [], services: {n/h: {80: 65536}}}",
            "1:62: the target of port 80"
        ),
        (
            .workloads, "{uid: u, namespace: n, workloadIps: [], services: [n/h, n/h]}",
            "1:57: service n/h is listed twice"
        ),
        (.workloads, "{uid: u, namespace: n, workloadIps: [], services: 7}", "1:51: \"services\" must map"),
        (
            .workloads, "{uid: u, namespace: n, workloadIps: [], locality: {zon: z}}",
            "1:52: unknown key \"zon\"; did you mean \"zone\""
        ),
        (.workloads, "[]", "1:1: a workload must be a mapping"),
        (.services, "{namespace: n}", "1:1: \"hostname\" is missing here"),
        (.services, "{namespace: n, hostname: h, vips: [/10.0.0.0/8]}", "1:36: \"vips\" must hold network/address"),
        (.services, "{namespace: n, hostname: h, ports: [80]}", "1:36: \"ports\" must map service ports"),
        (.services, "{namespace: n, hostname: h, waypoint: /10.0.0.300}", "1:39: \"waypoint\" must be network/address"),
        (
            .services, "{namespace: n, hostname: h, waypoint: n/10.0.0.300}",
            "1:39: \"waypoint\" must be network/address"
        ),
        (
            .services, "{namespace: n, hostname: h, waypoint: {destinatio: x}}",
            "1:40: unknown key \"destinatio\"; did you"
        ),
        (.services, "{namespace: n, hostname: h, waypoint: {}}", "1:39: a waypoint needs \"destination\""),
        (
            .services, "{namespace: n, hostname: h, waypoint: {address: /10.0.0.1, hostname: n/h}}",
            "1:70: a waypoint has an"
        ),
        (
            .services, "{namespace: n, hostname: h, waypoint: {destination: /10.0.0.1, hboneMtlsPort: 65536}}",
            "1:79: \"hboneMtlsPort\""
        ),
        (
            .services, "{namespace: n, hostname: h, loadBalancer: {mode: Stric}}",
            "1:50: \"mode\" must be one of Standard"
        ),
        (
            .services, "{namespace: n, hostname: h, loadBalancer: {routingPreferences: [Planet]}}",
            "1:65: \"routingPreferences\""
        ),
        (.policies, "{name: p, namespace: n, action: Allow}", "1:1: \"scope\" is missing here"),
        (.policies, "{name: p, namespace: n, scope: Global}", "1:1: \"action\" is missing here"),
        (.policies, "{name: p, scope: Global, action: Audit}", "1:34: \"action\" must be one of Allow, Deny"),
        (
            .policies, "{name: p, scope: Global, action: Deny, rules: [{clauses: []}]}",
            "1:48: a rule must be a list of clauses"
        ),
        (
            .policies, "{name: p, scope: Global, action: Deny, rules: [[{matches: []}]]}",
            "1:49: a clause must be a list of matches"
        ),
    ])
    func whatIsWrongIsSaidWithItsPlace(_ list: ResourceList, _ text: String, _ message: String) throws {
        let error = try #require(throws: InputError.self) { try change(list, text) }
        #expect("\(error)".hasPrefix("z.yaml:\(message)"), "\(error)")
    }
}
