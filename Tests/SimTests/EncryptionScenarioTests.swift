import Inputs
import Model
import Sim
import Testing

@testable import Scenario

private let key = "S21lc2ggdGVzdCBrZXksIHRoZSBmaXJzdC4uLi4uLi4uLi4u"
private let secondKey = "S21lc2ggdGVzdCBrZXksIHRoZSBzZWNvbmQuLi4uLi4uLi4u"

/// Two nodes with a pod each; the nodes encrypt.
private func runNodes(
    _ steps: String, preset: Preset = .hardened, encryption: String = "{key: {spi: 1, testKey: \(key)}}",
    nodes: String = """
    [{name: a, addresses: 192.168.0.1, podCIDRs: 10.244.1.0/24}, \
    {name: b, addresses: 192.168.0.2, podCIDRs: 10.244.2.0/24}]
    """
) throws -> ScenarioResult {
    let pods = [("web", "a", "10.244.1.10"), ("store", "b", "10.244.2.10")].map { name, node, address in
        "      - {apiVersion: v1, kind: Pod, metadata: {name: \(name), namespace: default}, spec: {nodeName: \(node), "
            + "containers: [{name: c}]}, status: {podIPs: [{ip: \(address)}]}}"
    }
    let text = """
        name: t
        nodes: \(nodes)
        \(encryption.isEmpty ? "" : "encryption: \(encryption)")
        mesh:
          - inline:
        \(pods.joined(separator: "\n"))
        steps:
        \(steps)
        """
    var runner = try ScenarioRunner(Scenario(text: text, file: "t.yaml"), .init(preset: preset))
    return try runner.run()
}

private func refusal(_ steps: String, encryption: String = "{key: {spi: 1, testKey: \(key)}}") -> String {
    do {
        _ = try runNodes(steps, encryption: encryption)
        return ""
    } catch {
        return "\(error)"
    }
}

private func failures(_ steps: String, preset: Preset = .hardened) throws -> [String] {
    try runNodes(steps, preset: preset).steps.flatMap(\.checks).filter { !$0.isMet }
        .map { "\($0.key): \($0.expected), got \($0.got)" }
}

@Test func everyReasonOfTheNetworkHasAName() {
    let drops: [NetworkDrop] =
        [
            .malformed(.truncatedHeader), .wrongHeaderChecksum, .timeToLive, .tooBig(limit: 1), .clearFromPeer,
            .unusableFragment, .keepAlive,
        ] + XFRMCounter.allCases.map(NetworkDrop.xfrm)
    for drop in drops {
        let name = if case .malformed = drop { "malformed" } else { DispositionReason.network(drop).name }
        #expect(ExpectedDrop(rawValue: name) != nil, "\(name)")
    }
}

@Test(arguments: [
    ("- rotateKey: {nodes: aa, key: k}", "there is no node named \"aa\" that encrypts; did you mean a?"),
    ("- holdUpdates: {of: c}", "there is no node named \"c\" that encrypts"),
    ("- flow: {from: wb, to: store}", "there is no workload named \"wb\"; did you mean web?"),
    ("- flow: {from: web, to: store, family: v6}", "web and store have no IPv6 addresses both"),
    (
        "- flow: {from: web, to: store, keep: f}\n- inject: {replay: f, number: 2}",
        "flow \"f\" put 1 packets on the wire; there is no 2"
    ),
    (
        "- flow: {from: web, to: store}\n  expect: {encryption: {peer: bb}}",
        "there is no node named \"bb\"; did you mean b?"
    ),
    ("- advance: 1s\n  expect: {counters: {a.XfrmInNoState: 0}}", "there is no counter \"a.XfrmInNoState\""),
    ("- rotateKey: {key: no-such-file.json}", "no-such-file.json"),
])
func namesThatMeanNothingAreRefused(_ steps: String, _ expected: String) {
    let found = refusal(steps)
    #expect(found.contains(expected), "\(found)")
}

@Test func nodesOfTheSectionMustBeThereAndHaveWhatTheyNeed() {
    let unknown = refusal("- advance: 1s", encryption: "{key: {spi: 1, testKey: \(key)}, nodes: [x]}")
    #expect(unknown.contains("there is no node named \"x\""), "\(unknown)")
    do {
        _ = try runNodes("- advance: 1s", nodes: "[{name: a}, {name: b}]")
        Issue.record("nodes without addresses")
    } catch {
        #expect("\(error)".contains("has no address to encrypt with; say \"addresses\""), "\(error)")
    }
}

