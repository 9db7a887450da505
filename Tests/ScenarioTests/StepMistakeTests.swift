import Scenario
import Testing

private let kinds =
    "connect, send, dns, packet, apply, remove, patch, health, move, restart, manage, release, authz, advance, close, "
    + "snapshot, restore, mapWrite, flow, inject, rotateKey, holdUpdates, deliverUpdates, loseUpdate, restartAgent, "
    + "restartNode, removeNode, encryptionStep, check"

@Test(arguments: [
    ("- {}", "t.yaml:3:3: a step needs one of \(kinds)"),
    ("- note: a", "t.yaml:3:3: a step needs one of \(kinds)"),
    ("- advance", "t.yaml:3:3: step must be a mapping (key: value), not \"advance\""),
    ("- conect: {}", "t.yaml:3:3: unknown key \"conect\"; did you mean \"connect\"?"),
    (
        "- advance: 1s\n  close: s",
        "t.yaml:4:3: \"close\" beside \"advance\"; a step does one thing, so make it two steps"
    ),
    ("- advance: 1s\n  note: [a]", "t.yaml:4:9: \"note\" must be text, not a list"),
    ("- connect:", "t.yaml:3:3: \"connect\" has no value"),
    ("- check: true", "t.yaml:3:3: a check needs \"expect\""),
    ("- check: false", "t.yaml:3:10: \"check\" must be true, not \"false\""),
    ("- advance: 5", "t.yaml:3:12: \"advance\" must be a time longer than 0 such as 5s, 250ms or 1m30s, not \"5\""),
    ("- restore: a", "t.yaml:3:12: no step before this one takes a snapshot \"a\""),
    (
        "- snapshot: before\n- restore: befor",
        "t.yaml:4:12: no step before this one takes a snapshot \"befor\"; did you mean \"before\"?"
    ),
    ("- restore: a\n- snapshot: a", "t.yaml:3:12: no step before this one takes a snapshot \"a\""),
    ("- snapshot: a\n- snapshot: a", "t.yaml:4:13: snapshot \"a\" again; it is already taken at line 3"),
])
func refusesMistakesInSteps(_ steps: String, _ expected: String) {
    #expect(problem(inSteps: steps) == expected)
}

@Test(arguments: [
    ("{}", "t.yaml:3:12: \"to\" is missing here"),
    (
        "{form: a}",
        "t.yaml:3:13: unknown key \"form\"; did you mean \"from\"?"
    ),
    ("{to: \"a:1\"}", "t.yaml:3:12: \"from\" (a workload) or \"node\" (a process outside every pod) is missing here"),
    ("{to: \"a:1\", from: p, node: n}", "t.yaml:3:33: \"node\" beside \"from\"; one caller connects"),
    ("{to: \"a:1\", from: [p]}", "t.yaml:3:30: \"from\" must be text, not a list"),
    ("{from: p, to: a}", "t.yaml:3:26: \"to\" must be host:port, not \"a\""),
    ("{from: p, to: \"a:0\"}", "t.yaml:3:26: \"to\": \"a:0\" must end in a port from 1 to 65535"),
    (
        "{from: p, to: \"a:1\", protocol: tpc}",
        "t.yaml:3:43: \"protocol\" must be one of tcp, udp, not \"tpc\"; did you mean tcp?"
    ),
    (
        "{from: p, to: \"a:1\", repeat: 0}",
        "t.yaml:3:41: \"repeat\" must be a whole number from 1 to 1000000, not \"0\""
    ),
    (
        "{from: p, to: \"a:1\", repeat: 1000001}",
        "t.yaml:3:41: \"repeat\" must be a whole number from 1 to 1000000, not \"1000001\""
    ),
    (
        "{from: p, to: \"a:1\", repeat: 2, keep: s}",
        "t.yaml:3:44: \"keep\" beside \"repeat\"; only one socket can have the name"
    ),
    (
        "{from: p, to: \"a:1\", keep: s, reuse: s}",
        "t.yaml:3:42: \"reuse\" beside \"keep\"; a socket is new or it is not"
    ),
    (
        "{from: p, to: \"a:1\", mapped: true, family: v6}",
        "t.yaml:3:47: \"family\" beside \"mapped\"; a mapped address needs an IPv6 socket anyway"
    ),
    ("{from: p, to: \"[fd00::1]:1\", mapped: true}", "t.yaml:3:26: fd00::1 is an IPv6 address"),
    ("{from: p, to: \"[fd00::1]:1\", family: v4}", "t.yaml:3:26: fd00::1 is an IPv6 address"),
    (
        "{from: p, to: \"10.0.0.1:1\", family: v6}",
        "t.yaml:3:26: 10.0.0.1 is an IPv4 address; an IPv6 socket calls it with \"mapped: true\""
    ),
    (
        "{from: p, to: \"[::ffff:10.0.0.1]:1\", mapped: false}",
        "t.yaml:3:26: ::ffff:10.0.0.1 is a mapped address, and needs an IPv6 socket"
    ),
    ("{from: p, to: \"a:1\", reuse: s}", "t.yaml:3:40: no step before this one keeps a socket \"s\""),
])
func refusesMistakesInConnect(_ connect: String, _ expected: String) {
    #expect(problem(inSteps: "- connect: \(connect)") == expected)
}

