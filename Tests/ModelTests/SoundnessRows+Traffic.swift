import Model

extension SoundnessRow {
    static let endpoints: [SoundnessRow] = [
        SoundnessRow(
            .noEndpoint, .warning, "service default/a",
            "has 1 virtual IP and no workload",
            upstream: "Connects go to the virtual IP as if there were no mesh.",
            hardened: "Connects are refused.",
            failsOpen: [.upstream],
            in: mesh(services: [service("a")])),
        SoundnessRow(
            .noUsableEndpoint, .warning, "service default/a",
            "has 2 workloads, but none to send to: 2 unhealthy",
            upstream: "Connects go to the virtual IP as if there were no mesh.",
            hardened: "Connects are refused.",
            failsOpen: [.upstream],
            in: mesh(
                services: [service("a")],
                workloads: [
                    pod("p", of: ["a"], health: .unhealthy), pod("q", ["10.1.0.2"], of: ["a"], health: .unhealthy),
                ])),
        SoundnessRow(
            .healthPolicy, .note, "service default/a",
            "asks for unhealthy endpoints too, which are 1 of 2 workloads",
            upstream: "They get no traffic: the wish is not read.",
            hardened: "They get traffic like the healthy ones.",
            failsOpen: [],
            in: mesh(
                services: [service("a", balancing: LoadBalancing(healthPolicy: .allowAll))],
                workloads: [pod("p", of: ["a"]), pod("q", ["10.1.0.2"], of: ["a"], health: .unhealthy)])),
        SoundnessRow(
            .unhealthyAtFirst, .warning, "workload c//Pod/default/p",
            "is unhealthy, and connects to 10.1.0.1 should go to its waypoint",
            upstream: "A node that sees it first as unhealthy gives it no frontend: connects skip its waypoint.",
            hardened: "It keeps its frontend: connects to it go to its waypoint.",
            failsOpen: [.upstream],
            in: mesh(workloads: [pod("p", waypoint: to("10.1.0.9:15008"), health: .unhealthy), pod("w", ["10.1.0.9"])])),
        SoundnessRow(
            .familyWithoutEndpoint, .error, "service default/a",
            "has an IPv4 virtual IP; endpoints with such an address in the maps: 0 of 1 upstream, 0 of 1 hardened",
            upstream: "Connects go to the bytes of an endpoint's address, read as the wrong family.",
            hardened: "Connects are refused.",
            failsOpen: [],
            in: mesh(services: [service("a")], workloads: [pod("p", ["2001:db8::1"], of: ["a"])])),
        SoundnessRow(
            .familyPartly, .warning, "service default/a",
            "has an IPv4 virtual IP; endpoints with such an address in the maps: 1 of 2 upstream, 1 of 2 hardened",
            upstream: "A connect that picks another goes to the bytes of its address, read as the wrong family.",
            hardened: "The others are stepped over, at most 8 at a time.",
            failsOpen: [],
            in: mesh(services: [service("a")], workloads: [pod("p", of: ["a"]), pod("q", ["2001:db8::1"], of: ["a"])])),
    ]

    static let locality: [SoundnessRow] = [
        SoundnessRow(
            .noPreference, .warning, "service default/a",
            "asks for failover and names no scope",
            upstream: "Every endpoint has priority 0: it is balanced like random.",
            hardened: "Every endpoint has priority 0: it is balanced like random.",
            failsOpen: [],
            in: mesh(services: [service("a", balancing: LoadBalancing(.failover))], workloads: [pod("p", of: ["a"])])),
        SoundnessRow(
            .noLocalEndpoint, .warning, "service default/a",
            "no endpoint matches zone on 1 of 2 nodes: n",
            upstream: "Connects go to the virtual IP as if there were no mesh.",
            hardened: "Connects are refused.",
            failsOpen: [.upstream],
            in: mesh(
                nodes: [node("m", zone: "a"), node("n", zone: "b")],
                services: [service("a", balancing: LoadBalancing(.strict, preferring: [.zone]))],
                workloads: [pod("p", of: ["a"], node: "m", zone: "a"), pod("q", ["10.1.0.2"], node: "n", zone: "b")])),
        SoundnessRow(
            .unknownLocality, .warning, "node n",
            "its first workload has no locality, and 1 service ranked by it: default/a",
            upstream: "On it only endpoints that have no locality either are near.",
            hardened: "On it only endpoints that have no locality either are near.",
            failsOpen: [],
            in: mesh(
                services: [service("a", balancing: LoadBalancing(.failover, preferring: [.zone]))],
                workloads: [pod("p", of: ["a"], node: "n")])),
        SoundnessRow(
            .arrivalOrder, .note, "service default/a",
            "1 service with endpoints ranked by locality: default/a",
            upstream: "Endpoints that a node sees before the first workload of its own get priority 0 and keep it.",
            hardened: "A node ranks again when it learns where it is.",
            failsOpen: [],
            in: mesh(
                services: [service("a", balancing: LoadBalancing(.failover, preferring: [.zone]))],
                workloads: [
                    pod("p", of: ["a"], node: "m", zone: "a"), pod("q", ["10.1.0.2"], of: ["a"], node: "n", zone: "b"),
                ])),
    ]

