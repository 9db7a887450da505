import Model

extension SoundnessRow {
    /// A row for every rule.
    static let all = room + addresses + references + endpoints + locality + ports + waypoints + policies

    static let room: [SoundnessRow] = [
        SoundnessRow(
            .frontendCapacity, .error, "km_frontend",
            "has to hold 3 addresses, with room for 1 upstream and 1 hardened",
            upstream: "Connects to the addresses that found no room go out as if there were no mesh.",
            hardened: "Connects to the addresses that found no room go out as if there were no mesh.",
            failsOpen: [.upstream, .hardened], room: .one(\.frontend),
            in: mesh(services: [service("a", ["10.0.0.1", "10.0.0.2"])], workloads: [pod("p", of: ["a"])])),
        SoundnessRow(
            .serviceCapacity, .error, "km_service",
            "has to hold 2 services, with room for 1 upstream and 1 hardened",
            upstream: "The last services have a frontend but no entry: connects to them leave the mesh.",
            hardened: "The last services are refused as a whole: connects to them leave the mesh.",
            failsOpen: [.upstream, .hardened], room: .one(\.service),
            in: mesh(services: [service("a", []), service("b", [])])),
        SoundnessRow(
            .endpointCapacity, .error, "km_endpoint",
            "has to hold 2 endpoints, with room for 1 upstream and 1 hardened",
            upstream:
                "The last slots are lost but counted: a connect that picks one goes to the virtual IP as if there were no mesh.",
            hardened: "The last workloads are refused as a whole: no service picks them.",
            failsOpen: [.upstream], room: .one(\.endpoint),
            in: mesh(
                services: [service("a", [])],
                workloads: [pod("p", ["10.1.0.1"], of: ["a"]), pod("q", ["10.1.0.2"], of: ["a"])])),
        SoundnessRow(
            .backendCapacity, .error, "km_backend",
            "has to hold 2 workloads, with room for 1 upstream and 1 hardened",
            upstream:
                "The last entries are lost but counted: a connect that picks one goes to the virtual IP as if there were no mesh.",
            hardened: "The last workloads are refused as a whole: no service picks them.",
            failsOpen: [.upstream], room: .one(\.backend),
            in: mesh(workloads: [pod("p"), pod("q", ["10.1.0.2"])])),
        SoundnessRow(
            .manageCapacity, .warning, "node n",
            "has 1 pod; km_manage holds 1 upstream and 1 hardened",
            upstream: "A managed pod takes two entries; pods that find no room stay outside the mesh.",
            hardened: "All fit.",
            failsOpen: [.upstream], room: .one(\.manage),
            in: mesh(workloads: [pod("p", node: "n")])),
        SoundnessRow(
            .nodeInfoCapacity, .error, "km_nodeinfo",
            "has to hold 2 pod prefixes, with room for 1 upstream and 1 hardened",
            upstream: "Packets to the prefixes that found no room are not marked, and leave unencrypted.",
            hardened: "Packets to the prefixes that found no room are not marked, and leave unencrypted.",
            failsOpen: [], room: .one(\.nodeInfo),
            in: mesh(nodes: [
                node("m", prefixes: ["10.1.0.0/24", "10.1.2.0/24"]), node("n", prefixes: ["10.1.1.0/24"]),
            ])),
        SoundnessRow(
            .policyCapacity, .error, "km_authz_policy",
            "has to hold 513 policies, with room for 512 upstream",
            upstream: "XDP ends its walk with a pass at a policy that found no room.",
            hardened: "Policies are compiled into maps of their own, without this limit.",
            failsOpen: [.upstream],
            in: mesh(
                policies: (0..<513).map {
                    Policy(
                        name: "p\($0)", namespace: "default", scope: .workload, action: .deny, rules: [Policy.Rule()])
                })),
        SoundnessRow(
            .workloadPolicyCapacity, .error, "km_wlpolicy",
            "has to hold 513 workloads with policies, with room for 512 upstream",
            upstream: "XDP passes everything to workloads that found no room, as if they had no policies.",
            hardened: "Policies are compiled into maps of their own, without this limit.",
            failsOpen: [.upstream],
            in: mesh(
                workloads: (0..<513).map { pod("p\($0)", ["10.1.\($0 / 256).\($0 % 256)"], policies: ["deny"]) },
                policies: [policy("deny", .deny)])),
        SoundnessRow(
            .tooManyPorts, .warning, "service default/a",
            "has 12 ports; km_service has room for 10, not for 11, 12",
            upstream: "Connects to the others go to the virtual IP as if there were no mesh.",
            hardened: "The others are in a map of their own: all work.",
            failsOpen: [.upstream],
            in: mesh(
                services: [service("a", ports: (1...12).map { ServicePort($0, to: 8080) })],
                workloads: [pod("p", of: ["a"])])),
        SoundnessRow(
            .tooManyServices, .note, "workload c//Pod/default/p",
            "belongs to 11 services; its map entry has room for 10",
            upstream: "No lookup reads the names: it is an endpoint of all 11.",
            hardened: "No lookup reads the names: it is an endpoint of all 11.",
            failsOpen: [],
            in: mesh(
                services: (1...11).map { service("s\($0)", []) }, workloads: [pod("p", of: (1...11).map { "s\($0)" })])),
        SoundnessRow(
            .tooManyScopes, .warning, "service default/a",
            "ranks by 7 scopes; there are priorities for 6",
            upstream: "Endpoints that match in at most 1 scope share priority 6.",
            hardened: "Endpoints that match in at most 1 scope share priority 6.",
            failsOpen: [],
            in: mesh(services: [
                service(
                    "a", [],
                    balancing: LoadBalancing(
                        .failover, preferring: [.region, .zone, .subzone, .node, .cluster, .network, .region]))
            ])),
        SoundnessRow(
            .repeatedScope, .note, "service default/a",
            "ranks by 2 scopes, 1 of them repeated",
            upstream: "The repetition leaves priorities empty; the order of the endpoints stays.",
            hardened: "The repetition leaves priorities empty; the order of the endpoints stays.",
            failsOpen: [],
            in: mesh(services: [service("a", [], balancing: LoadBalancing(.strict, preferring: [.node, .node]))])),
        SoundnessRow(
            .tooManyPolicies, .error, "workload c//Pod/default/p",
            "has 5 policies; km_wlpolicy has room for 4, not for default/deny",
            upstream: "XDP skips the others: a DENY among them bites, if at all, only after the first packets.",
            hardened: "All are enforced, on the first packet.",
            failsOpen: [.upstream],
            in: mesh(
                workloads: [pod("p", policies: ["a", "b", "c", "d", "deny"])],
                policies: [policy("a"), policy("b"), policy("c"), policy("d"), policy("deny", .deny)])),
    ]

