import KernelABI
import Live
import Model
import Testing

private let clock = BootClock(boot: WallTime(nanoseconds: 1_795_251_600_000_000_000))

private var names: NameLookup {
    NameLookup(
        workload: { address in
            switch address {
            case .v4(0x0A00_0001): WorkloadNames(name: "web-0", namespace: "shop", owner: "web")
            case .v4(0x0A00_0002):
                WorkloadNames(
                    name: "db-0", namespace: "data", services: [ServiceName(namespace: "data", hostname: "db.data.svc")]
                )
            default: nil
            }
        },
        service: { $0 == .v4(0x0A60_0001) ? ServiceName(namespace: "data", hostname: "db.data.svc") : nil },
        pod: { $0 == 5 ? "shop/web-0" : nil })
}

/// The bytes of a C structure.
private func bytes<Layout>(_ value: Layout) -> [UInt8] {
    // In bounds: the buffer covers exactly the value.
    unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
}

private func report() -> km_connection_report {
    var report = km_connection_report()
    report.tuple.ipv4 = km_tuple4(
        saddr: UInt32(0x0A00_0001).bigEndian, daddr: UInt32(0x0A00_0002).bigEndian, sport: 40000, dport: 5432)
    report.original_dst.addr = MapAddress(.v4(0x0A60_0001))
    report.original_dst.port = 543
    (report.sent_bytes, report.received_bytes, report.connected) = (10, 20, 1)
    (report.direction, report.tcp_state) = (2, 7)
    (report.start_ns, report.duration_ns, report.last_report_ns) = (1_000_000_000, 500_000_000, 1_500_000_000)
    (report.smoothed_rtt, report.minimum_rtt, report.retransmissions, report.lost) = (800, 90, 2, 1)
    return report
}

@Test func aReportIsReadFromItsBytes() throws {
    let record = try #require(ConnectionRecord(bytes: bytes(report())))
    #expect(
        record
            == ConnectionRecord(
                direction: .outbound, source: SocketAddress(.v4(0x0A00_0001), port: 40000),
                destination: SocketAddress(.v4(0x0A00_0002), port: 5432),
                originalDestination: SocketAddress(.v4(0x0A60_0001), port: 543), sentBytes: 10, receivedBytes: 20,
                state: 7, startNanoseconds: 1_000_000_000, durationNanoseconds: 500_000_000,
                reportNanoseconds: 1_500_000_000, smoothedRTTEighths: 800, minimumRTTMicroseconds: 90,
                retransmissions: 2, lostSegments: 1))
    #expect(ConnectionRecord(bytes: Array(bytes(report()).dropLast())) == nil)
    #expect(ConnectionRecord(bytes: []) == nil)
    var bad = report()
    bad.direction = 3
    #expect(ConnectionRecord(bytes: bytes(bad)) == nil)
}

@Test func anIPv6ReportOfAMappedAddressNamesTheIPv4One() throws {
    var report = km_connection_report()
    report.type = 1
    report.direction = 1
    report.tuple.ipv6 = km_tuple6(
        saddr: MapAddress(IPAddress.v4(0x0A00_0001).mapped).word,
        daddr: MapAddress(.v6(high: 0xfd00 << 48, low: 2)).word, sport: 1, dport: 2)
    let record = try #require(ConnectionRecord(bytes: bytes(report)))
    #expect(record.source.description == "10.0.0.1:1")
    #expect(record.destination.description == "[fd00::2]:2")
    #expect(record.originalDestination == nil)
    #expect(record.direction == .inbound)
}

@Test(arguments: [(1, "established"), (2, "synSent"), (7, "closed"), (12, "newSynReceived"), (0, "0"), (13, "13")])
func statesHaveNames(_ number: UInt32, name: String) throws {
    var report = report()
    report.tcp_state = number
    #expect(try #require(ConnectionRecord(report)).stateName == name)
}

@Test func aReportIsALineOfJSON() throws {
    let record = try #require(ConnectionRecord(report()))
    let line = ConnectionReportLine.json(record, ConnectionPeers(of: record, names), clock: clock)
    #expect(
        line
            == #"{"time":"2026-11-21T09:00:01.500Z","type":"connection","direction":"outbound","state":"closed","#
            + #""connected":true,"source":{"address":"10.0.0.1:40000","workload":"web-0","namespace":"shop"},"#
            + #""destination":{"address":"10.0.0.2:5432","workload":"db-0","namespace":"data"},"#
            + #""originalDestination":"10.96.0.1:543","service":"data/db.data.svc","#
            + #""startTime":"2026-11-21T09:00:01.000Z","durationNanoseconds":500000000,"sentBytes":10,"#
            + #""receivedBytes":20,"smoothedRTTMicroseconds":100,"minimumRTTMicroseconds":90,"retransmissions":2,"#
            + #""lostSegments":1}"#)
}

