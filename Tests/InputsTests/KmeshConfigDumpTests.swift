import Inputs
import Model
import Testing

/// Reads one element of a list, written as JSON.
private func change(_ list: ResourceList, _ text: String) throws -> MeshChange {
    var reader = DocumentReader(text: text, file: "k.json")
    return try KmeshConfigDump.change(reader.single(), of: list, file: "k.json")
}

@Suite struct KmeshConfigDumpTests {
    @Test func everyKeyOfAWorkloadIsRead() throws {
        let read = try change(
            .workloads,
            """
            {"uid": "c1//Pod/shop/cart-0", "addresses": ["10.1.0.7", "fd00::7"], "waypoint": "east/10.1.0.200",
             "protocol": "HBONE", "name": "cart-0", "namespace": "shop", "serviceAccount": "cart",
             "workloadName": "cart-set", "workloadType": "CRONJOB", "canonicalName": "cart",
             "canonicalRevision": "v2", "clusterId": "c1", "trustDomain": "example.org",
             "locality": {"region": "r", "zone": "z"}, "node": "n1", "network": "east", "status": "UNHEALTHY",
             "applicationTunnel": {"protocol": "PROXY", "port": 15001}, "services": ["shop/cart"],
             "authorizationPolicies": ["shop/only-web"]}
            """)
        let address = try #require(IPAddress("10.1.0.200"))
        let expected = Workload(
            WorkloadUID("c1//Pod/shop/cart-0"), name: "cart-0", namespace: "shop",
            addresses: ["10.1.0.7", "fd00::7"].compactMap { IPAddress($0) }, network: "east", cluster: "c1", node: "n1",
            locality: Locality(region: "r", zone: "z"), serviceAccount: "cart", trustDomain: "example.org",
            kind: .cronjob, ownerName: "cart-set", canonicalName: "cart", canonicalRevision: "v2",
            health: .unhealthy, waypoint: Gateway(.address(NetworkAddress(network: "east", address))),
            services: [ServiceName(namespace: "shop", hostname: "cart"): []], policies: ["shop/only-web"])
        #expect(read == .setWorkload(expected))
    }

    @Test func everyKeyOfAServiceIsRead() throws {
        let read = try change(
            .services,
            """
            {"name": "cart", "namespace": "shop", "hostname": "cart.local", "vips": ["/10.96.0.7", "east/fd00::7"],
             "ports": [{"service_port": 80, "target_port": 8080, "app_protocol": 1}, {"service_port": 81}],
             "loadBalancer": {"mode": "FAILOVER", "routingPreferences": ["REGION", "NODE"]},
             "waypoint": {"destination": "shop/waypoint.local"}}
            """)
        let v4 = try #require(IPAddress("10.96.0.7"))
        let v6 = try #require(IPAddress("fd00::7"))
        let expected = Service(
            ServiceName(namespace: "shop", hostname: "cart.local"), shortName: "cart",
            addresses: [NetworkAddress(v4), NetworkAddress(network: "east", v6)],
            ports: [ServicePort(80, to: 8080), ServicePort(81)],
            waypoint: Gateway(.service(ServiceName(namespace: "shop", hostname: "waypoint.local"))),
            loadBalancing: LoadBalancing(.failover, preferring: [.region, .node]))
        #expect(read == .setService(expected))
    }

    @Test func nullAndEmptyMeanNone() throws {
        let read = try change(
            .services,
            """
            {"name": "", "namespace": "n", "hostname": "h", "vips": [], "ports": null, "loadBalancer": null,
             "waypoint": {"destination": ""}}
            """)
        #expect(read == .setService(Service(ServiceName(namespace: "n", hostname: "h"))))
    }

    @Test func policiesHaveTheirRules() throws {
        let read = try change(
            .policies,
            """
            {"name": "p", "namespace": "n", "scope": "WORKLOAD_SELECTOR", "action": "DENY",
             "rules": [{"clauses": [{"matches": [{"destination_ports": [80]}]}]}]}
            """)
        let rule = Policy.Rule([Policy.Clause([PolicyMatch(destinationPorts: .init([80]))])])
        #expect(
            read
                == .setPolicy(Policy(name: "p", namespace: "n", scope: .workload, action: .deny, rules: [rule])))
    }

    @Test(arguments: [
        (ResourceList.workloads, #"{"namespace": "n", "addresses": []}"#, #"1:1: "uid" is missing here"#),
        (.workloads, #"{"uid": "u", "namespace": "n", "addresses": ["x"]}"#, #"1:46: "addresses" must hold IP"#),
        (.workloads, #"{"uid": "u", "namespace": "n", "services": ["x"]}"#, "1:45: a service is named"),
        (.workloads, #"{"uid": "u", "namespace": "n", "workloadIps": []}"#, #"1:32: unknown key "workloadIps""#),
        (.services, #"{"namespace": "n", "hostname": "h", "ports": {"80": 80}}"#, #"1:46: "ports" must list"#),
        (
            .services, #"{"namespace": "n", "hostname": "h", "ports": [{"target_port": 80}]}"#,
            #"1:47: "service_port" is"#
        ),
        (
            .services, #"{"namespace": "n", "hostname": "h", "ports": [{"service_port": 80, "targetPort": 80}]}"#,
            #"1:68: unknown key "targetPort"; did you mean "target_port"?"#
        ),
        (
            .policies, #"{"name": "p", "scope": "GLOBAL", "action": "DENY", "rules": [[]]}"#,
            "1:62: a rule must be a mapping with clauses, not a list"
        ),
        (
            .policies, #"{"name": "p", "scope": "GLOBAL", "action": "DENY", "rules": [{"clauses": [null]}]}"#,
            "1:75: a clause must be a mapping with matches, not nothing"
        ),
    ])
    func whatIsWrongIsSaidWithItsPlace(_ list: ResourceList, _ text: String, _ message: String) throws {
        let error = try #require(throws: InputError.self) { try change(list, text) }
        #expect("\(error)".hasPrefix("k.json:\(message)"), "\(error)")
    }
}