@Test(arguments: [
    (
        "- connect: {from: p, to: \"a:1\", keep: sock1}",
        "t.yaml:4:39: socket \"sock1\" is still open since line 3; close it or take another name"
    ),
    (
        "- connect: {to: \"a:1\", reuse: sock}",
        "t.yaml:4:31: no step before this one keeps a socket \"sock\"; did you mean \"sock1\"?"
    ),
    ("- connect: {from: q, to: \"a:1\", reuse: sock1}", "t.yaml:4:19: the socket belongs to p"),
    ("- connect: {node: p, to: \"a:1\", reuse: sock1}", "t.yaml:4:19: the socket belongs to p"),
    ("- connect: {to: \"a:1\", protocol: udp, reuse: sock1}", "t.yaml:4:24: the socket is a tcp socket"),
    ("- connect: {to: \"[fd00::1]:1\", reuse: sock1}", "t.yaml:4:17: the socket is an IPv4 socket"),
    ("- connect: {to: \"10.0.0.2:1\", mapped: true, reuse: sock1}", "t.yaml:4:17: the socket is an IPv4 socket"),
    ("- close: sock1\n- send: {socket: sock1, hex: 00}", "t.yaml:5:18: socket \"sock1\" is closed since line 4"),
    ("- close: sock1\n- close: sock1", "t.yaml:5:10: socket \"sock1\" is closed since line 4"),
    ("- send: {socket: other, hex: 00}", "t.yaml:4:18: no step before this one keeps a socket \"other\""),
    ("- send: {hex: 00}", "t.yaml:4:9: \"socket\" is missing here"),
    ("- send: {socket: sock1}", "t.yaml:4:9: \"payload\" (text) or \"hex\" (bytes) is missing here"),
    ("- send: {socket: sock1, hex: 0}", "t.yaml:4:30: \"hex\" must be bytes as pairs of hexadecimal digits, not \"0\""),
    ("- send: {socket: sock1, payload: \"\"}", "t.yaml:4:25: \"payload\" is empty"),
    (
        "- send: {socket: sock1, payload: a, hex: 00}",
        "t.yaml:4:37: \"hex\" beside \"payload\"; the bytes are given once"
    ),
    (
        "- dns: {from: p, server: a, socket: sock1}",
        "t.yaml:4:37: socket \"sock1\" belongs to a connect step; take another name"
    ),
])
func refusesMistakesWithSockets(_ steps: String, _ expected: String) {
    let keep = "- connect: {from: p, to: \"10.0.0.1:1\", keep: sock1}\n"
    #expect(problem(inSteps: keep + steps) == expected)
}

