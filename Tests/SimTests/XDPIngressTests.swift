import Model
import Sim
import Testing

struct IngressCase: CustomTestStringConvertible {
    let testDescription: String
    var source = "10.0.1.6:40000"
    var destination = "10.0.0.2:80"
    var flags = TCPFlags.syn
    let reason: Reason
    var rule: [UInt32]?
    var identity: UInt32 = 0
    var backend: ResourceID = 0
    var dryRun: Reason?
    var dryRule: [UInt32]?

    fileprivate func holds(for decision: IngressDecision) {
        #expect(decision.reason == reason)
        #expect(decision.rule.map { [$0.policyID, $0.index] } == rule)
        #expect(decision.identity == identity)
        #expect(decision.backendUID == backend)
        #expect(decision.dryRun?.reason == dryRun)
        #expect(decision.dryRun?.rule.map { [$0.policyID, $0.index] } == dryRule)
    }
}

/// The first packet of a flow, nothing cached.
private let first: [IngressCase] = [
    .init(testDescription: "ALLOW matches", reason: .allowedByPolicy, rule: [901, 0], identity: 6, backend: 102),
    .init(
        testDescription: "DENY matches", source: "10.0.1.5:40000", reason: .deniedByPolicy, rule: [900, 0], identity: 5,
        backend: 102),
    .init(
        testDescription: "DENY matches over IPv6", source: "[fd00::5]:40000", destination: "[fd00::2]:80",
        reason: .deniedByPolicy, rule: [900, 0], identity: 5, backend: 102),
    .init(
        testDescription: "nobody is allowed over IPv6", source: "[fd00::9]:40000", destination: "[fd00::2]:80",
        reason: .allowedByPolicy, rule: [901, 0], backend: 102),
    .init(
        testDescription: "ALLOW matches not", destination: "10.0.0.2:81", reason: .deniedByDefault, identity: 6,
        backend: 102),
    .init(
        testDescription: "the pod opened no flow", flags: .ack, reason: .allowedByPolicy, rule: [901, 0], identity: 6,
        backend: 102),
    .init(testDescription: "no policy", destination: "10.0.0.3:80", reason: .noPolicy, backend: 103),
    .init(testDescription: "not judged", destination: "10.9.9.9:80", reason: .notJudged),
    .init(testDescription: "closed", destination: "10.0.0.4:80", reason: .policiesMissing, backend: 104),
    .init(
        testDescription: "a probe", source: IngressFixture.probe + ":1", destination: "10.0.0.2:81", reason: .nodeProbe,
        backend: 102),
    .init(
        testDescription: "a probe of what is closed", source: IngressFixture.probe + ":1", destination: "10.0.0.4:80",
        reason: .nodeProbe, backend: 104),
    .init(
        testDescription: "no ALLOW policy", destination: "10.0.0.7:80", reason: .allowedByDefault, identity: 6,
        backend: 107),
    .init(
        testDescription: "a dry run denies", destination: "10.0.0.5:80", reason: .allowedByDefault, identity: 6,
        backend: 105, dryRun: .dryRunDenies, dryRule: [900, 0]),
    .init(
        testDescription: "a dry run that says the same", destination: "10.0.0.5:81", reason: .allowedByDefault,
        identity: 6, backend: 105),
    .init(
        testDescription: "a dry run allows", destination: "10.0.0.6:80", reason: .deniedByDefault, identity: 6,
        backend: 106, dryRun: .dryRunAllows, dryRule: [900, 0]),
    .init(testDescription: "a slot past the array", destination: "10.0.0.8:80", reason: .policiesMissing),
    .init(testDescription: "a view past the array", destination: "10.0.0.9:80", reason: .policiesMissing, backend: 109),
    .init(
        testDescription: "a row past the array", destination: "10.0.0.10:80", reason: .policiesMissing, identity: 6,
        backend: 110),
    .init(testDescription: "an unknown state", destination: "10.0.0.11:80", reason: .policiesMissing, backend: 111),
    .init(
        testDescription: "a rule past the array", destination: "10.0.0.12:80", reason: .policiesMissing, identity: 6,
        backend: 112),
    .init(
        testDescription: "an axis without ranges", destination: "10.0.0.13:80", reason: .policiesMissing, identity: 6,
        backend: 113),
    .init(testDescription: "another address's destination", destination: "10.0.0.14:80", reason: .policiesMissing),
    .init(testDescription: "another address's identity", source: "10.0.1.7:1", reason: .policiesMissing, backend: 102),
]

