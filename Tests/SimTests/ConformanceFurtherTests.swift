import Testing

@testable import Sim

/// A vector that follows from the contract, not from a recording.
struct FurtherCase: CustomTestStringConvertible {
    let testDescription: String
    var family: String
    var input: String
    /// `expect` or `steps`.
    var outcome: String
    var extra = ""

    var line: String {
        #"{"id": "\#(testDescription)", "family": "\#(family)", \#(extra)"input": \#(input), \#(outcome)}"#
    }

    /// Of the family `connect`.
    static func connect(
        _ name: String, managed: String = "yes", maps: String = "{}", tailCalls: Bool = false, _ steps: String...
    ) -> FurtherCase {
        FurtherCase(
            testDescription: name, family: "connect",
            input: #"{"managed": "\#(managed)", "maps": \#(maps), "tailCalls": \#(tailCalls)}"#,
            outcome: #""steps": [\#(steps.joined(separator: ", "))]"#, extra: #""preset": "upstream", "#)
    }
}

private func connects(_ destination: String, to reached: String, _ rest: String = "") -> String {
    #"{"op": "connect", "protocol": "tcp", "destination": "\#(destination)", "repeat": 1, "socket": "new", "#
        + #""expect": {"destinations": {"\#(reached)": 1}\#(rest)}}"#
}

private func service(
    _ counts: String, policy: Int = 0, ports: String = "[[80, 8080]]", waypoint: String = "null"
) -> String {
    #"{"endpointCounts": \#(counts), "lbPolicy": \#(policy), "ports": \#(ports), "waypoint": \#(waypoint)}"#
}

private let dnsProxy = #"{"km_backend": {"0": {"address": "127.0.0.53", "waypoint": null}}}"#
private let waypointChain = #"""
    {"km_frontend": {"10.96.0.1": 1, "10.96.0.9": 9},
     "km_service": {"1": \#(service("[1]", waypoint: "\"10.96.0.9:15008\"")),
                    "9": \#(service("[1]", ports: "[[15008, 15019]]"))},
     "km_endpoint": {"1/0/1": 101, "9/0/1": 109},
     "km_backend": {"101": {"address": "127.0.0.11"}, "109": {"address": "127.0.0.90"}}}
    """#
private let sixVIP = #"""
    {"km_frontend": {"fd00:96::1": 1}, "km_service": {"1": \#(service("[0, 0, 1]", policy: 2))},
     "km_endpoint": {"1/2/1": 101}, "km_backend": {"101": {"address": "fd00:1::11", "waypoint": null}}}
    """#

/// More cases of the same form, from the rules of the data plane's contract.
struct ConformanceFurtherTests {
    @Test(arguments: [
        FurtherCase.connect(
            "unsolicited datagram from port 53 without a DNS proxy keeps its source",
            #"{"op": "udpUnsolicited", "source": "127.0.0.8:53", "expect": {"seenFrom": "127.0.0.8:53"}}"#),
        .connect(
            "unsolicited datagram from another port keeps its source", maps: dnsProxy,
            #"{"op": "udpUnsolicited", "source": "127.0.0.8:54", "expect": {"seenFrom": "127.0.0.8:54"}}"#),
        .connect(
            "unsolicited IPv6 datagram has no hook", maps: dnsProxy,
            #"{"op": "udpUnsolicited", "source": "[fd00::8]:53", "expect": {"seenFrom": "[fd00::8]:53"}}"#),
        .connect(
            "a question goes to the DNS proxy, its reply shows the server asked", maps: dnsProxy,
            #"{"op": "udpExchange", "destination": "10.96.0.10:53", "expect": {"serverAddress": "127.0.0.53", "#
                + #""replySeenFrom": "10.96.0.10:53", "storage": {"connectTimeSet": false, "#
                + #""originalDestination": "10.96.0.10:53"}, "managedAfter": true}}"#),
        .connect(
            "the second server on one socket shows as the first", maps: dnsProxy,
            #"{"op": "udpExchange", "destination": "10.96.0.10:53", "socket": "keep", "#
                + #""expect": {"replySeenFrom": "10.96.0.10:53"}}"#,
            #"{"op": "udpExchange", "destination": "10.96.0.11:53", "socket": "reuse", "#
                + #""expect": {"replySeenFrom": "10.96.0.10:53"}}"#),
        .connect(
            "a connected UDP socket to port 53 goes to the DNS proxy", maps: dnsProxy,
            #"{"op": "connect", "protocol": "udp", "destination": "10.96.0.10:53", "#
                + #""expect": {"destinations": {"127.0.0.53:53": 1}}}"#),
        .connect(
            "an IPv6 connect to port 53 is left alone", maps: dnsProxy,
            connects("[fd00::10]:53", to: "[fd00::10]:53")),
        .connect(
            "another namespace's enrolment does not count", managed: "other", maps: sixVIP,
            connects("[fd00:96::1]:80", to: "[fd00:96::1]:80", #", "storage": null, "managedAfter": false"#)),
        .connect(
            "IPv6 fails over to the first priority with endpoints", maps: sixVIP,
            connects("[fd00:96::1]:80", to: "[fd00:1::11]:8080")),
        .connect(
            "without tail calls the chain ends at the waypoint's address", maps: waypointChain,
            connects("10.96.0.1:80", to: "10.96.0.9:15008", #", "storage": {"viaWaypoint": true}"#)),
        .connect(
            "with tail calls the waypoint's virtual IP is resolved", maps: waypointChain, tailCalls: true,
            connects(
                "10.96.0.1:80", to: "127.0.0.90:15019",
                #", "storage": {"viaWaypoint": true, "originalDestination": "10.96.0.1:80"}"#)),
        .connect("the unspecified address is this host", connects("0.0.0.0:80", to: "127.0.0.1:80")),
        .connect("the IPv6 unspecified address is this host", connects("[::]:80", to: "[::1]:80")),
        .connect(
            "port 929 through a datagram manages too", managed: "no",
            #"{"op": "udpExchange", "destination": "0.0.0.2:929", "expect": {"managedAfter": true}}"#),
        FurtherCase(
            testDescription: "failover after random spreads the endpoints", family: "locality-table",
            input: #"""
                {"local_node": "n", "workloads": [
                  {"uid": "a", "address": "10.0.0.1", "node": "n", "locality": {"region": "r", "zone": "z"}},
                  {"uid": "b", "address": "10.0.0.2", "node": "m", "locality": {"region": "r", "zone": "y"}},
                  {"uid": "c", "address": "10.0.0.3", "node": "m", "locality": {"region": "q", "zone": "z"}}],
                 "steps": [{"service": "s", "vip": "10.1.0.1", "mode": "UNSPECIFIED_MODE", "routing_preferences": []},
                  {"service": "s", "vip": "10.1.0.1", "mode": "FAILOVER", "routing_preferences": ["REGION", "ZONE"]}]}
                """#,
            outcome: #""expect": {"endpoints_per_priority": [1, 1, 1], "frontends": 4, "services": 1, "endpoints": 3}"#),
        FurtherCase(
            testDescription: "the last endpoint fills the hole of one that leaves", family: "endpoint-table",
            input: #"""
                {"events": [{"service": {"namespace": "d", "hostname": "s.d", "vip": "10.1.0.1"}},
                  {"workload": {"uid": "a", "address": "10.0.0.1", "services": {"d/s.d": [[80, 80]]}}},
                  {"workload": {"uid": "b", "address": "10.0.0.2", "services": {"d/s.d": [[80, 80]]}}},
                  {"workload": {"uid": "h", "address": "10.0.0.9", "network_mode": "HOST_NETWORK",
                   "services": {"d/s.d": []}}},
                  {"workload": {"uid": "a", "address": "10.0.0.1", "services": {}}}, {"remove_workload": "b"}]}
                """#,
            outcome: #""expect": {"endpoint_count_priority0": 1, "endpoints_by_index_from_1": ["h"], "frontends": 2, "#
                + #""backends": 2, "frontend_has": {"10.0.0.9": false, "10.0.0.1": true}}"#),
        FurtherCase(
            testDescription: "what waits for a waypoint comes with it", family: "waypoint",
            input: #"""
                {"events": [{"service": {"hostname": "s", "vip": "10.1.0.1", "waypoint": "default/w"}},
                  {"workload": {"uid": "a", "address": "10.0.0.1", "waypoint": "default/w"}},
                  {"service": {"hostname": "w", "vip": "10.1.0.9"}}]}
                """#,
            outcome: #""expect": {"frontend_has": {"10.1.0.1": true, "10.0.0.1": true, "10.1.0.9": true}}"#),
        FurtherCase(
            testDescription: "a service that allows all takes unhealthy endpoints", family: "endpoint-health",
            input: #"""
                {"events": [{"upsert_service": {"namespace": "n", "hostname": "s", "vips": ["/10.1.0.1"],
                   "load_balancer": {"health_policy": "ALLOW_ALL"}}},
                  {"upsert_endpoint": {"service": "n/s", "uid": "e1", "status": "UNHEALTHY"}},
                  {"upsert_endpoint": {"service": "n/s", "uid": "e2", "status": "HEALTHY"}},
                  {"remove_endpoint": {"service": "n/s", "uid": "e2"}}]}
                """#,
            outcome: #""expect": {"endpoints": ["e1"], "staged_endpoints": []}"#,
            extra: #""dialect": "ztunnel", "ours": "as ztunnel", "#),
        FurtherCase(
            testDescription: "a port that the service does not list is refused", family: "port-resolution",
            input: #"""
                {"destination": "10.0.0.1:81", "service": {"namespace": "d", "hostname": "s", "vips": ["10.0.0.1"],
                   "ports": {"80": 8080}}, "endpoint": {"port": {"80": 9090}},
                 "workload": {"uid": "w", "addresses": ["10.0.0.7"]}}
                """#,
            outcome: #""expect": {"upstream_port": null}"#, extra: #""dialect": "ztunnel", "ours": "as ztunnel", "#),
        FurtherCase(
            testDescription: "no preference in common gives the lowest priority", family: "locality-priority",
            input: #"{"local": {"region": "a"}, "workload": {"region": "b"}, "#
                + #""routing_preferences": ["REGION", "ZONE"]}"#,
            outcome: #""expect": {"priority": 2}"#),
        FurtherCase(
            testDescription: "a pod with a sidecar is not enrolled", family: "enrolment",
            input: #"""
                {"namespace": null, "pod": {"metadata": {"labels": {"istio.io/dataplane-mode": "kmesh"},
                   "annotations": {"sidecar.istio.io/status": ""}}}}
                """#,
            outcome: #""expect": {"enrolled": false}"#),
        FurtherCase(
            testDescription: "a headless service resolves to its endpoints, an external one has no short name",
            family: "dns-name-table",
            input: #"""
                {"services": [{"name": "s", "namespace": "n", "hostname": "s.n.svc.cluster.local"},
                   {"name": "s", "namespace": "n", "hostname": "example.com", "addresses": ["240.0.0.1"]}],
                 "workloads": [{"name": "w", "namespace": "n", "addresses": ["10.0.0.1", "fd00::1"],
                   "services": {"n/s.n.svc.cluster.local": [[80, 80]]}}]}
                """#,
            outcome: #""expect": {"table": {"s.n.svc.cluster.local": {"ips": ["10.0.0.1", "fd00::1"], "#
                + #""registry": "Kubernetes", "namespace": "n", "shortname": "s"}, "#
                + #""example.com": {"ips": ["240.0.0.1"], "registry": "External"}}}"#),
        FurtherCase(
            testDescription: "an IPv6 address fills all 16 bytes", family: "map-layout", input: #"{"ip": "fd00::1:2"}"#,
            outcome: #""expect": {"bytes_hex": "fd000000000000000000000000010002"}"#),
    ])
    func casesThatFollowFromTheContractHold(_ vector: FurtherCase) throws {
        let line = vector.line.split(separator: "\n").joined(separator: " ")
        let report = try run(line)
        #expect(report.isSuccess, "\(report.text)")
        #expect(report.passed.count == 1)
    }
}
