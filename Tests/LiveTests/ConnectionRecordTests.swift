import KernelABI
import Live
import Model
import Testing

@Test func aReportIsReadFromItsBytes() throws {
    let record = try #require(ConnectionRecord(bytes: bytes(sampleReport())))
    #expect(
        record
            == ConnectionRecord(
                direction: .outbound, source: SocketAddress(.v4(0x0A00_0001), port: 40000),
                destination: SocketAddress(.v4(0x0A00_0002), port: 5432),
                originalDestination: SocketAddress(.v4(0x0A60_0001), port: 543), sentBytes: 10, receivedBytes: 20,
                state: 7, startNanoseconds: 1_000_000_000, durationNanoseconds: 500_000_000,
                reportNanoseconds: 1_500_000_000, smoothedRTTEighths: 800, minimumRTTMicroseconds: 90,
                retransmissions: 2, lostSegments: 1))
    #expect(ConnectionRecord(bytes: Array(bytes(sampleReport()).dropLast())) == nil)
    #expect(ConnectionRecord(bytes: []) == nil)
    var bad = sampleReport()
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
    var report = sampleReport()
    report.tcp_state = number
    #expect(try #require(ConnectionRecord(report)).stateName == name)
}
