import Model
import Sim
import Testing

/// A connect in hand-written maps, and what both presets do.
struct ConnectCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var destination = "10.96.0.1:80"
    var upstream: Expected
    var hardened: Expected
    var maps: @Sendable (inout HookFixture) throws -> Void

    struct Expected: Hashable, Sendable {
        var verdict: ConnectDecision.Verdict
        var destination: String
        var reason: Reason

        init(_ verdict: ConnectDecision.Verdict, _ destination: String, _ reason: Reason) {
            self.verdict = verdict
            self.destination = destination
            self.reason = reason
        }
    }
}

private let connectCases: [ConnectCase] = [
    ConnectCase(
        testDescription: "nothing owns the address",
        upstream: .init(.leave, "10.96.0.1:80", .noFrontend), hardened: .init(.leave, "10.96.0.1:80", .noFrontend)
    ) { _ in },
    ConnectCase(
        testDescription: "an endpoint at the target port",
        upstream: .init(.rewrite, "10.0.0.1:8080", .loadBalanced),
        hardened: .init(.rewrite, "10.0.0.1:8080", .loadBalanced)
    ) { try $0.oneService(["10.0.0.1"]) },
    ConnectCase(
        testDescription: "H1: random without an endpoint",
        upstream: .init(.leave, "10.96.0.1:80", .randomEmpty), hardened: .init(.refuse, "10.96.0.1:80", .randomEmpty)
    ) { try $0.oneService([]) },
    ConnectCase(
        testDescription: "H1: strict without a local endpoint",
        upstream: .init(.leave, "10.96.0.1:80", .noEndpoint), hardened: .init(.refuse, "10.96.0.1:80", .noEndpoint)
    ) {
        try $0.frontend("10.96.0.1", 1)
        try $0.service(1, counts: [0, 1], policy: 1)
        try $0.endpoint(1, 1, 1, 101)
        try $0.backend(101, "10.0.0.1")
    },
    ConnectCase(
        testDescription: "H2: the only slot is empty",
        upstream: .init(.leave, "10.96.0.1:80", .endpointMissing),
        hardened: .init(.refuse, "10.96.0.1:80", .noUsableEndpoint)
    ) {
        try $0.frontend("10.96.0.1", 1)
        try $0.service(1, counts: [1])
    },
    ConnectCase(
        testDescription: "H2: failover goes on behind a hole",
        upstream: .init(.leave, "10.96.0.1:80", .endpointMissing),
        hardened: .init(.rewrite, "10.0.0.2:8080", .loadBalanced)
    ) {
        try $0.frontend("10.96.0.1", 1)
        try $0.service(1, counts: [1, 1], policy: 2)
        try $0.endpoint(1, 1, 1, 102)
        try $0.backend(102, "10.0.0.2")
    },
    ConnectCase(
        testDescription: "H3: a port that is not listed", destination: "10.96.0.1:81",
        upstream: .init(.leave, "10.96.0.1:81", .portNotListed),
        hardened: .init(.refuse, "10.96.0.1:81", .portNotListed)
    ) { try $0.oneService(["10.0.0.1"]) },
    ConnectCase(
        testDescription: "H4: an IPv6 waypoint that starts with zeros", destination: "[fd00::1]:80",
        upstream: .init(.rewrite, "[fd00::11]:8080", .loadBalanced),
        hardened: .init(.rewrite, "[::5]:15008", .noFrontend)
    ) {
        try $0.frontend("fd00::1", 1)
        try $0.service(1, counts: [1], waypoint: "[::5]:15008")
        try $0.endpoint(1, 0, 1, 101)
        try $0.backend(101, "fd00::11")
    },
    ConnectCase(
        testDescription: "H4: a backend's waypoint without an address",
        upstream: .init(.rewrite, "0.0.0.0:15008", .noFrontend),
        hardened: .init(.rewrite, "10.0.0.1:8080", .loadBalanced)
    ) {
        try $0.oneService([])
        try $0.service(1, counts: [1])
        try $0.endpoint(1, 0, 1, 101)
        try $0.backend(101, "10.0.0.1", waypoint: "0.0.0.0:15008")
    },
    ConnectCase(
        testDescription: "H13: an IPv6 backend behind an IPv4 virtual IP",
        upstream: .init(.rewrite, "253.0.0.0:8080", .loadBalanced),
        hardened: .init(.refuse, "10.96.0.1:80", .noUsableEndpoint)
    ) { try $0.oneService(["fd00::11"]) },
    ConnectCase(
        testDescription: "H13: the next endpoint of the right family", destination: "[::ffff:10.96.0.1]:80",
        upstream: .init(.rewrite, "[::ffff:253.0.0.0]:8080", .loadBalanced),
        hardened: .init(.rewrite, "[::ffff:10.0.0.2]:8080", .loadBalanced)
    ) {
        try $0.oneService(["fd00::11", "10.0.0.2"])
        // The first draw of this seed takes the first of two.
        $0.generator = SplitMix64(seed: 1)
    },
    ConnectCase(
        testDescription: "a workload's address stays", destination: "10.0.0.1:9",
        upstream: .init(.leave, "10.0.0.1:9", .workloadDirect), hardened: .init(.leave, "10.0.0.1:9", .workloadDirect)
    ) {
        try $0.frontend("10.0.0.1", 101)
        try $0.backend(101, "10.0.0.1")
    },
    ConnectCase(
        testDescription: "through a waypoint's service to its pod",
        upstream: .init(.rewrite, "10.0.0.9:15019", .loadBalanced),
        hardened: .init(.rewrite, "10.0.0.9:15019", .loadBalanced)
    ) {
        try $0.oneService(["10.0.0.1"])
        try $0.service(1, counts: [1], waypoint: "10.96.0.9:15008")
        try $0.frontend("10.96.0.9", 9)
        try $0.service(9, counts: [1], ports: [(15008, 15019)])
        try $0.endpoint(9, 0, 1, 109)
        try $0.backend(109, "10.0.0.9")
    },
    ConnectCase(
        testDescription: "waypoints that lead to each other end at the tail call limit",
        upstream: .init(.rewrite, "10.96.0.1:15008", .tailCallLimit),
        hardened: .init(.rewrite, "10.96.0.1:15008", .tailCallLimit)
    ) {
        try $0.frontend("10.96.0.1", 1)
        try $0.frontend("10.96.0.2", 2)
        try $0.service(1, counts: [0], waypoint: "10.96.0.2:15008")
        try $0.service(2, counts: [0], waypoint: "10.96.0.1:15008")
    },
    ConnectCase(
        testDescription: "H16: the control address", destination: "0.0.0.2:930",
        upstream: .init(.leave, "0.0.0.2:930", .controlRelease), hardened: .init(.leave, "0.0.0.2:930", .noFrontend)
    ) { _ in },
    ConnectCase(
        testDescription: "an unknown load balancing policy",
        upstream: .init(.leave, "10.96.0.1:80", .unknownPolicy),
        hardened: .init(.refuse, "10.96.0.1:80", .unknownPolicy)
    ) {
        try $0.frontend("10.96.0.1", 1)
        try $0.service(1, counts: [1], policy: 9)
    },
    ConnectCase(
        testDescription: "passthrough leaves the destination alone",
        upstream: .init(.leave, "10.96.0.1:80", .passthrough), hardened: .init(.leave, "10.96.0.1:80", .passthrough)
    ) {
        try $0.frontend("10.96.0.1", 1)
        try $0.service(1, counts: [1], policy: 3)
    },
]

