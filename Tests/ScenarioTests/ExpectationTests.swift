import Inputs
import Model
import Scenario
import Testing

private func expectation(
    after step: String = "connect: {from: p, to: \"a:1\", repeat: 10}", _ expect: String,
    under preset: Preset = .hardened
) throws -> StepExpectation {
    let entries = try scenario(steps: "- \(step)\n  expect: \(expect)").steps
    return try #require(entries[0].expectations)[preset]
}

private func pattern(_ name: String, _ port: UInt16? = nil) -> TargetPattern { TargetPattern(.name(name), port: port) }

@Test(arguments: [
    ("{destination: \"r1:9080\"}", Outcome.destination(pattern("r1", 9080))),
    ("{destination: 10.0.0.1}", .destination(TargetPattern(.address(.v4(0x0a00_0001))))),
    ("{oneOf: [r1, \"r2:1\"]}", .oneOf([pattern("r1"), pattern("r2", 1)])),
    ("{oneOf: r1}", .oneOf([pattern("r1")])),
    ("{refused: true}", .refused),
    ("{refused: false}", .notRefused),
    ("{leftAlone: true}", .leftAlone),
    ("{leftAlone: false}", .redirected),
])
func readsOutcomes(_ expect: String, _ outcome: Outcome) throws {
    let located = try expectation(expect).outcome
    #expect(located?.value == outcome)
    #expect(located?.place.position.line == 4)
}

@Test func readsShares() throws {
    let expect = "{share: {r1: 0.33, \"r2:1\": 0.67}, tolerance: 0.05, oneOf: [r1, \"r2:1\", r3]}"
    let outcome = try expectation(expect).outcome
    guard case .shares(let shares) = outcome?.value else { throw InputError("t.yaml", nil, "no shares") }
    #expect(shares.shares.map(\.destination) == [pattern("r1"), pattern("r2", 1)])
    #expect(shares.shares.map(\.fraction.millionths) == [330_000, 670_000])
    #expect(shares.tolerance == Fraction(millionths: 50_000))
    #expect(shares.allowed?.count == 3)
    let plain = try expectation("{share: {r1: 0.34, r2: 0.34, r3: 0.34}}").outcome
    guard case .shares(let shares) = plain?.value else { throw InputError("t.yaml", nil, "no shares") }
    #expect(shares.tolerance == nil && shares.allowed == nil)
}

@Test func readsEverythingAboutAConnection() throws {
    let expectation = try expectation(
        """
        {via: "waypoint:15008", reason: loadBalanced, hooks: [connect4, sockOps, skMsg],
            originalDestination: "10.96.0.1:80", managed: {p: true, q: false}, counters: {connects: 3, refused: "<1"},
            reports: [{direction: outbound, from: p, to: "r:1", originalDestination: none, state: established,
              sent: ">=1", received: 0}, {}],
            maps: {node: node-a, km_frontend: {10.96.0.1: absent, 10.96.0.2: "absent"},
              km_endpoint: {count: 4, "ns/host/0/1": r1}}}
        """)
    #expect(expectation.via?.value == pattern("waypoint", 15008))
    #expect(expectation.reason?.value == .loadBalanced)
    #expect(expectation.hooks?.value == [.connect4, .sockOps, .skMsg])
    #expect(expectation.originalDestination?.value == .target(Target(.address(.v4(0x0a60_0001)), port: 80)))
    #expect(expectation.managed?.map(\.pod.value) == ["p", "q"])
    #expect(expectation.managed?.map(\.isManaged) == [true, false])
    #expect(expectation.counters?.map(\.counts.counts) == [3...3, 0...0])
    guard case .matching(let reports) = expectation.reports?.value, let maps = expectation.maps?.value else {
        throw InputError("t.yaml", nil, "no reports")
    }
    #expect(reports.count == 2 && reports[0].direction == .outbound && reports[0].source == pattern("p"))
    #expect(reports[0].destination == pattern("r", 1) && reports[0].originalDestination == .absent)
    #expect(reports[0].state?.number == 1 && reports[0].sent?.counts == 1...UInt64.max)
    #expect(reports[0].received == CountRange(exactly: 0) && reports[1].direction == nil)
    let texts = maps.statements.map { statement in
        switch statement.content {
        case .count(let counts): "\(statement.map.rawValue) \(counts)"
        case .entry(let key, let value): "\(statement.map.rawValue) \(key.value) = \(value.text ?? "")"
        case .absent(let key): "\(statement.map.rawValue) \(key.value) -"
        }
    }
    #expect(
        texts == [
            "km_frontend 10.96.0.1 -", "km_frontend 10.96.0.2 = absent", "km_endpoint 4",
            "km_endpoint ns/host/0/1 = r1",
        ])
    #expect(maps.node?.value == "node-a" && maps.statements[2].place.description == "t.yaml:9:21")
}