@Test func aClosedConnectionIsALineOfTheAccessLog() throws {
    var record = try #require(ConnectionRecord(report()))
    #expect(
        AccessLogLine.json(record, ConnectionPeers(of: record, names), clock: clock)
            == #"{"time":"2026-11-21T09:00:01.500Z","type":"access","start_time":"2026-11-21T09:00:01.000Z","#
            + #""duration_ns":500000000,"src.addr":"10.0.0.1:40000","src.workload":"web-0","src.namespace":"shop","#
            + #""dst.addr":"10.0.0.2:5432","dst.workload":"db-0","dst.namespace":"data","dst.service":"db.data.svc","#
            + #""original_dst.addr":"10.96.0.1:543","direction":"outbound","state":"closed","connected":true,"#
            + #""sent_bytes":10,"received_bytes":20,"retransmissions":2,"srtt_us":100,"min_rtt_us":90}"#)
    #expect(
        AccessLogLine.json(record, ConnectionPeers(), clock: clock)?.contains(#""dst.workload":null"#) == true)
    record.state = 1
    #expect(AccessLogLine.json(record, ConnectionPeers(), clock: clock) == nil)
}

@Test func aConnectionToAWorkloadItselfHasTheWorkloadsOnlyService() throws {
    var record = try #require(ConnectionRecord(report()))
    record.originalDestination = nil
    #expect(ConnectionPeers(of: record, names).service?.description == "data/db.data.svc")
    record.destination = SocketAddress(.v4(0x0909_0909), port: 1)
    #expect(ConnectionPeers(of: record, names).service == nil)
}

private func event() -> km_event {
    var event = km_event()
    (event.time_ns, event.netns_cookie, event.socket_cookie) = (123_000_000, 5, 77)
    (event.hook, event.reason) = (UInt8(KM_HOOK_CONNECT4.rawValue), UInt8(KM_REASON_LOAD_BALANCED.rawValue))
    (event.before, event.before_port) = (MapAddress(.v4(0x0A60_0001)), 543)
    (event.after, event.after_port) = (MapAddress(.v4(0x0A00_0002)), 5432)
    return event
}

@Test func anEventIsALineOfJSONOrText() throws {
    let record = try #require(EventRecord(bytes: bytes(event())))
    #expect(
        EventLine.text(record, names, clock: clock)
            == "2026-11-21T09:00:00.123Z connect4 loadBalanced shop/web-0 10.96.0.1:543 (data/db.data.svc)"
            + " → 10.0.0.2:5432 (data/db-0)")
    #expect(
        EventLine.json(record, names, clock: clock)
            == #"{"time":"2026-11-21T09:00:00.123Z","type":"event","hook":"connect4","reason":"loadBalanced","#
            + #""pod":"shop/web-0","from":{"address":"10.96.0.1:543","service":"data/db.data.svc","workload":null},"#
            + #""to":{"address":"10.0.0.2:5432","service":null,"workload":"data/db-0"},"#
            + #""netnsCookie":5,"socketCookie":77}"#)
    #expect(EventRecord(bytes: bytes(event()) + [0]) == nil)
}

@Test func whatIsNotKnownOfAnEventShowsAsItIs() {
    var event = event()
    (event.hook, event.reason, event.netns_cookie, event.socket_cookie) = (200, 201, 9, 0)
    event.is_ipv6 = 1
    event.before = MapAddress(.v6(high: 0xfd00 << 48, low: 1))
    (event.after, event.after_port) = (event.before, event.before_port)
    var record = EventRecord(event)
    #expect(
        EventLine.text(record, NameLookup(), clock: clock) == "2026-11-21T09:00:00.123Z 200 201 netns:9 [fd00::1]:543")
    record.netnsCookie = nil
    #expect(EventLine.text(record, NameLookup(), clock: clock).contains(" 201 - [fd00::1]:543"))
    #expect(EventLine.json(record, NameLookup(), clock: clock).contains(#""pod":null"#))
    #expect(EventLine.json(record, NameLookup(), clock: clock).contains(#""socketCookie":null"#))
}

@Test func everyHookAndReasonOfTheKernelHasItsName() {
    #expect(Int(KM_HOOK_COUNT.rawValue) == Hook.allCases.count)
    #expect(Int(KM_REASON_COUNT.rawValue) == Reason.allCases.count)
}

@Test func aTimeSinceBootIsATimeOfTheWallClock() {
    let now = WallTime.now()
    let converted = BootClock.now().wallTime(of: BootClock.sinceBootNanoseconds())
    #expect(abs(converted.nanoseconds - now.nanoseconds) < 10_000_000_000)
    #expect(clock.wallTime(of: .max).nanoseconds == .max)
}