@Test(arguments: Preset.allCases)
func failedExpectationsSayWhatWasThere(_ preset: Preset) throws {
    let steps = """
        - flow: {from: web, to: "store:80", count: 3}
          expect: {encryption: {wire: clear}, loss: 1, drop: XfrmInNoStates, leaks: ">0", nodeErrors: clear}
        - check: true
          expect: {published: {a: 2, b: none}, states: {a: 9}, counters: {a.XfrmInNoStates: 1}}
        """
    #expect(
        try failures(steps, preset: preset) == [
            "encryption: clear, got encrypted", "loss: 1, got 0", "leaks: >=1, got 0",
            "drop: XfrmInNoStates, got none", "nodeErrors: clear, got none",
            "counters: a.XfrmInNoStates 1, got 0", "published: a SPI 2, got SPI 1", "published: b nothing, got SPI 1",
            "states: a 9, got 2",
        ])
}

@Test func oneSeedGivesTheSameTwice() throws {
    let steps = "- flow: {from: web, to: \"store:80\", keep: f}\n- inject: {replay: f}"
    let (first, second) = (try runNodes(steps), try runNodes(steps))
    #expect(String(reflecting: first) == String(reflecting: second))
}

@Test func withoutAnAgentEverythingIsClearAndNoLeak() throws {
    let steps = """
        - flow: {from: web, to: store, replies: true}
          expect: {encryption: clear, loss: 0, leaks: 0}
        """
    #expect(try runNodes(steps, encryption: "").steps.flatMap(\.checks).allSatisfy(\.isMet))
}

@Test func anAgentThatWaitsTakesStepByStep() throws {
    let steps = """
        - holdUpdates: all
        - rotateKey: {key: {spi: 2, testKey: \(secondKey)}, wait: true}
          expect: {published: {a: 1, b: 1}, states: {a: 2, b: 2}}
        - encryptionStep: a
          expect: {published: {a: 1}, states: {a: 3}}
        - encryptionStep: {node: a, count: 100}
          expect: {published: {a: 2}}
        - encryptionStep: a
        - deliverUpdates: {of: a, wait: true}
          expect: {published: {b: 1}, states: {b: 2}}
        - flow: {from: store, to: "web:80"}
          expect: {encryption: {wire: encrypted, spi: 1}, loss: 0}
        - encryptionStep: {node: b, until: end}
          expect: {published: {b: 2}}
        - flow: {from: store, to: "web:80"}
          expect: {encryption: {wire: encrypted, spi: 2, peer: a}, loss: 0}
        """
    #expect(try failures(steps) == [])
}

@Test(arguments: [Preset.upstream, .hardened])
func kmNodeInfoIsTheMapOfTheNode(_ preset: Preset) throws {
    let steps = """
        - check: true
          expect: {maps: {node: a, km_nodeinfo: {count: 1, 10.244.2.0/24: 1}}}
        - mapWrite: {node: a, delete: {km_nodeinfo: [10.244.2.0/24]}}
        - flow: {from: web, to: "store:80"}
          expect:
            upstream: {encryption: clear, leaks: 1, drop: none}
            hardened: {encryption: none, leaks: 0, drop: XfrmOutPolBlock}
        - restartNode: a
          expect: {maps: {node: a, km_nodeinfo: {count: 1}}}
        """
    #expect(try failures(steps, preset: preset) == [])
}

@Test func aNodeThatGoesTakesItsStatesAlong() throws {
    let steps = """
        - removeNode: b
          expect: {published: {b: none}, states: {a: 0, b: 0}}
        - flow: {from: web, to: "store:80"}
          expect: {encryption: clear, leaks: 0}
        """
    #expect(try failures(steps) == [])
}

@Test func aPodThatMovesIsEncryptedToItsNewNode() throws {
    let steps = """
        - apply:
            inline: {apiVersion: v1, kind: Pod, metadata: {name: late, namespace: default}, spec: {nodeName: b,
              containers: [{name: c}]}, status: {podIPs: [{ip: 10.244.2.77}]}}
        - flow: {from: web, to: "late:80", replies: true}
          expect: {encryption: {wire: encrypted, peer: b}, loss: 0, leaks: 0}
        """
    #expect(try failures(steps) == [])
}