@Test(arguments: connectCases, Preset.allCases)
func connectsAsThePresetSays(_ c: ConnectCase, _ preset: Preset) throws {
    var fixture = HookFixture(preset)
    try c.maps(&fixture)
    let decision = fixture.connect(c.destination)
    let expected = preset == .upstream ? c.upstream : c.hardened
    #expect(
        ConnectCase.Expected(decision.verdict, "\(decision.destination)", decision.reason) == expected)
}

@Test(arguments: Preset.allCases)
func anUnmanagedCallerIsLeftAloneWithoutATrace(_ preset: Preset) throws {
    var fixture = HookFixture(preset, managed: false)
    try fixture.oneService(["10.0.0.1"])
    #expect(fixture.connect("10.96.0.1:80").reason == .notManaged)
    #expect(fixture.storage == nil)
}

@Test func theFirstOriginalDestinationStaysUpstreamAndIsSetAnewWhenHardened() throws {
    for preset in Preset.allCases {
        var fixture = HookFixture(preset)
        try fixture.oneService(["10.0.0.1"])
        try fixture.frontend("10.96.0.2", 2)
        try fixture.service(2, counts: [1], waypoint: "10.0.0.50:15008")
        _ = fixture.connect("10.96.0.2:80")
        #expect(fixture.storage?.via_waypoint == 1)
        _ = fixture.connect("10.96.0.1:80")
        let kept = fixture.storage?.originalDestination(.v4)
        #expect(kept == socketAddress(preset == .upstream ? "10.96.0.2:80" : "10.96.0.1:80"))
        #expect(fixture.storage?.via_waypoint == (preset == .upstream ? 1 : 0))
    }
}