    static let ports: [SoundnessRow] = [
        SoundnessRow(
            .noPort, .warning, "service default/a",
            "has 1 virtual IP and no port",
            upstream: "No port is listed: connects go to the virtual IP as if there were no mesh.",
            hardened: "No port is listed: connects are refused.",
            failsOpen: [.upstream],
            in: mesh(services: [service("a", ports: [])], workloads: [pod("p", of: ["a"])])),
        SoundnessRow(
            .zeroPort, .note, "service default/a",
            "lists port 0",
            upstream: "It takes one of the ten places, and nothing connects to it.",
            hardened: "It takes one of the ten places, and nothing connects to it.",
            failsOpen: [],
            in: mesh(
                services: [service("a", ports: [ServicePort(0), ServicePort(80)])], workloads: [pod("p", of: ["a"])])),
        SoundnessRow(
            .duplicatePort, .warning, "service default/a",
            "lists port 80 2 times, with the targets 8080, 9090",
            upstream: "The first counts: connects to 80 go to port 8080.",
            hardened: "The first counts: connects to 80 go to port 8080.",
            failsOpen: [],
            in: mesh(
                services: [service("a", ports: [ServicePort(80, to: 8080), ServicePort(80, to: 9090)])],
                workloads: [pod("p", of: ["a"])])),
        SoundnessRow(
            .unresolvedPort, .warning, "service default/a",
            "port 80 has a target port named web, and no workload says its number",
            upstream: "Connects go to port 80 of every endpoint.",
            hardened: "Connects go to port 80 of every endpoint.",
            failsOpen: [],
            in: mesh(
                services: [service("a", ports: [ServicePort(80, targetName: "web")])], workloads: [pod("p", of: ["a"])])
        ),
        SoundnessRow(
            .ambiguousPort, .error, "service default/a",
            "port 80 has a target port named web, which differs between the workloads: 8080 on 1, 9090 on 1",
            upstream: "Connects go to port 80 of every endpoint.",
            hardened: "The number of the workload with the lowest id is used for all.",
            failsOpen: [],
            in: mesh(
                services: [service("a", ports: [ServicePort(80, targetName: "web")])],
                workloads: [
                    pod("p", of: ["a"], ports: [ServicePort(80, to: 8080)]),
                    pod("q", ["10.1.0.2"], of: ["a"], ports: [ServicePort(80, to: 9090)]),
                ])),
        SoundnessRow(
            .namedPort, .warning, "service default/a",
            "port 9080 has a target port named web, which is 8080 on the workloads",
            upstream: "Connects go to port 9080 of every endpoint.",
            hardened: "Connects go to port 8080 of every endpoint.",
            failsOpen: [],
            in: mesh(
                services: [service("a", ports: [ServicePort(9080, targetName: "web")])],
                workloads: [pod("p", of: ["a"], ports: [ServicePort(9080, to: 8080)])])),
    ]

