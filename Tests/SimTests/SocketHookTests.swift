import Model
import Sim
import Testing

private let client = socketAddress("10.0.0.1:40000")
private let server = socketAddress("10.0.0.2:8080")

private func sockOps(_ preset: Preset, isMonitoring: Bool = true) -> SockOps {
    SockOps(
        options: DataplaneOptions(preset), probeSources: [.v4(0xC0A8_000B)], isMonitoring: isMonitoring)
}

@Test func aManagedAddressCountsUpstreamAndTheRecordOfConnectWhenHardened() throws {
    // H14: the cookie alone is managed.
    for preset in Preset.allCases {
        var fixture = HookFixture(preset)
        try fixture.oneService(["10.0.0.2"])
        try fixture.service(1, counts: [1], waypoint: "10.0.0.2:8080")
        _ = fixture.connect("10.96.0.1:80")
        let connection = Connection(local: client, remote: server, cookie: HookFixture.cookie)
        let decision = sockOps(preset).run(
            .activeEstablished, connection, maps: &fixture.maps, storage: &fixture.storage, now: 9,
            recorder: &fixture.trace)
        #expect(decision.reason == (preset == .upstream ? .notManaged : .activeEstablished))
        #expect(decision.entersSockHash == (preset == .hardened))
    }
}