@Test(arguments: [
    ("- dns: {server: a}", "t.yaml:3:8: \"from\" is missing here"),
    ("- dns: {server: a, socket: s}", "t.yaml:3:8: \"from\" is missing here"),
    ("- dns: {from: p}", "t.yaml:3:8: \"server\" or \"unsolicited\" is missing here"),
    ("- dns: {from: p, server: \"a:53\"}", "t.yaml:3:26: \"server\" names a host only; write \"port: 53\""),
    ("- dns: {from: p, server: a, port: 0}", "t.yaml:3:35: \"port\" must be a whole number from 1 to 65535, not \"0\""),
    ("- dns: {from: p, server: a, reply: no}", "t.yaml:3:36: \"reply\" must be true or false, not \"no\""),
    (
        "- dns: {from: p, server: a, unsolicited: \"1.2.3.4:53\"}",
        "t.yaml:3:29: \"unsolicited\" beside \"server\"; nobody asked for the datagram"
    ),
    (
        "- dns: {from: p, unsolicited: \"1.2.3.4:53\", reply: true}",
        "t.yaml:3:45: \"reply\" beside \"unsolicited\"; nobody asked for the datagram"
    ),
    ("- dns: {from: p, unsolicited: \"a:53\"}", "t.yaml:3:31: \"unsolicited\" must be address:port, not \"a:53\""),
    (
        "- dns: {from: p, unsolicited: \"[fd00::9]:53\"}",
        "t.yaml:3:31: the DNS hooks are for IPv4; give an IPv4 address"
    ),
    ("- dns: {from: p, unsolicited: 1.2.3.4}", "t.yaml:3:31: \"unsolicited\" must be host:port, not \"1.2.3.4\""),
    (
        "- dns: {from: p, server: a, socket: s}\n- dns: {from: q, server: a, socket: s}",
        "t.yaml:4:15: the socket belongs to p"
    ),
    (
        "- dns: {from: p, server: a, socket: s}\n- send: {socket: s, hex: 00}",
        "t.yaml:4:18: socket \"s\" belongs to a dns step; ask with another dns step"
    ),
    (
        "- dns: {from: p, server: a, socket: s}\n- connect: {to: \"a:1\", reuse: s}",
        "t.yaml:4:31: socket \"s\" belongs to a dns step and cannot connect"
    ),
])
func refusesMistakesInDNS(_ steps: String, _ expected: String) {
    #expect(problem(inSteps: steps) == expected)
}

@Test(arguments: [
    ("- apply: []", "t.yaml:3:10: \"apply\" is an empty list"),
    ("- remove: []", "t.yaml:3:11: \"remove\" is an empty list"),
    (
        "- remove: [Service/reviews]",
        "t.yaml:3:12: \"remove\" must be Kind/namespace/name (Node/name, Workload/uid), not \"Service/reviews\""
    ),
    ("- remove: [Node/a, Node/a]", "t.yaml:3:20: Node/a again"),
    ("- patch: {object: Node/a}", "t.yaml:3:10: \"merge\" is missing here"),
    ("- patch: {object: Node/a, merge: {}}", "t.yaml:3:34: \"merge\" must be a mapping of what changes, not a mapping"),
    ("- patch: {merge: {a: b}}", "t.yaml:3:10: \"object\" is missing here"),
    ("- health: {}", "t.yaml:3:11: \"unhealthy\" or \"healthy\" is missing here"),
    ("- health: {healthy: [a], unhealthy: [a]}", "t.yaml:3:22: a cannot be healthy and unhealthy"),
    ("- health: {healthy: []}", "t.yaml:3:21: \"healthy\" is an empty list"),
    ("- move: {zone: z}", "t.yaml:3:9: \"workload\" or \"node\" is missing here"),
    (
        "- move: {node: n}", "t.yaml:3:9: \"region\", \"zone\" or \"subzone\" is missing here: where the node moves"
    ),
    ("- move: {workload: w}", "t.yaml:3:9: \"node\", \"region\", \"zone\" or \"subzone\" is missing here"),
    (
        "- move: {workload: w, node: n, zone: z}",
        "t.yaml:3:9: a workload moves to a node or to a locality; make it two steps"
    ),
    ("- restart: {surge: true}", "t.yaml:3:12: \"owners\" is missing here"),
    ("- restart: []", "t.yaml:3:12: \"restart\" is an empty list"),
    ("- manage: {a: true}", "t.yaml:3:11: \"manage\" must be text, not a mapping"),
    ("- release: [a, a]", "t.yaml:3:16: \"a\" again; it is already at line 3"),
    ("- mapWrite: {node: a}", "t.yaml:3:13: \"delete\" or \"put\" is missing here"),
    (
        "- mapWrite: {delete: {km_endpoints: a}}",
        "t.yaml:3:23: unknown key \"km_endpoints\"; did you mean \"km_endpoint\"?"
    ),
    ("- mapWrite: {delete: {km_endpoint: {a: b}}}", "t.yaml:3:36: \"km_endpoint\" must be text, not a mapping"),
    ("- mapWrite: {put: {km_endpoint: a}}", "t.yaml:3:33: \"km_endpoint\" must be a mapping (key: value), not \"a\""),
    ("- mapWrite: {put: {km_endpoint: {a: }}}", "t.yaml:3:34: \"a\" has no value"),
])
func refusesMistakesInChanges(_ steps: String, _ expected: String) {
    #expect(problem(inSteps: steps) == expected)
}

