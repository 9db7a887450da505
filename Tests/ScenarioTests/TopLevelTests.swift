import Inputs
import Model
import Scenario
import Testing

private let full = """
    name: Strict zone goes dark
    description: free text
    seed: 18446744073709551615
    preset: upstream
    options: {noEndpoint: leave, frontendCapacity: 10}
    node: node-a
    nodes:
      - {name: node-a, region: r1, zone: z1, subzone: "", network: "", cluster: "", addresses: [192.168.0.1, fd00::1],
         podCIDRs: [10.244.1.0/24], podGateway: 10.244.1.1}
      - {name: node-b, cluster: east, network: n2, subzone: s, addresses: 192.168.0.2}
    mesh:
      - ../examples/bookinfo.yaml
      - path: maps/
        node: node-a
      - inline: {kind: Node}
      - inline: [{kind: Pod}, {kind: Service}]
      - inline: |
          kind: Pod
          ---
          kind: Service
    manage: [reviews, productpage]
    dnsProxy: 127.0.0.53
    monitoring: true
    periodicReports: true
    steps:
      - check: true
        expect: {problems: 0}
        note: nothing is wrong
    """

@Test func readsEveryKeyOfTheTopLevel() throws {
    let scenario = try Scenario(text: full, file: "dir/full.yaml")
    #expect(scenario.file == "dir/full.yaml")
    #expect(scenario.name == "Strict zone goes dark")
    #expect(scenario.description == "free text")
    #expect(scenario.seed == .max)
    #expect(scenario.preset == .upstream)
    #expect(scenario.options.map(\.name.value) == ["noEndpoint", "frontendCapacity"])
    #expect(scenario.options.map(\.value.value) == ["leave", "10"])
    #expect(scenario.options.map(\.name.place.position.column) == [11, 30])
    #expect(scenario.node?.value == "node-a")
    #expect(scenario.dnsProxy == IPAddress("127.0.0.53"))
    #expect(scenario.isMonitoring && scenario.hasPeriodicReports)
    guard case .named(let pods) = scenario.managedPods else { throw scenario.steps[0].place.error("not named") }
    #expect(pods.map(\.value) == ["reviews", "productpage"])
    #expect(scenario.steps[0].note == "nothing is wrong")
    #expect(scenario.steps[0].place.description == "dir/full.yaml:26:5")
}

@Test func readsNodes() throws {
    let nodes = try Scenario(text: full, file: "full.yaml").nodes.map(\.value)
    let addresses = ["192.168.0.1", "fd00::1", "192.168.0.2"].compactMap { IPAddress($0) }
    #expect(
        nodes == [
            Node(
                "node-a", addresses: [addresses[0], addresses[1]],
                podPrefixes: [Prefix("10.244.1.0/24")].compactMap { $0 },
                locality: Locality(region: "r1", zone: "z1"), podGateway: IPAddress("10.244.1.1")),
            Node(
                "node-b", addresses: [addresses[2]], locality: Locality(subzone: "s"), network: "n2", cluster: "east"),
        ])
}

@Test func readsEveryFormOfSource() throws {
    let scenario = try Scenario(text: full, file: "dir/full.yaml")
    let texts = scenario.mesh.map { source in
        switch source.content {
        case .path(let path, let node): "\(scenario.resolved(path: path)) of \(node?.value ?? "none")"
        case .objects(let objects): objects.compactMap { $0["kind"]?.text }.joined(separator: "+")
        case .text(let text): text
        }
    }
    #expect(
        texts == [
            "dir/../examples/bookinfo.yaml of none", "dir/maps/ of node-a", "Node", "Pod+Service",
            "kind: Pod\n---\nkind: Service\n",
        ])
    #expect(scenario.mesh.map(\.place.position.line) == [12, 13, 15, 16, 17])
}

