import Inputs
import Model
import Scenario
import Testing

private let key = "S21lc2ggdGVzdCBrZXksIHRoZSBmaXJzdC4uLi4uLi4uLi4u"

/// A scenario with agents and these steps, which begin at line 4, column 1.
private func text(_ steps: String, encryption: String = "{key: {spi: 1, testKey: \(key)}}") -> String {
    "name: t\nencryption: \(encryption)\nsteps:\n\(steps)\n"
}

private func step(_ steps: String) throws -> Step {
    let entries = try Scenario(text: text(steps), file: "t.yaml").steps
    return entries[entries.count - 1].step
}

@Test func encryptionReadsEveryKey() throws {
    let section = """
        {nodes: [{name: node-a, key: keys/a.json, bootID: b, addresses: [10.0.0.1], podCIDRs: 10.1.0.0/24, \
        extendedSequence: true}, {name: node-b, key: {spi: 7, testKey: \(key), length: 64}}]}
        """
    let scenario = try Scenario(text: text("- advance: 1s", encryption: section), file: "t.yaml")
    let nodes = try #require(scenario.encryption?.nodes)
    #expect(nodes.map(\.name.value) == ["node-a", "node-b"])
    guard case .file(let path)? = nodes[0].key, case .test(let test)? = nodes[1].key else {
        Issue.record("a path and a key")
        return
    }
    #expect(path.value == "keys/a.json" && path.place.description == "t.yaml:2:42")
    #expect(test.value.spi == SPI(rawValue: 7) && test.value.key.icvByteCount == 8)
    #expect(nodes[0].bootID == "b" && nodes[0].addresses?.map(\.description) == ["10.0.0.1"])
    #expect(nodes[0].podPrefixes?.map(\.description) == ["10.1.0.0/24"] && nodes[0].hasExtendedSequence == true)
    #expect(nodes[1].bootID == nil && nodes[1].addresses == nil && nodes[1].podPrefixes == nil)
}

@Test(arguments: [
    ("{nodes: [node-a]}", "t.yaml:2:22: node \"node-a\" has no \"key\", and neither have all nodes"),
    ("{}", "t.yaml:2:13: \"key\" is missing here"),
    ("{key: [a]}", "t.yaml:2:19: \"key\" must be a path or a key such as {spi: 1, testKey: base64}, not a list"),
    ("{key: {spi: 1, tstKey: a}}", "t.yaml:2:28: unknown key \"tstKey\"; did you mean \"testKey\"?"),
    ("{key: {spi: 0, testKey: \(key)}}", "\"spi\" must be a whole number from 1 to 4294967295, not \"0\""),
    (
        "{key: {spi: 1, testKey: AAAA}}",
        "t.yaml:2:37: \"testKey\" must have 20, 28 or 36 bytes (an AES key, then 4 bytes of salt), not 3"
    ),
    ("{key: {spi: 1, testKey: \"*\"}}", "t.yaml:2:37: \"testKey\" must be base64"),
    (
        "{key: {spi: 1, testKey: \(key), length: 100}}",
        "\"length\" must be the ICV's 128, 96 or 64 bits, not \"100\""
    ),
    ("{key: k, nodes: [a, {name: a}]}", "t.yaml:2:40: node \"a\" again; it is already at line 2"),
])
func refusesMistakesInTheSection(_ section: String, _ expected: String) {
    let found = problem(in: text("- advance: 1s", encryption: section))
    #expect(found.hasPrefix("t.yaml:2:") && found.hasSuffix(expected), "\(found)")
}

@Test func flowHasDefaults() throws {
    guard case .flow(let flow) = try step("- flow: {from: a, to: b}") else { throw InputError("t", nil, "no flow") }
    #expect(flow.packets.kind == .icmp && flow.packets.destinationPort == nil && flow.packets.family == nil)
    #expect(flow.packets.byteCount == 100 && flow.packets.count == 1 && flow.packets.timeToLive == 64)
    #expect(!flow.packets.isFragmentable && !flow.isAnswered && flow.name == nil)
    guard case .flow(let flow) = try step("- flow: {from: a, to: \"b:1\"}") else { throw InputError("t", nil, "no") }
    #expect(flow.packets.kind == .tcp && flow.packets.destinationPort == 1)
}

@Test func flowsNeedNoAgents() throws {
    #expect(problem(inSteps: "- flow: {from: a, to: b}") == "")
}

