import Inputs
import Model
import TestSupport
import Testing

private func parsed(_ text: String) throws -> DocumentNode {
    var reader = DocumentReader(text: text, file: "p.json")
    return try reader.single()
}

/// A policy that uses everything a policy can hold.
private func everything(serviceAccounts: PolicyMatch.Values<PolicyMatch.ServiceAccount>, isDryRun: Bool) throws
    -> Policy
{
    func prefix(_ text: String) throws -> Prefix { try #require(Prefix(text)) }
    let match = PolicyMatch(
        namespaces: .init([.exact("a"), .prefix("b")], not: [.suffix("c")]),
        principals: .init([.presence], not: [.exact("td/ns/n/sa/s")]), serviceAccounts: serviceAccounts,
        sourceBlocks: .init([try prefix("10.1.2.3/8")], not: [try prefix("fd00::1/64")]),
        destinationBlocks: .init([try prefix("0.0.0.0/0")], not: [try prefix("10.0.0.1/32")]),
        destinationPorts: .init([80, 65535], not: [0]))
    return Policy(
        name: "p", namespace: "n", scope: .workload, action: .deny,
        rules: [Policy.Rule([Policy.Clause([match, PolicyMatch()]), Policy.Clause()]), Policy.Rule()],
        isDryRun: isDryRun)
}

private let accounts = PolicyMatch.Values(
    [PolicyMatch.ServiceAccount(namespace: "n", name: "s")], not: [.init(namespace: "m", name: "t")])

@Suite struct PolicyFormTests {
    @Test func ztunnelWritesLists() throws {
        let policy = try ZtunnelConfig.policy(
            parsed(
                """
                {name: p, namespace: n, scope: WorkloadSelector, action: Deny, dryRun: true, rules: [[[{
                 namespaces: [{Exact: a}, {Prefix: b}], notNamespaces: [{Suffix: c}],
                 principals: [{Presence: []}], notPrincipals: [{Exact: td/ns/n/sa/s}],
                 serviceAccounts: [{namespace: n, serviceAccount: s}],
                 notServiceAccounts: [{namespace: m, serviceAccount: t}],
                 sourceIps: [10.1.2.3/8], notSourceIps: ['fd00::1/64'],
                 destinationIps: [0.0.0.0/0], notDestinationIps: [10.0.0.1/32],
                 destinationPorts: [80, 65535], notDestinationPorts: [0]}, {}], []], []]}
                """), file: "p.json")
        #expect(policy == (try everything(serviceAccounts: accounts, isDryRun: true)))
    }

    /// Go's own form of the generated structures; what Kmesh's schema lacks is not there, a presence is null.
    @Test func kmeshWritesGoStructures() throws {
        let policy = try KmeshConfigDump.policy(
            parsed(
                """
                {"name": "p", "namespace": "n", "scope": "WORKLOAD_SELECTOR", "action": "DENY", "rules": [
                 {"clauses": [{"matches": [{
                  "namespaces": [{"MatchType": {"Exact": "a"}}, {"MatchType": {"Prefix": "b"}}],
                  "not_namespaces": [{"MatchType": {"Suffix": "c"}}],
                  "principals": [{"MatchType": null}], "not_principals": [{"MatchType": {"Exact": "td/ns/n/sa/s"}}],
                  "source_ips": [{"address": "CgECAw==", "length": 8}],
                  "not_source_ips": [{"address": "/QAAAAAAAAAAAAAAAAAAAQ==", "length": 64}],
                  "destination_ips": [{"address": "AAAAAA=="}],
                  "not_destination_ips": [{"address": "CgAAAQ==", "length": 32}],
                  "destination_ports": [80, 65535], "not_destination_ports": [0]}, {}]}, {}]}, {}]}
                """), file: "p.json")
        #expect(policy == (try everything(serviceAccounts: .init(), isDryRun: false)))
    }

    @Test(arguments: ["rules", "groups"])
    func protobufWritesMessages(_ form: String) throws {
        let clauses = form == "rules" ? "clauses" : "rules"
        let text = """
            {"name": "p", "namespace": "n", "scope": "WORKLOAD_SELECTOR", "action": "DENY", "dryRun": true, "\(form)": [
             {"\(clauses)": [{"matches": [{
              "namespaces": [{"exact": "a"}, {"prefix": "b"}], "notNamespaces": [{"suffix": "c"}],
              "principals": [{"presence": {}}], "notPrincipals": [{"exact": "td/ns/n/sa/s"}],
              "serviceAccounts": [{"namespace": "n", "serviceAccount": "s"}],
              "notServiceAccounts": [{"namespace": "m", "serviceAccount": "t"}],
              "sourceIps": [{"address": "CgECAw==", "length": 8}],
              "notSourceIps": [{"address": "_QAAAAAAAAAAAAAAAAAAAQ", "length": 64}],
              "destinationIps": [{"address": "AAAAAA=="}],
              "notDestinationIps": [{"address": "CgAAAQ==", "length": 32}],
              "destinationPorts": [80, 65535], "notDestinationPorts": [0]}, {}]}, {}]}, {}]}
            """
        let expected = try everything(serviceAccounts: accounts, isDryRun: true)
        #expect(try WorkloadAPIResource.policy(parsed(text), file: "p.json") == expected)
        // The names of the schema are read as well.
        var snake = text
        for (word, other) in [
            ("dryRun", "dry_run"), ("notNam", "not_nam"), ("notP", "not_p"), ("notS", "not_s"), ("notD", "not_d"),
            ("serviceAccount", "service_account"), ("not_serviceAccount", "not_service_account"),
            ("sourceIps", "source_ips"), ("estinationIps", "estination_ips"), ("estinationPorts", "estination_ports"),
        ] { snake = snake.replacing(word, with: other) }
        #expect(!snake.contains("Ips") && !snake.contains("Accounts") && !snake.contains("notS"))
        #expect(try WorkloadAPIResource.policy(parsed(snake), file: "p.json") == expected)
    }

    @Test func zeroValuesOfMessagesMayBeMissing() throws {
        let policy = try WorkloadAPIResource.policy(parsed(#"{"name": "p"}"#), file: "p.json")
        #expect(policy == Policy(name: "p", namespace: "", scope: .global, action: .allow))
    }

    /// A match, and the column in it of which something is said.
    @Test(arguments: [
        (#"{namespaces: [a]}"#, 15, #""namespaces" must hold {exact: text}, {prefix: text}"#),
        (#"{namespaces: [{}]}"#, 15, #""namespaces" must hold"#),
        (#"{namespaces: [{exact: a, prefix: b}]}"#, 15, #""namespaces" must hold"#),
        (#"{namespaces: [{presence: {a: 1}}]}"#, 15, #""namespaces" must hold"#),
        (#"{namespaces: [{regex: a}]}"#, 15, #""namespaces" must hold"#),
        (#"{namespaces: {exact: a}}"#, 14, #""namespaces" must be a list, not a mapping"#),
        (#"{serviceAccounts: [{namespace: n}]}"#, 20, #""serviceAccount" is missing here"#),
        (#"{serviceAccounts: [{namespace: n, serviceAccount: ''}]}"#, 51, #""serviceAccount" must not be empty"#),
        (#"{sourceIps: [10.0.0.0/33]}"#, 14, #""sourceIps" must hold address prefixes"#),
        (#"{sourceIps: [{length: 3}]}"#, 14, #""address" is missing here"#),
        (#"{sourceIps: [{address: AAAA, length: 3}]}"#, 24, #""address" must be 4 or 16 bytes in Base64"#),
        (#"{sourceIps: [{address: AAAAAA=, length: 3}]}"#, 24, #""address" must be 4 or 16 bytes in Base64"#),
        (#"{sourceIps: [{address: CgAAAQ==, length: 33}]}"#, 14, #""length" must be from 0 to 32 for the address"#),
        (#"{destinationPorts: [70000]}"#, 21, #""destinationPorts" must hold ports from 0 to 65535, not "70000""#),
        (#"{destinationPorts: [-1]}"#, 21, #""destinationPorts" must hold ports"#),
        (#"{sourceIp: []}"#, 2, #"unknown key "sourceIp"; did you mean "sourceIps"?"#),
        (#"{sourceIps: [], source_ips: []}"#, 17, #""sourceIps" again; it is already at line 1"#),
        (#"{extensions: [{name: e}]}"#, 14, #"extensions of a match are not understood"#),
        (#"null"#, 1, #"a match must be a mapping of conditions, not nothing"#),
    ])
    func whatIsWrongInAMatchIsSaidWithItsPlace(_ match: String, _ column: Int, _ message: String) throws {
        let start = "{name: p, scope: GLOBAL, rules: [{clauses: [{matches: ["
        let error = try #require(throws: InputError.self) {
            try WorkloadAPIResource.policy(parsed(start + match + "]}]}]}"), file: "p.json")
        }
        #expect("\(error)".hasPrefix("p.json:1:\(start.count + column): \(message)"), "\(error)")
    }

    @Test(arguments: [
        ("{name: p, rules: [], groups: []}", "\"rules\" or \"groups\", not both"),
        ("{name: p, rules: [{rules: [], clauses: []}]}", "a rule has \"clauses\" or \"rules\", not both"),
        ("{name: p, rules: [null]}", "a rule must be a mapping with clauses, not nothing"),
        ("{name: p, rules: {}}", "\"rules\" must be a list, not a mapping"),
        ("{name: p, rules: [{clauses: {}}]}", "\"clauses\" must be a list, not a mapping"),
        ("{name: p, rules: [{clause: []}]}", "unknown key \"clause\"; did you mean \"clauses\"?"),
        ("{name: p, rules: [], action: LOG}", "\"action\" must be one of Allow, Deny, not \"LOG\""),
        ("{name: '', rules: []}", "\"name\" must not be empty"),
        ("{name: p, rules: [], extensions: [{}]}", "extensions of a policy are not understood"),
        ("{name: p, rules: [], dryrun: true}", "unknown key \"dryrun\"; did you mean \"dryRun\"?"),
    ])
    func whatIsWrongInAPolicyIsSaid(_ text: String, _ message: String) throws {
        let error = try #require(throws: InputError.self) {
            try WorkloadAPIResource.policy(parsed(text), file: "p.json")
        }
        #expect(error.message.contains(message) && error.position != nil, "\(error)")
    }

    /// Every byte string comes back from either alphabet.
    @Test func base64IsReadAsItIsWritten() throws {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        try forEachSeed(count: 100) { seed in
            var random = SplitMix64(seed: seed)
            let address = IPAddress.v4(UInt32(truncatingIfNeeded: random.next()))
            let bytes = random.isOneIn(2) ? address.bytes : IPAddress.v6(high: random.next(), low: random.next()).bytes
            var bits = bytes.map { byte in (0..<8).map { byte >> (7 - $0) & 1 } }.flatMap(\.self)
            bits += Array(repeating: 0, count: (6 - bits.count % 6) % 6)
            var text = stride(from: 0, to: bits.count, by: 6).map { start in
                String(digits[bits[start..<start + 6].reduce(0) { $0 << 1 | Int($1) }])
            }.joined()
            if random.isOneIn(2) { text += String(repeating: "=", count: (4 - text.count % 4) % 4) }
            if random.isOneIn(2) { text = text.replacing("+", with: "-").replacing("/", with: "_") }
            let policy = try WorkloadAPIResource.policy(
                parsed(
                    #"{"name": "p", "rules": [{"clauses": [{"matches": [{"sourceIps": [{"address": "\#(text)"}]}]}]}]}"#
                ),
                file: "p.json")
            let read = policy.rules.first?.clauses.first?.matches.first?.sourceBlocks.any
            #expect(read?.map(\.address.bytes) == [bytes], "seed \(seed): \(text)")
        }
    }
}
