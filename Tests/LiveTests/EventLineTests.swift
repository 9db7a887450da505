import KernelABI
import Live
import Model
import Testing

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
        EventLine.text(record, reportNames, clock: reportClock)
            == "2026-11-21T09:00:00.123Z connect4 loadBalanced shop/web-0 10.96.0.1:543 (data/db.data.svc)"
            + " → 10.0.0.2:5432 (data/db-0)")
    #expect(
        EventLine.json(record, reportNames, clock: reportClock)
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
        EventLine.text(record, NameLookup(), clock: reportClock)
            == "2026-11-21T09:00:00.123Z 200 201 netns:9 [fd00::1]:543")
    record.netnsCookie = nil
    #expect(EventLine.text(record, NameLookup(), clock: reportClock).contains(" 201 - [fd00::1]:543"))
    #expect(EventLine.json(record, NameLookup(), clock: reportClock).contains(#""pod":null"#))
    #expect(EventLine.json(record, NameLookup(), clock: reportClock).contains(#""socketCookie":null"#))
}

@Test func everyHookAndReasonOfTheKernelHasItsName() {
    #expect(Int(KM_HOOK_COUNT.rawValue) == Hook.allCases.count)
    #expect(Int(KM_REASON_COUNT.rawValue) == Reason.allCases.count)
}