@Test func readsWhatOtherStepsShow() throws {
    let dns = try expectation(after: "dns: {from: p, server: a}", "{server: 127.0.0.53, seenFrom: \"10.96.0.10:53\"}")
    #expect(dns.server?.value.description == "127.0.0.53" && dns.seenFrom?.value.port == 53)
    let steps = """
        - connect: {from: p, to: "a:1", keep: s}
        - send: {socket: s, payload: a}
          expect: {bytes: 0161, tlv: none}
        """
    let entries = try scenario(steps: steps).steps
    let send = try #require(entries[1].expectations)[.upstream]
    #expect(send.bytes?.value == [0x01, 0x61] && send.tlv?.value == .absent)
    guard case .count(let counts) = try expectation(after: "check: true", "{problems: \">=1\"}").problems?.value,
        case .mentioning(let texts) = try expectation(after: "check: true", "{problems: [port]}").problems?.value,
        case .count(let reports) = try expectation(after: "advance: 5s", "{reports: 2}").reports?.value
    else { throw InputError("t.yaml", nil, "other problems") }
    #expect(counts.contains(1) && !counts.contains(0) && texts.map(\.value) == ["port"] && reports.contains(2))
}

@Test func presetsOverrideWhatIsSaidForBoth() throws {
    let expect = "{via: w, reason: noEndpoint, upstream: {leftAlone: true}, hardened: {destination: r1, via: x}}"
    let (upstream, hardened) = (try expectation(expect, under: .upstream), try expectation(expect, under: .hardened))
    #expect(upstream.outcome?.value == .leftAlone && upstream.via == nil && upstream.reason?.value == .noEndpoint)
    #expect(hardened.outcome?.value == .destination(pattern("r1")) && hardened.via?.value == pattern("x"))
    let onlyOne = try expectation("{upstream: {refused: true}}", under: .hardened)
    #expect(onlyOne.outcome == nil)
}