@Test(arguments: first)
func theFirstPacketIsJudged(_ row: IngressCase) throws {
    var fixture = try IngressFixture()
    let decision = fixture.run(row.source, row.destination, row.flags)
    row.holds(for: decision)
    let drops: Set<Reason> = [.deniedByPolicy, .deniedByDefault, .policiesMissing]
    #expect(decision.verdict == (drops.contains(row.reason) ? .drop : .pass))
    #expect(decision.isReported == drops.contains(row.reason))
    #expect(decision.counted == [row.reason] + (row.dryRun.map { [$0] } ?? []))
    // Without a recorder, and parsed already, it is the same.
    var again = try IngressFixture()
    var untraced = NoTrace()
    let packet = TCPPacket(IngressFixture.flow(row.source, row.destination), isOpening: row.flags.isOpening)
    #expect(
        again.hook.run(.tcp(packet), policies: again.policies, flows: &again.flows, now: 5, recorder: &untraced)
            == decision)
}

@Test func laterPacketsGoByTheVerdictUntilPoliciesChange() throws {
    var fixture = try IngressFixture()
    for (source, now, then) in [
        ("10.0.1.6:1", Reason.allowedByPolicy, Reason.allowedBefore),
        ("10.0.1.5:1", .deniedByPolicy, .deniedBefore),
    ] {
        #expect(fixture.run(source, "10.0.0.2:80").reason == now)
        #expect(fixture.run(source, "10.0.0.2:80", .ack).reason == now)
        #expect(fixture.run(source, "10.0.0.2:80", .ack).reason == then)
        // A packet that opens a flow is judged again.
        #expect(fixture.run(source, "10.0.0.2:80").reason == now)
        try fixture.policies.apply(.setGeneration(8))
        #expect(fixture.run(source, "10.0.0.2:80", .ack).reason == now)
        #expect(fixture.run(source, "10.0.0.2:80", .ack).reason == then)
        try fixture.policies.apply(.setGeneration(7))
    }
}

@Test func aDenialBeforeIsCountedOnly() throws {
    var fixture = try IngressFixture()
    _ = fixture.run("10.0.1.5:1", "10.0.0.2:80", .ack)
    let decision = fixture.run("10.0.1.5:1", "10.0.0.2:80", .ack)
    #expect(decision.verdict == .drop && !decision.isReported && decision.counted == [.deniedBefore])
}

@Test func whatIsMissingIsNotCached() throws {
    var fixture = try IngressFixture()
    for destination in ["10.0.0.4:80", "10.0.0.10:80", "10.0.0.3:80", "10.9.9.9:80"] {
        _ = fixture.run("10.0.1.6:1", destination, .ack)
    }
    _ = fixture.run(IngressFixture.probe + ":1", "10.0.0.2:80", .ack)
    #expect(fixture.flows.verdicts.count == 0)
}

@Test func anEvictedVerdictIsGivenAnew() throws {
    var fixture = try IngressFixture()
    for port in 1...17 { _ = fixture.run("10.0.1.5:\(port)", "10.0.0.2:80", .ack) }
    #expect(fixture.flows.verdicts.count == 16)
    #expect(fixture.run("10.0.1.5:1", "10.0.0.2:80", .ack).reason == .deniedByPolicy)
    #expect(fixture.run("10.0.1.5:17", "10.0.0.2:80", .ack).reason == .deniedBefore)
}