@Test func fillsInDefaults() throws {
    let scenario = try Scenario(text: "{name: n, steps: [{advance: 1s}]}", file: "n.json")
    #expect(scenario.description == "" && scenario.seed == 1 && scenario.preset == .hardened)
    #expect(scenario.options.isEmpty && scenario.nodes.isEmpty && scenario.mesh.isEmpty)
    #expect(scenario.node == nil && scenario.dnsProxy == nil && scenario.managedPods == .all)
    #expect(scenario.isMonitoring && !scenario.hasPeriodicReports)
    #expect(scenario.resolved(path: "a/b") == "a/b" && scenario.resolved(path: "/a") == "/a")
    #expect(scenario.steps[0].expectations == nil && scenario.steps[0].note == nil)
}

@Test(arguments: [
    ("all", Scenario.ManagedPods.all), ("labelled", .labelled), ("none", .nobody),
])
func readsWhoIsManaged(_ word: String, _ managed: Scenario.ManagedPods) throws {
    let scenario = try Scenario(text: "{name: n, manage: \(word), steps: [{advance: 1s}]}", file: "n.json")
    #expect(scenario.managedPods == managed)
}

@Test(arguments: [
    ("", "t.yaml: is empty"),
    ("- a", "t.yaml:1:1: scenario must be a mapping (key: value), not a list"),
    ("name: [", "t.yaml:2:1: not valid YAML or JSON: did not find expected node content, while parsing a flow node"),
    ("steps: [{advance: 1s}]", "t.yaml:1:1: \"name\" is missing here"),
    ("name: \" \"\nsteps: []", "t.yaml:1:7: \"name\" is empty"),
    ("name: n", "t.yaml:1:1: \"steps\" is missing here"),
    ("name: n\nsteps:", "t.yaml:2:1: \"steps\" has no value"),
    ("name: n\nsteps: []", "t.yaml:2:8: \"steps\" is an empty list"),
    ("name: n\nsteps: {}", "t.yaml:2:8: \"steps\" must be a list, not a mapping"),
    ("name: n\nstep: []", "t.yaml:2:1: unknown key \"step\"; did you mean \"steps\"?"),
    ("name: n\nname: m", "t.yaml:2:1: key \"name\" again; it is already at line 1"),
    ("seed: -0\nname: n", "t.yaml:1:7: \"seed\" must be a whole number from 0 to 18446744073709551615, not \"-0\""),
    ("seed: -1\nname: n", "t.yaml:1:7: \"seed\" must be a whole number from 0 to 18446744073709551615, not \"-1\""),
    (
        "seed: 18446744073709551616\nname: n",
        "t.yaml:1:7: \"seed\" must be a whole number from 0 to 18446744073709551615, not \"18446744073709551616\""
    ),
    (
        "preset: hardend\nname: n",
        "t.yaml:1:9: \"preset\" must be one of upstream, hardened, not \"hardend\"; did you mean hardened?"
    ),
    ("options: {a: [b]}\nname: n", "t.yaml:1:14: \"a\" must be text, not a list"),
    ("options: {a: }\nname: n", "t.yaml:1:11: \"a\" has no value"),
    ("options: leave\nname: n", "t.yaml:1:10: \"options\" must be a mapping (key: value), not \"leave\""),
    (
        "manage: labeled\nname: n",
        "t.yaml:1:9: \"manage\" must be all, labelled, none or a list of pods, not \"labeled\"; did you mean labelled?"
    ),
    ("manage: []\nname: n", "t.yaml:1:9: \"manage\" is an empty list"),
    ("manage: [a, b, a]\nname: n", "t.yaml:1:16: \"a\" again; it is already at line 1"),
    ("manage: {a: b}\nname: n", "t.yaml:1:9: \"manage\" must be all, labelled, none or a list of pods, not a mapping"),
    ("dnsProxy: dns\nname: n", "t.yaml:1:11: \"dnsProxy\" must be an IP address, not \"dns\""),
    ("dnsProxy: fd00::53\nname: n", "t.yaml:1:11: the DNS hooks are for IPv4; give an IPv4 address"),
    ("monitoring: yes\nname: n", "t.yaml:1:13: \"monitoring\" must be true or false, not \"yes\""),
    (
        "name: n\nmonitoring: false\nperiodicReports: true",
        "t.yaml:3:1: periodic reports need monitoring, which is off here"
    ),
])
func refusesMistakesAtTheTop(_ text: String, _ expected: String) {
    #expect(problem(in: text) == expected)
}