@Test(arguments: [
    ("on off", "t.yaml:3:10: \"authz\" must be on or off, not \"on off\""),
    ("true", "t.yaml:3:10: \"authz\" must be on or off, not \"true\""),
    ("{node: a}", "t.yaml:3:10: \"offload\" is missing here"),
    ("{node: a, offload: yes}", "t.yaml:3:29: \"offload\" must be on or off, not \"yes\""),
])
func refusesMistakesInAuthz(_ value: String, _ expected: String) {
    #expect(problem(inSteps: "- authz: \(value)") == expected)
}

@Test(arguments: [
    ("{hex: 00}", "t.yaml:3:11: \"to\" is missing here"),
    ("{to: a}", "t.yaml:3:16: \"to\" must be host:port, not \"a\""),
    ("{to: \"10.0.0.1:1\", from: b}", "t.yaml:3:16: \"to\" must be pod:port, not \"10.0.0.1:1\""),
    ("{to: \"a:1\"}", "t.yaml:3:11: \"from\" (a workload or an address) or \"hex\" (bytes) is missing here"),
    ("{to: a, hex: 00, flags: syn}", "t.yaml:3:28: \"flags\" beside \"hex\"; the bytes say it all"),
    (
        "{to: \"a:1\", from: b, flags: [syn, urg]}",
        "t.yaml:3:45: \"flags\" must be fin, syn, rst, psh, ack or a list of these, not \"urg\""
    ),
    (
        "{to: \"a:1\", from: b, tags: 100}",
        "t.yaml:3:38: \"tags\" must be vlan, serviceVLAN or a list of these, not \"100\""
    ),
    (
        "{to: \"a:1\", from: b, ipOptions: \"\(String(repeating: "01", count: 41))\"}",
        "t.yaml:3:32: \"ipOptions\" has 41 bytes; there is room for 40"
    ),
    (
        "{to: \"a:1\", from: b, fragment: {id: 1, from: 4}}",
        "t.yaml:3:50: \"from\" must be a multiple of 8, as the header counts"
    ),
    (
        "{to: \"a:1\", from: b, fragment: {id: 1, from: 8, to: 8}}",
        "t.yaml:3:42: \"from\" must be less than \"to\""
    ),
    ("{to: \"a:1\", from: b, fragment: {to: 8}}", "t.yaml:3:42: \"id\" is missing here"),
])
func refusesMistakesInPackets(_ value: String, _ expected: String) {
    #expect(problem(inSteps: "- packet: \(value)") == expected)
}