@Test func dnsGoesToTheProxyFromIPv4SocketsOnly() throws {
    for preset in Preset.allCases {
        var fixture = HookFixture(preset)
        #expect(fixture.connect("10.96.0.10:53", isTCP: false).reason == .dnsNoProxy)
        try fixture.backend(0, "127.0.0.53")
        for isTCP in [false, true] {
            fixture.storage = nil
            let decision = fixture.connect("10.96.0.10:53", isTCP: isTCP)
            #expect(decision.destination == socketAddress("127.0.0.53:53"))
            #expect(fixture.storage?.originalDestination(.v4) == socketAddress("10.96.0.10:53"))
        }
        #expect(fixture.connect("[::ffff:10.96.0.10]:53").reason == .noFrontend)
    }
}

@Test func everyDecisionCarriesItsSteps() throws {
    var fixture = HookFixture(.hardened)
    try fixture.oneService(["10.0.0.1"])
    _ = fixture.connect("10.96.0.1:80")
    let kinds = fixture.trace.steps.map { String("\($0)".prefix { $0 != "(" }) }
    #expect(kinds == ["pass", "manage", "frontend", "service", "draw", "endpoint", "backend", "rule"])
}

@Test func oneDrawAPickAndNoneWithoutEndpoints() throws {
    var fixture = HookFixture(.hardened)
    try fixture.oneService([])
    _ = fixture.connect("10.96.0.1:80")
    #expect(fixture.generator == SplitMix64(seed: 1))
    var empty = HookFixture(.hardened)
    try empty.frontend("10.96.0.1", 1)
    try empty.service(1, counts: [3, 3, 3], policy: 2)
    _ = empty.connect("10.96.0.1:80")
    var once = SplitMix64(seed: 1)
    _ = once.draw()
    #expect(empty.generator == once, "every slot is empty, and still only one number is drawn")
}

@Test(arguments: connectCases, Preset.allCases)
func anOptionIsNamedExactlyWhereThePresetsDiffer(_ c: ConnectCase, _ preset: Preset) throws {
    var fixture = HookFixture(preset)
    try c.maps(&fixture)
    _ = fixture.connect(c.destination)
    let options = fixture.trace.steps.compactMap { step in
        if case .option(let option) = step { option } else { nil }
    }
    #expect(options.isEmpty == (c.upstream == c.hardened), "\(options)")
}

@Test func aSecondFamilyIsSteppedOverAlsoWhereMissingEntriesAreNot() throws {
    var fixture = HookFixture(.hardened)
    fixture.options.missingEntry = .giveUp
    try fixture.oneService(["fd00::11", "fd00::12", "10.0.0.3"])
    for _ in 0..<20 {
        #expect(fixture.connect("10.96.0.1:80").destination == socketAddress("10.0.0.3:8080"))
    }
}

@Test func portZeroIsFoundInAFreePlaceUpstreamOnly() throws {
    for preset in Preset.allCases {
        var fixture = HookFixture(preset)
        try fixture.oneService(["10.0.0.1"])
        #expect(fixture.connect("10.96.0.1:0").verdict == (preset == .upstream ? .rewrite : .refuse))
    }
}

@Test func aProxyOfTheOtherFamilyIsNoneWhereFamiliesAreToldApart() throws {
    for preset in Preset.allCases {
        var fixture = HookFixture(preset)
        try fixture.backend(0, "fd00::53")
        let decision = fixture.connect("10.96.0.10:53", isTCP: false)
        #expect(decision.reason == (preset == .upstream ? .dnsRedirected : .dnsNoProxy))
    }
}