@Test func repliesToAFlowThatThePodOpenedPass() throws {
    for (pod, peer) in [("10.0.0.2:50000", "10.0.1.5:443"), ("[fd00::2]:50000", "[fd00::5]:443")] {
        var fixture = try IngressFixture()
        fixture.flows.open(IngressFixture.flow(peer, pod), now: 1)
        #expect(fixture.run(peer, pod, [.syn, .ack]).reason == .reply)
        // From the verdict from now on, even when the flow falls out.
        fixture.flows.open(IngressFixture.flow(peer, "10.0.0.99:1"), now: 1)
        #expect(fixture.run(peer, pod, .ack).reason == .reply)
        #expect(fixture.trace.steps.count == 3)
        // The peer's SYN over the same ports is judged.
        #expect(fixture.run(peer, pod).reason == .deniedByPolicy)
        // Other policies change nothing about who opened the flow; another peer did not.
        try fixture.policies.apply(.setGeneration(8))
        #expect(fixture.run(peer, pod, .ack).reason == .reply)
        #expect(fixture.run(peer.dropLast() + "4", pod, .ack).reason == .deniedByPolicy)
    }
}

@Test func repliesToAClosedDestinationPass() throws {
    var fixture = try IngressFixture()
    fixture.flows.open(IngressFixture.flow("10.0.1.5:443", "10.0.0.4:50000"), now: 1)
    #expect(fixture.run("10.0.1.5:443", "10.0.0.4:50000", .ack).reason == .reply)
}

@Test func aFlowIsHandedOverWhenThePodAcceptsOne() throws {
    var fixture = try IngressFixture()
    let flow = IngressFixture.flow("10.0.1.6:443", "10.0.0.2:80")
    fixture.flows.open(flow, now: 1)
    #expect(fixture.run("10.0.1.6:443", "10.0.0.2:80", .ack).reason == .reply)
    fixture.flows.accept(flow)
    #expect(fixture.flows.opened.count == 0)
    #expect(fixture.run("10.0.1.6:443", "10.0.0.2:80", .ack).reason == .allowedByPolicy)
}

// MARK: Fragments

@Test func laterFragmentsFollowTheFirst() throws {
    for (allowed, denied, pod) in [
        ("10.0.1.6:1", "10.0.1.5:1", "10.0.0.2:80"), ("[fd00::9]:1", "[fd00::5]:1", "[fd00::2]:80"),
    ] {
        var fixture = try IngressFixture()
        #expect(fixture.run(allowed, pod, fragment: 24..<48).reason == .fragmentDropped)
        #expect(fixture.run(allowed, pod, fragment: 0..<24).reason == .allowedByPolicy)
        #expect(fixture.run(allowed, pod, fragment: 24..<48).reason == .fragmentAllowed)
        #expect(fixture.run(allowed, pod, fragment: 24..<48, 2).reason == .fragmentDropped)
        #expect(fixture.run(denied, pod, fragment: 24..<48).reason == .fragmentDropped)
        #expect(fixture.run(denied, pod, fragment: 0..<24).reason == .deniedByPolicy)
        #expect(fixture.run(denied, pod, fragment: 24..<48).reason == .fragmentDropped)
        let dropped = fixture.run(denied, pod, fragment: 24..<48)
        #expect(dropped.verdict == .drop && dropped.isReported && dropped.backendUID == 102)
        try fixture.policies.apply(.setGeneration(8))
        #expect(fixture.run(allowed, pod, fragment: 24..<48).reason == .fragmentDropped)
    }
}

@Test func aDeniedFirstFragmentTakesTheDatagramAway() throws {
    var fixture = try IngressFixture()
    #expect(fixture.run("10.0.1.6:1", "10.0.0.2:80", fragment: 0..<24).reason == .allowedByPolicy)
    #expect(fixture.run("10.0.1.6:1", "10.0.0.2:81", fragment: 0..<24).reason == .deniedByDefault)
    #expect(fixture.run("10.0.1.6:1", "10.0.0.2:80", fragment: 24..<48).reason == .fragmentDropped)
}

@Test func fragmentsToWhomNoPolicyAppliesPass() throws {
    var fixture = try IngressFixture()
    for (pod, reason) in [("10.0.0.3:80", Reason.noPolicy), ("10.9.9.9:80", .notJudged)] {
        #expect(fixture.run("10.0.1.6:1", pod, fragment: 24..<48).reason == reason)
        #expect(fixture.run("10.0.1.6:1", pod, fragment: 0..<24).reason == reason)
    }
    #expect(fixture.flows.fragments.count == 0)
    #expect(fixture.run("10.0.1.6:1", "10.0.0.4:80", fragment: 24..<48).reason == .fragmentDropped)
    // A probe's fragments are let in like any that pass.
    #expect(fixture.run(IngressFixture.probe + ":1", "10.0.0.2:80", fragment: 0..<24).reason == .nodeProbe)
    #expect(fixture.run(IngressFixture.probe + ":1", "10.0.0.2:80", fragment: 24..<48).reason == .fragmentAllowed)
}