@Test(arguments: [
    ("", "t.yaml:4:3: \"expect\" has no value"),
    ("{}", "t.yaml:4:11: \"expect\" expects nothing"),
    ("refused", "t.yaml:4:11: expect must be a mapping (key: value), not \"refused\""),
    ("{refused: }", "t.yaml:4:12: \"refused\" has no value"),
    ("{refuse: true}", "t.yaml:4:12: unknown key \"refuse\"; did you mean \"refused\"?"),
    ("{refused: 1}", "t.yaml:4:21: \"refused\" must be true or false, not \"1\""),
    ("{refused: true, leftAlone: true}", "t.yaml:4:27: \"leftAlone\" beside \"refused\"; a connection has one outcome"),
    ("{destination: a, oneOf: [b]}", "t.yaml:4:28: \"oneOf\" beside \"destination\"; a connection has one outcome"),
    ("{destination: \"a:b\"}", "t.yaml:4:25: \"destination\": \"a:b\" must end in a port from 1 to 65535"),
    ("{oneOf: []}", "t.yaml:4:19: \"oneOf\" is an empty list"),
    ("{oneOf: [a, a]}", "t.yaml:4:23: a again"),
    ("{tolerance: 0.1}", "t.yaml:4:12: \"tolerance\" needs \"share\""),
    ("{share: {a: 1.5}}", "t.yaml:4:23: \"a\" must be a number from 0 to 1 with at most six decimals, not \"1.5\""),
    ("{share: {a: 0.7, b: 0.7}}", "t.yaml:4:12: the shares add up to 1.4, which is more than 1"),
    ("{share: {a: 0.5}, oneOf: [b]}", "t.yaml:4:12: \"share\" names a, which \"oneOf\" does not"),
    ("{share: {}}", "t.yaml:4:19: \"share\" is an empty mapping"),
    ("{refused: true, via: w}", "t.yaml:4:32: \"via\" contradicts that the connection is refused or left alone"),
    ("{refused: true, upstream: {via: w}}", "t.yaml:4:43: \"via\" contradicts what is expected for both presets"),
    ("{upstream: {}}", "t.yaml:4:22: \"upstream\" expects nothing"),
    ("{upstream: {hardened: {refused: true}}}", "t.yaml:4:23: \"hardened\" inside of \"upstream\""),
    ("{hooks: connect4}", "t.yaml:4:19: \"hooks\" must be a list of hooks, not \"connect4\""),
    ("{hooks: [sockops2]}", "t.yaml:4:20: \"sockops2\" is no hook; did you mean sockOps?"),
    (
        "{hooks: [x]}",
        "t.yaml:4:20: \"x\" is no hook; known are connect4, connect6, sendmsg4, recvmsg4, sockOps, skMsg, cgroupSkb, "
            + "xdpIngress, tcPod, tcUplink"
    ),
    (
        "{originalDestination: 10.0.0.1}",
        "t.yaml:4:33: \"originalDestination\" must be host:port or none, not \"10.0.0.1\""
    ),
    ("{managed: {p: maybe}}", "t.yaml:4:25: \"p\" must be true or false, not \"maybe\""),
    ("{managed: [p]}", "t.yaml:4:21: \"managed\" must be a mapping (key: value), not a list"),
    ("{counters: {a: many}}", "t.yaml:4:26: \"a\" must be a count such as 3 or \">=3\", not \"many\""),
    ("{reports: some}", "t.yaml:4:21: \"reports\" must be a count or a list of reports, not \"some\""),
    (
        "{reports: [{form: a}]}",
        "t.yaml:4:23: unknown key \"form\"; did you mean \"from\"?"
    ),
    ("{reports: [{sent: a}]}", "t.yaml:4:29: \"sent\" must be a count such as 3 or \">=3\", not \"a\""),
    ("{maps: {node: a}}", "t.yaml:4:18: \"maps\" expects nothing"),
    ("{maps: {km_front: {a: b}}}", "t.yaml:4:19: unknown key \"km_front\"; did you mean \"km_frontend\"?"),
    ("{maps: {km_service: {count: x}}}", "t.yaml:4:39: \"count\" must be a count such as 3 or \">=3\", not \"x\""),
    ("{maps: {km_service: a}}", "t.yaml:4:31: \"km_service\" must be a mapping (key: value), not \"a\""),
    (
        "{tlv: none}", "t.yaml:4:12: \"tlv\" does not apply to connect; it goes with send"
    ),
    ("{upstream: {server: a}}", "t.yaml:4:23: \"server\" does not apply to connect; it goes with dns"),
    (
        "{problems: 0}",
        "t.yaml:4:12: \"problems\" does not apply to connect; "
            + "it goes with apply, remove, patch, health, move, restart, authz, check, rotateKey, holdUpdates, "
            + "deliverUpdates, loseUpdate, restartAgent, restartNode, removeNode, encryptionStep"
    ),
])
func refusesMistakesInExpectations(_ expect: String, _ expected: String) {
    let connect = "- connect: {from: p, to: \"a:1\", repeat: 10}"
    #expect(problem(inSteps: "\(connect)\n  expect: \(expect)") == expected)
}