    static let addresses: [SoundnessRow] = [
        SoundnessRow(
            .sharedWorkloadAddress, .error, "workload c//Pod/default/p",
            "10.1.0.1 is the address of 2 workloads: c//Pod/default/p, c//Pod/default/q",
            upstream: "The one that was sent last gets all connects; that may skip the waypoint of another.",
            hardened: "c//Pod/default/p, the first by name, gets all connects; the waypoint of another is skipped.",
            failsOpen: [.upstream, .hardened],
            in: mesh(workloads: [
                pod("p", ["10.1.0.1"]), pod("q", ["10.1.0.1"], waypoint: to("10.1.0.9:15008")), pod("w", ["10.1.0.9"]),
            ])),
        SoundnessRow(
            .sharedServiceAddress, .error, "service default/a",
            "10.0.0.1 is a virtual IP of 2 services: default/a, default/b",
            upstream: "The one that was sent last gets all connects.",
            hardened: "default/a, the first by name, gets all connects.",
            failsOpen: [],
            in: mesh(services: [service("a"), service("b")], workloads: [pod("p", of: ["a", "b"])])),
        SoundnessRow(
            .serviceWorkloadAddress, .error, "service default/a",
            "10.0.0.1 is its virtual IP and the address of c//Pod/default/q",
            upstream: "The service owns the address: the workload is not found by it, and its waypoint is skipped.",
            hardened: "The service owns the address: the workload is not found by it, and its waypoint is skipped.",
            failsOpen: [.upstream, .hardened],
            in: mesh(
                services: [service("a")],
                workloads: [pod("p", of: ["a"]), pod("q", ["10.0.0.1"], waypoint: to("10.1.0.1:15008"))])),
        SoundnessRow(
            .nodeAddress, .error, "node n",
            "10.1.0.1 is also the address of c//Pod/default/p on the standard network",
            upstream:
                "Connects to the node count as connects to the workload; those from it to its node's pods pass as probes, unjudged.",
            hardened:
                "Connects to the node count as connects to the workload, and the node's processes have its identity.",
            failsOpen: [.upstream],
            in: mesh(
                nodes: [node("n", ["10.1.0.1"])], workloads: [pod("p", node: "n", policies: ["deny"])],
                policies: [policy("deny", .deny)])),
        SoundnessRow(
            .mappedAddress, .error, "service default/a",
            "::ffff:10.0.0.1 is an IPv4-mapped address, looked up as 10.0.0.1",
            upstream: "Connects to it pass the service by: lookups ask for the IPv4 address.",
            hardened: "Connects to it pass the service by: lookups ask for the IPv4 address.",
            failsOpen: [.upstream, .hardened],
            in: mesh(services: [service("a", ["::ffff:10.0.0.1"])], workloads: [pod("p", ["2001:db8::1"], of: ["a"])])),
        SoundnessRow(
            .noAddress, .warning, "workload c//Pod/default/p",
            "has no address but belongs to 1 service",
            upstream: "It has no map entries: no service picks it.",
            hardened: "It has no map entries: no service picks it.",
            failsOpen: [],
            in: mesh(services: [service("a", [])], workloads: [pod("p", [], of: ["a"])])),
        SoundnessRow(
            .severalAddresses, .warning, "workload c//Pod/default/p",
            "has 2 IPv4 and 1 IPv6 addresses",
            upstream: "Services send to 10.1.0.2 only; connects to any of its addresses find it.",
            hardened: "Services send to 10.1.0.1 and 2001:db8::1 only; connects to any of its addresses find it.",
            failsOpen: [],
            in: mesh(workloads: [pod("p", ["10.1.0.1", "2001:db8::1", "10.1.0.2"])])),
        SoundnessRow(
            .outsidePodPrefix, .warning, "node n",
            "1 workload outside 10.1.0.0/24: c//Pod/default/p",
            upstream: "Other nodes do not mark packets to these addresses, so they travel unencrypted.",
            hardened: "Other nodes do not mark packets to these addresses, so they travel unencrypted.",
            failsOpen: [],
            in: mesh(nodes: [node("n", prefixes: ["10.1.0.0/24"])], workloads: [pod("p", ["10.2.0.1"], node: "n")])),
    ]