// MARK: What is not judged, and what cannot be

@Test func otherThanTCPPasses() throws {
    var fixture = try IngressFixture()
    let builder = PacketBuilder(IngressFixture.flow("10.0.1.5:1", "10.0.0.2:80"))
    #expect(fixture.run(builder.frame(carrying: .udp, [1])).reason == .notTCP)
    #expect(fixture.run([UInt8](repeating: 0xff, count: 12) + [8, 6]).reason == .notIP)
}

@Test(
    arguments: [
        ("10.0.0.2:80", Reason.malformedDropped, 102), ("10.0.0.3:80", .malformedPassed, 103),
        ("10.0.0.4:80", .malformedDropped, 104), ("10.9.9.9:80", .malformedPassed, 0),
        ("10.0.0.8:80", .malformedDropped, 0), ("10.0.0.14:80", .malformedDropped, 0),
    ] as [(String, Reason, ResourceID)])
func whatCannotBeParsedIsDroppedWherePoliciesMayApply(
    _ destination: String, _ reason: Reason, _ backend: ResourceID
) throws {
    var fixture = try IngressFixture()
    let frame = PacketBuilder(IngressFixture.flow("10.0.1.6:1", destination)).frame
    let decision = fixture.run(Array(frame.dropLast()))
    #expect(decision.reason == reason && decision.backendUID == backend)
    #expect(decision.verdict == (reason == .malformedDropped ? .drop : .pass))
    #expect(decision.isReported == (reason == .malformedDropped))
    #expect(fixture.run(Array(frame.prefix(33))).reason == .malformedDropped)
}

// MARK: Reports and traces

@Test func aSecondHasSoManyReports() throws {
    var fixture = try IngressFixture()
    fixture.hook = XDPIngress(probeSources: [], denialsPerSecond: 2)
    // The dry run and the denial are one each.
    #expect(fixture.run("10.0.1.6:1", "10.0.0.6:80").counted == [.deniedByDefault, .dryRunAllows])
    let third = fixture.run("10.0.1.5:1", "10.0.0.2:80")
    #expect(!third.isReported && third.counted == [.deniedByPolicy, .denialUnreported])
    #expect(fixture.run("10.0.1.6:1", "10.0.0.5:80").counted == [.allowedByDefault, .dryRunDenies, .denialUnreported])
    fixture.now += 1_000_000_000
    #expect(fixture.run("10.0.1.5:1", "10.0.0.2:80").counted == [.deniedByPolicy])
}

@Test func aTraceNamesWhatLedToTheDecision() throws {
    var fixture = try IngressFixture()
    _ = fixture.run("10.0.1.5:1", "10.0.0.2:80", .ack)
    let names = fixture.trace.steps.map { step -> String in
        guard case .ingress(let step) = step else {
            if case .rule(let reason) = step { return reason.rawValue }
            return "?"
        }
        return switch step {
        case .packet: "packet"
        case .verdict(let cached, let generation): "verdict \(cached == nil) \(generation)"
        case .destination(_, let found): "destination \(found?.slot ?? 0)"
        case .view(let slot, _): "view \(slot.view) of \(slot.backend_uid)"
        case .openedFlow(let found): "flow \(found)"
        case .fragment: "fragment"
        case .identity(_, let found): "identity \(found?.identity ?? 0)"
        case .upstream, .userSpace, .recording: "not a step of this hook"
        case .alternative(let number, let rule): "alternative \(number) of \(rule?.policy_id ?? 0)"
        }
    }
    #expect(
        names == [
            "packet", "verdict true 7", "destination 1", "view 1 of 102", "flow false", "identity 5",
            "alternative 0 of 900", "deniedByPolicy",
        ])
}