@Test func anOutboundReportNeedsStorageAndMonitoring() {
    for (isMonitoring, hasStorage, isReported) in [(true, true, true), (true, false, false), (false, true, false)] {
        var fixture = HookFixture(.upstream)
        fixture.maps.manage(ManageKey(client.address))
        if hasStorage { _ = fixture.connect("10.96.0.1:80", now: 3) }
        let connection = Connection(local: client, remote: server, cookie: HookFixture.cookie)
        let decision = sockOps(.upstream, isMonitoring: isMonitoring).run(
            .activeEstablished, connection, maps: &fixture.maps, storage: &fixture.storage, now: 10,
            recorder: &fixture.trace)
        #expect((decision.report != nil) == isReported)
        if let report = decision.report { #expect(report.durationNanoseconds == 7) }
    }
}

@Test func aPassiveConnectionIsReportedAndAskedAboutUnlessTheNodeProbes() {
    for preset in Preset.allCases {
        var fixture = HookFixture(preset)
        fixture.maps.manage(ManageKey(server.address))
        for (peer, reason) in [("10.0.0.1:40000", Reason.passiveEstablished), ("192.168.0.11:40000", .nodeProbe)] {
            var storage: SocketStorage?
            let connection = Connection(
                local: server, remote: socketAddress(peer), cookie: HookFixture.cookie)
            let decision = sockOps(preset).run(
                .passiveEstablished, connection, maps: &fixture.maps, storage: &storage, now: 9,
                recorder: &fixture.trace)
            #expect(decision.reason == reason)
            #expect(decision.authorizationRequest == (reason == .nodeProbe ? [] : [socketAddress(peer), server]))
            #expect(decision.report?.source == (reason == .nodeProbe ? nil : socketAddress(peer)))
        }
    }
}

@Test func theControlAddressManagesTheSocketsAddressWhereItIsHonoured() {
    for preset in Preset.allCases {
        var fixture = HookFixture(preset)
        let connection = Connection(local: client, remote: socketAddress("0.0.0.2:929"), cookie: HookFixture.cookie)
        let decision = sockOps(preset).run(
            .connect, connection, maps: &fixture.maps, storage: &fixture.storage, now: 1, recorder: &fixture.trace)
        #expect(decision.reason == (preset == .upstream ? .controlManageAddress : .none))
        #expect((fixture.maps.managed(ManageKey(client.address)) != nil) == (preset == .upstream))
    }
}

// MARK: sk_msg

@Test(arguments: [
    ("10.96.0.1:80", "01000000060a6000010050fe00000000"),
    ("[fd00::1]:80", "0100000012fd0000000000000000000000000000010050fe00000000"),
    ("[::ffff:10.96.0.1]:80", "010000001200000000000000000000ffff0a6000010050fe00000000"),
])
func theHeaderHoldsTheOriginalDestination(_ destination: String, _ expected: String) {
    let bytes = SkMsg.header(socketAddress(destination))
    #expect(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected)
}

@Test func theHeaderIsSentOnce() {
    for preset in Preset.allCases {
        var storage: SocketStorage? = SocketStorage()
        storage?.remember(socketAddress("10.96.0.1:80"))
        storage?.via_waypoint = 1
        var trace = Trace()
        let hook = SkMsg(options: DataplaneOptions(preset))
        #expect(hook.run(family: .v4, storage: &storage, recorder: &trace).header.count == 16)
        #expect(hook.run(family: .v4, storage: &storage, recorder: &trace).reason == .tlvNotNeeded)
    }
}

@Test func aHeaderThatCouldNotBePutIsTriedAgainOnlyWhenHardened() {
    // H11.
    for preset in Preset.allCases {
        var storage: SocketStorage? = SocketStorage()
        storage?.remember(socketAddress("10.96.0.1:80"))
        storage?.via_waypoint = 1
        var trace = Trace()
        let hook = SkMsg(options: DataplaneOptions(preset))
        let failed = hook.run(family: .v4, storage: &storage, canPush: false, recorder: &trace)
        #expect(failed.reason == .tlvPushFailed)
        let next = hook.run(family: .v4, storage: &storage, recorder: &trace)
        #expect(next.reason == (preset == .upstream ? .tlvNotNeeded : .tlvPushed))
    }
}

// MARK: DNS

@Test func dnsRepliesShowTheServerThatWasAsked() throws {
    // H15: upstream rewrites everything from port 53.
    let rows: [(source: String, upstream: String, hardened: String)] = [
        ("127.0.0.53:53", "10.96.0.10:53", "10.96.0.10:53"),
        ("8.8.8.8:53", "10.96.0.10:53", "8.8.8.8:53"),
        ("8.8.8.8:54", "8.8.8.8:54", "8.8.8.8:54"),
    ]
    for preset in Preset.allCases {
        var fixture = HookFixture(preset)
        try fixture.backend(0, "127.0.0.53")
        let options = DataplaneOptions(preset)
        let question = SocketCall(
            cookie: HookFixture.cookie, destination: socketAddress("10.96.0.10:53"), isTCP: false, now: 1)
        let sent = SendMsg4(options: options).run(
            question, maps: &fixture.maps, storage: &fixture.storage, recorder: &fixture.trace)
        #expect(sent.address == socketAddress("127.0.0.53:53"))
        for row in rows {
            let call = SocketCall(
                cookie: HookFixture.cookie, destination: socketAddress(row.source), isTCP: false, now: 1)
            let received = RecvMsg4(options: options).run(
                call, maps: &fixture.maps, storage: fixture.storage, recorder: &fixture.trace)
            #expect(received.address == socketAddress(preset == .upstream ? row.upstream : row.hardened))
        }
    }
}

// MARK: cgroup_skb

@Test func aLongConnectionIsReportedEveryFiveSeconds() {
    for preset in Preset.allCases {
        var fixture = HookFixture(preset)
        fixture.maps.manage(ManageKey(client.address))
        _ = fixture.connect("10.96.0.1:80", now: 1)
        let connection = Connection(local: client, remote: server, cookie: HookFixture.cookie)
        _ = sockOps(preset).run(
            .activeEstablished, connection, maps: &fixture.maps, storage: &fixture.storage, now: 10,
            recorder: &fixture.trace)
        let hook = CgroupSkb(options: DataplaneOptions(preset))
        for (now, isDue) in [(5_000_000_009, false), (5_000_000_010, true), (10_000_000_009, false)] as [(UInt64, Bool)]
        {
            let decision = hook.run(
                connection, maps: &fixture.maps, storage: &fixture.storage, now: now, recorder: &fixture.trace)
            #expect((decision.report != nil) == isDue, "at \(now)")
        }
    }
}

@Test func aConnectToTheDNSProxyCountsAsManagedToo() throws {
    // H14: connect records the original destination before it stamps the time.
    var fixture = HookFixture(.hardened)
    try fixture.backend(0, "127.0.0.53")
    _ = fixture.connect("10.96.0.10:53")
    let connection = Connection(local: client, remote: socketAddress("127.0.0.53:53"), cookie: HookFixture.cookie)
    let decision = sockOps(.hardened).run(
        .activeEstablished, connection, maps: &fixture.maps, storage: &fixture.storage, now: 9,
        recorder: &fixture.trace)
    #expect(decision.reason == .activeEstablished)
}

@Test func aReplyGoesByTheLatestQuestionWhateverConnectsRemember() throws {
    var fixture = HookFixture(.hardened)
    fixture.options.originalDestination = .firstConnect
    try fixture.backend(0, "127.0.0.53")
    for server in ["10.96.0.10:53", "10.96.0.11:53"] {
        let call = SocketCall(
            cookie: HookFixture.cookie, destination: socketAddress(server), isTCP: false, now: 1)
        _ = SendMsg4(options: fixture.options).run(
            call, maps: &fixture.maps, storage: &fixture.storage, recorder: &fixture.trace)
    }
    let reply = SocketCall(
        cookie: HookFixture.cookie, destination: socketAddress("127.0.0.53:53"), isTCP: false, now: 1)
    let received = RecvMsg4(options: fixture.options).run(
        reply, maps: &fixture.maps, storage: fixture.storage, recorder: &fixture.trace)
    #expect(received.address == socketAddress("10.96.0.11:53"))
}

@Test func aCloseIsReportedAndForgetsTheVerdict() {
    for preset in Preset.allCases {
        var fixture = HookFixture(preset)
        _ = fixture.connect("10.96.0.1:80", now: 3)
        let connection = Connection(local: client, remote: server, cookie: HookFixture.cookie, sentBytes: 7)
        let decision = sockOps(preset).run(
            .close, connection, maps: &fixture.maps, storage: &fixture.storage, now: 9, recorder: &fixture.trace)
        #expect(decision.reason == .closed && decision.forgetsVerdict)
        #expect(decision.report?.state == .close && decision.report?.sentBytes == 7)
    }
}

@Test(arguments: [
    ("10.0.0.1:40000", "10.0.0.2:8080", "10.0.0.2:8080", "10.0.0.1:40000"),
    ("[::ffff:10.0.0.1]:40000", "[::ffff:10.0.0.2]:8080", "10.0.0.2:8080", "10.0.0.1:40000"),
    ("[fd00::1]:40000", "[fd00::2]:8080", "[fd00::2]:8080", "[fd00::1]:40000"),
])
func aFlowThatAPodOpensIsRecordedAsItsRepliesHaveIt(
    _ local: String, _ remote: String, _ source: String, _ destination: String
) {
    for (preset, managed) in [(Preset.hardened, true), (.hardened, false), (.upstream, true)] {
        var fixture = HookFixture(preset, managed: managed)
        let connection = Connection(
            local: socketAddress(local), remote: socketAddress(remote), cookie: HookFixture.cookie)
        for event in [SockOps.Event.connect, .activeEstablished, .passiveEstablished, .close] {
            let decision = sockOps(preset).run(
                event, connection, maps: &fixture.maps, storage: &fixture.storage, now: 1, recorder: &fixture.trace)
            let isRecorded = event == .connect && preset == .hardened && managed
            let replies = PacketFlow(source: socketAddress(source), destination: socketAddress(destination))
            #expect(decision.openedReplies == (isRecorded ? replies : nil), "\(preset) \(managed) \(event)")
        }
    }
}