    static let waypoints: [SoundnessRow] = [
        SoundnessRow(
            .unresolvedWaypoint, .error, "service default/a",
            "its waypoint default/w is not in the mesh",
            upstream: "It stays out of the maps: connects go to its addresses as if there were no mesh.",
            hardened: "It stays out of the maps: connects go to its addresses as if there were no mesh.",
            failsOpen: [.upstream, .hardened],
            in: mesh(services: [service("a", waypoint: Gateway(.service(name("w"))))], workloads: [pod("p", of: ["a"])])
        ),
        SoundnessRow(
            .unownedWaypoint, .warning, "service default/a",
            "nothing in the maps has its waypoint's address 10.0.0.9:15008",
            upstream: "Connects go to the address as it is, whatever listens there.",
            hardened: "Connects go to the address as it is, whatever listens there.",
            failsOpen: [],
            in: mesh(services: [service("a", waypoint: to("10.0.0.9:15008"))], workloads: [pod("p", of: ["a"])])),
        SoundnessRow(
            .unsetWaypoint, .error, "service default/a",
            "its waypoint is 10.1.0.9:0",
            upstream: "It counts as no waypoint: connects go to an endpoint directly.",
            hardened: "It counts as no waypoint: connects go to an endpoint directly.",
            failsOpen: [.upstream, .hardened],
            in: mesh(
                services: [service("a", waypoint: to("10.1.0.9:0"))],
                workloads: [pod("p", of: ["a"]), pod("w", ["10.1.0.9"])])),
        SoundnessRow(
            .zeroWordWaypoint, .error, "service default/a",
            "its waypoint [::9]:15008 begins with four zero bytes",
            upstream: "The waypoint is not seen: connects go to an endpoint directly.",
            hardened: "Connects go to the waypoint.",
            failsOpen: [.upstream],
            in: mesh(
                services: [service("a", ["2001:db8::a"], waypoint: to("[::9]:15008"))],
                workloads: [pod("p", ["2001:db8::1"], of: ["a"]), pod("w", ["::9"])])),
        SoundnessRow(
            .waypointFamily, .error, "service default/a",
            "its waypoint [2001:db8::9]:15008 has the other address family than 10.0.0.1",
            upstream: "Connects to 10.0.0.1 go to the waypoint's bytes, read as the wrong family.",
            hardened: "Connects to 10.0.0.1 are refused.",
            failsOpen: [],
            in: mesh(
                services: [service("a", waypoint: to("[2001:db8::9]:15008"))],
                workloads: [pod("p", of: ["a"]), pod("w", ["2001:db8::9"])])),
        SoundnessRow(
            .waypointCycle, .error, "service default/a",
            "its waypoint leads back to it: default/a → default/b → default/a",
            upstream: "The kernel follows 33 waypoints: connects go to the address of the next one as it is.",
            hardened: "The kernel follows 33 waypoints: connects go to the address of the next one as it is.",
            failsOpen: [],
            in: mesh(services: [
                service("a", ["10.0.0.1"], waypoint: to("10.0.0.2:15008")),
                service("b", ["10.0.0.2"], waypoint: to("10.0.0.1:15008")),
            ])),
        SoundnessRow(
            .longWaypointChain, .error, "service default/s1",
            "its waypoint has a waypoint, and so on: 34 in a row",
            upstream: "The kernel follows 33 waypoints: connects go to the address of the next one as it is.",
            hardened: "The kernel follows 33 waypoints: connects go to the address of the next one as it is.",
            failsOpen: [],
            in: mesh(
                services: (1...34).map { service("s\($0)", ["10.0.0.\($0)"], waypoint: to("10.0.0.\($0 + 1):15008")) },
                workloads: [pod("p", ["10.0.0.35"])])),
        SoundnessRow(
            .ownWaypoint, .note, "service default/a",
            "its waypoint is its own virtual IP 10.0.0.1",
            upstream: "The waypoint is dropped, and connects are balanced.",
            hardened: "The waypoint is dropped, and connects are balanced.",
            failsOpen: [],
            in: mesh(services: [service("a", waypoint: to("10.0.0.1:15008"))], workloads: [pod("p", of: ["a"])])),
        SoundnessRow(
            .statusPortWaypoint, .note, "service default/a",
            "it lists port 15021, as waypoints do, and names a waypoint",
            upstream: "It is taken for a waypoint: its own one is dropped, and connects are balanced.",
            hardened: "It is taken for a waypoint: its own one is dropped, and connects are balanced.",
            failsOpen: [],
            in: mesh(
                services: [service("a", ports: [ServicePort(15021)], waypoint: to("10.1.0.9:15008"))],
                workloads: [pod("p", of: ["a"]), pod("w", ["10.1.0.9"])])),
    ]

    static let policies: [SoundnessRow] = [
        SoundnessRow(
            .emptyPolicy, .warning, "policy default/empty",
            "DENY without rules never matches",
            upstream: "XDP ends its walk with a pass there: it denies nothing, and those after it are skipped.",
            hardened: "It denies nothing.",
            failsOpen: [.upstream],
            in: mesh(workloads: [pod("p", policies: ["empty"])], policies: [policy("empty", .deny, rules: 0)])),
        SoundnessRow(
            .dryRunPolicy, .note, "policy default/dry",
            "DENY is marked as a dry run",
            upstream: "The mark is not read: the policy is enforced.",
            hardened: "It is evaluated and reported, never enforced.",
            failsOpen: [],
            in: mesh(policies: [policy("dry", .deny, isDryRun: true)])),
    ]
}