@Test(arguments: [
    ("connect: {from: p, to: \"a:1\"}", "{share: {a: 1}}", "t.yaml:4:12: \"share\" needs a connect with \"repeat\""),
    (
        "connect: {from: p, to: \"a:1\", protocol: udp}", "{via: w}",
        "t.yaml:4:12: \"via\" does not apply to udp; only tcp connections go to waypoints"
    ),
    ("advance: 1s", "{refused: true}", "t.yaml:4:12: \"refused\" does not apply to advance; it goes with connect"),
    (
        "check: true", "{hooks: []}",
        "t.yaml:4:12: \"hooks\" does not apply to check; it goes with connect, send, dns, packet, close"
    ),
    ("check: true", "{problems: {}}", "t.yaml:4:22: \"problems\" must be a count or a list of texts, not a mapping"),
    ("check: true", "{problems: []}", "t.yaml:4:22: \"problems\" is an empty list"),
    (
        "dns: {from: p, unsolicited: \"1.2.3.4:53\"}", "{server: a}",
        "t.yaml:4:12: \"server\" does not apply to a datagram that nobody asked for"
    ),
    (
        "dns: {from: p, server: a, reply: false}", "{seenFrom: a}",
        "t.yaml:4:12: \"seenFrom\" does not apply to a question without reply"
    ),
    ("dns: {from: p, server: a}", "{reason: none}", ""),
    (
        "dns: {from: p, server: a}", "{reason: notManged}",
        "t.yaml:4:20: \"reason\" must be one of \(Reason.allCases.map(\.rawValue).joined(separator: ", ")), "
            + "not \"notManged\"; did you mean notManaged?"
    ),
])
func refusesExpectationsThatCannotApply(_ step: String, _ expect: String, _ expected: String) {
    #expect(problem(inSteps: "- \(step)\n  expect: \(expect)") == expected)
}

@Test func readsVerdicts() throws {
    let short = try expectation("{authorization: denied}").authorization
    #expect(short?.value.verdict == .denied && short?.place.position.line == 4)
    #expect(short?.value.policy == nil && short?.value.rule == nil)
    let long = try expectation(
        "{authorization: {verdict: allowed, policy: a/b, rule: 2, engine: userSpace, dryRun: denied}}"
    ).authorization?.value
    #expect(long?.verdict == .allowed && long?.policy == .named("a/b") && long?.rule == 2)
    #expect(long?.engine == .userSpace && long?.dryRun == .denied)
    #expect(
        try expectation("{authorization: {policy: none}}").authorization?.value.policy
            == ExpectedAuthorization.PolicyName.none)
}

@Test func aPresetReplacesTheWholeVerdict() throws {
    let text = "{authorization: {verdict: denied, policy: a/b}, upstream: {authorization: {engine: xdp}}}"
    #expect(try expectation(text).authorization?.value.policy == .named("a/b"))
    let upstream = try expectation(text, under: .upstream).authorization?.value
    #expect(upstream?.engine == .xdp && upstream?.verdict == nil && upstream?.policy == nil)
}

@Test(arguments: [
    (
        "connect: {from: p, to: \"a:1\"}", "{authorization: maybe}",
        "4:27: \"authorization\" must be allowed, denied or a mapping, not \"maybe\""
    ),
    ("connect: {from: p, to: \"a:1\"}", "{authorization: {}}", "4:27: \"authorization\" expects nothing"),
    (
        "connect: {from: p, to: \"a:1\"}", "{authorization: {policy: b}}",
        "4:36: \"policy\" must be namespace/name or none, not \"b\""
    ),
    (
        "connect: {from: p, to: \"a:1\"}", "{authorization: {policy: none, rule: 1}}",
        "4:42: \"rule\" beside \"policy: none\"; a rule is of a policy"
    ),
    (
        "connect: {from: p, to: \"a:1\", protocol: udp}", "{authorization: allowed}",
        "4:12: \"authorization\" does not apply to udp; only tcp connections are judged"
    ),
    (
        "advance: 1s", "{authorization: allowed}",
        "4:12: \"authorization\" does not apply to advance; it goes with connect, send, packet"
    ),
])
func refusesMistakesAboutVerdicts(_ step: String, _ expect: String, _ message: String) {
    #expect(problem(inSteps: "- \(step)\n  expect: \(expect)") == "t.yaml:\(message)")
}