    static let references: [SoundnessRow] = [
        SoundnessRow(
            .unknownService, .warning, "service default/a",
            "not in the mesh, but 2 workloads name it: c//Pod/default/p, c//Pod/default/q",
            upstream: "The endpoints are lost, also when the service comes, until the workloads are sent again.",
            hardened: "The endpoints wait for the service.",
            failsOpen: [],
            in: mesh(workloads: [pod("p", of: ["a"]), pod("q", ["10.1.0.2"], of: ["a"])])),
        SoundnessRow(
            .unknownNode, .note, "node n",
            "not in the mesh, but 1 workload names it: c//Pod/default/p",
            upstream: "Nothing changes: nodes are known by their workloads only.",
            hardened: "The node takes its locality from its first workload.",
            failsOpen: [],
            in: mesh(nodes: [node("m")], workloads: [pod("p", node: "n")])),
        SoundnessRow(
            .unknownPolicy, .warning, "policy default/missing",
            "not in the mesh, but 1 workload names it: c//Pod/default/p",
            upstream: "XDP ends its walk with a pass there: the policies after it are skipped.",
            hardened: "It is left out until it is known; the others are enforced.",
            failsOpen: [.upstream],
            in: mesh(workloads: [pod("p", policies: ["missing"])])),
        SoundnessRow(
            .idCollision, .note, "default/s649192.example",
            "its hash 338897991 belongs to default/s412789.example",
            upstream: "The later of the two gets another id, here 338897992, and all lookups work.",
            hardened: "The later of the two gets another id, here 338897992, and all lookups work.",
            failsOpen: [],
            in: mesh(services: [service("s412789.example", []), service("s649192.example", [])])),
    ]
}