@Test func waitIsReadEverywhere() throws {
    guard case .rotateKey(let rotation) = try step("- rotateKey: {key: k.json, nodes: a, wait: true}"),
        case .deliverUpdates(let delivery) = try step("- deliverUpdates: {of: a, wait: true}"),
        case .restartAgent(let agents) = try step("- restartAgent: {nodes: [a, b], wait: true}"),
        case .restartNode(let boot) = try step("- restartNode: {node: a, bootID: x, wait: true}"),
        case .removeNode(let removal) = try step("- removeNode: {node: a, wait: true}")
    else { throw InputError("t", nil, "other steps") }
    let reactions = [rotation.reaction, delivery.reaction, agents.reaction, boot.reaction, removal.reaction]
    #expect(reactions.allSatisfy { $0 == .waits })
    #expect(boot.bootID == "x" && agents.nodes.map(\.value) == ["a", "b"] && delivery.path.targets.isEmpty)
}

@Test func agentStepsHaveAnExtent() throws {
    for (text, extent): (String, AgentSteps.Extent) in [
        ("a", .count(1)), ("{node: a}", .count(1)), ("{node: a, count: 3}", .count(3)),
        ("{node: a, until: publication}", .publication), ("{node: a, until: end}", .all),
    ] {
        guard case .encryptionStep(let steps) = try step("- encryptionStep: \(text)") else { continue }
        #expect(steps.extent == extent, "\(text)")
    }
}

@Test(arguments: [
    ("- flow: {from: a, to: \"b:1\", protocol: icmp}", "\"to\" must be a workload or an address: icmp has no ports"),
    ("- flow: {from: a, to: b, protocol: udp}", "\"to\" must be host:port, not \"b\""),
    ("- flow: {from: a, to: b, size: 59}", "\"size\" must be a whole number from 60 to 65535, not \"59\""),
    ("- flow: {from: a, to: b, count: 10001}", "\"count\" must be a whole number from 1 to 10000, not \"10001\""),
    ("- flow: {from: a, to: b, timeToLive: 0}", "\"timeToLive\" must be a whole number from 1 to 255, not \"0\""),
    (
        "- flow: {from: a, to: b, keep: f}\n- flow: {from: a, to: b, keep: f}",
        "flow \"f\" again; it is already at line 4"
    ),
    (
        "- flow: {from: a, to: b, keep: first}\n- inject: {replay: frist}",
        "no step before this one keeps a flow \"frist\"; did you mean \"first\"?"
    ),
    ("- inject: {to: b}", "\"from\" (a workload or an address) or \"replay\" (an earlier flow) is missing here"),
    ("- inject: {from: a, to: b, number: 2}", "\"number\" is of a packet to \"replay\""),
    (
        "- flow: {from: a, to: b, keep: f}\n- inject: {replay: f, to: b}",
        "\"to\" beside \"replay\"; the packet is what it was"
    ),
    ("- rotateKey: {nodes: a}", "\"key\" is missing here"),
    ("- holdUpdates: {}", "\"of\" or \"at\" is missing here"),
    (
        "- loseUpdate: node-a",
        "\"loseUpdate\" must be all, or a mapping with \"of\" (whose) and \"at\" (where), not \"node-a\""
    ),
    (
        "- encryptionStep: {node: a, count: 1, until: end}",
        "\"until\" beside \"count\"; one of them says how far it goes"
    ),
    (
        "- flow: {from: a, to: b}\n  expect: {encryption: {wire: clear, spi: 1}}",
        "\"spi\" and \"peer\" are of what is encrypted"
    ),
    ("- advance: 1s\n  expect: {loss: 0}", "\"loss\" does not apply to advance; it goes with flow, inject"),
    ("- advance: 1s\n  expect: {published: {a: 0}}", "\"a\" must be an SPI or none, not \"0\""),
])
func refusesMistakesInStepsOfEncryption(_ steps: String, _ expected: String) {
    let found = problem(in: text(steps))
    #expect(found.hasPrefix("t.yaml:") && found.contains(expected), "\(found)")
}

@Test(arguments: Step.Kind.ofEncryption)
func stepsOfAgentsNeedTheSection(_ kind: Step.Kind) {
    let values: [Step.Kind: String] = [
        .rotateKey: "{key: k}", .holdUpdates: "all", .deliverUpdates: "all", .loseUpdate: "all",
    ]
    let found = problem(inSteps: "- \(kind.rawValue): \(values[kind] ?? "a")")
    #expect(found == "t.yaml:3:3: \"\(kind.rawValue)\" needs the section \"encryption\"")
}

@Test func nodesHaveStatesOnlyWithTheSection() {
    let found = problem(inSteps: "- advance: 1s\n  expect: {states: {a: 1}}")
    #expect(found == "t.yaml:4:12: \"states\" needs the section \"encryption\"")
}