@Test(arguments: [
    ("nodes: a", "t.yaml:2:8: \"nodes\" must be a list, not \"a\""),
    ("nodes: [a]", "t.yaml:2:9: node must be a mapping (key: value), not \"a\""),
    ("nodes: [{}]", "t.yaml:2:9: \"name\" is missing here"),
    ("nodes: [{name: a, regoin: r}]", "t.yaml:2:19: unknown key \"regoin\"; did you mean \"region\"?"),
    ("nodes: [{name: a}, {name: a}]", "t.yaml:2:20: node \"a\" again; it is already at line 2"),
    (
        "nodes: [{name: a, addresses: [10.0.0.1]},\n  {name: b, addresses: 10.0.0.1}]",
        "t.yaml:3:3: address 10.0.0.1 is already a's, at line 2"
    ),
    ("nodes: [{name: a, addresses: [10.0.0.1, 10.0.0.1]}]", "t.yaml:2:41: address 10.0.0.1 again"),
    ("nodes: [{name: a, addresses: [x]}]", "t.yaml:2:31: \"addresses\" must be an IP address, not \"x\""),
    (
        "nodes: [{name: a, podCIDRs: [10.0.0.0/33]}]",
        "t.yaml:2:30: \"podCIDRs\" must be a prefix such as 10.244.1.0/24, not \"10.0.0.0/33\""
    ),
    ("nodes: [{name: a, podGateway: x}]", "t.yaml:2:31: \"podGateway\" must be an IP address, not \"x\""),
    ("mesh: []", "t.yaml:2:7: \"mesh\" is an empty list"),
    (
        "mesh: [[a]]", "t.yaml:2:8: a source must be a path or a mapping with \"path\" or \"inline\", not a list"
    ),
    ("mesh: [\"\"]", "t.yaml:2:8: \"mesh\" is empty"),
    ("mesh: {node: a}", "t.yaml:2:7: a source needs \"path\" or \"inline\""),
    ("mesh: {path: a, inline: {a: b}}", "t.yaml:2:17: \"inline\" beside \"path\"; a source is one of them"),
    (
        "mesh: {node: a, inline: {a: b}}",
        "t.yaml:2:17: \"inline\" beside \"node\"; only a directory of map dumps belongs to a node"
    ),
    ("mesh: {pat: a}", "t.yaml:2:8: unknown key \"pat\"; did you mean \"path\"?"),
    ("mesh: {inline: []}", "t.yaml:2:16: \"inline\" is an empty list"),
    ("mesh: {inline: [a]}", "t.yaml:2:17: an object must be a mapping, not \"a\""),
    ("mesh: {inline: {}}", "t.yaml:2:16: an object is empty"),
    ("mesh: {inline: \"---\"}", "t.yaml:2:16: \"inline\" holds no object"),
    (
        "mesh:\n  inline: |\n    a: b\n    c: [",
        "t.yaml:3:11: line 3 of this text: not valid YAML or JSON: did not find expected node content, "
            + "while parsing a flow node"
    ),
])
func refusesMistakesInNodesAndSources(_ text: String, _ expected: String) {
    #expect(problem(in: "name: n\n\(text)\nsteps: [{advance: 1s}]") == expected)
}

@Test func refusesASecondDocument() {
    let text = problem(in: "name: n\nsteps: [{advance: 1s}]\n---\nname: m")
    #expect(text.hasSuffix(": a second document; this file may hold one only"))
}
