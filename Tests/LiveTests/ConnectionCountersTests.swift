import Live
import Model
import Testing

/// A report of a connection from a port of 10.0.0.1.
private func record(
    _ port: UInt16, at time: UInt64, start: UInt64 = 100, sent: UInt32 = 0, received: UInt32 = 0,
    retransmissions: UInt32 = 0,
    state: UInt32 = 1, isConnected: Bool = true
) -> ConnectionRecord {
    ConnectionRecord(
        direction: .outbound, source: SocketAddress(.v4(0x0A00_0001), port: port),
        destination: SocketAddress(.v4(0x0A00_0002), port: 80), sentBytes: sent, receivedBytes: received,
        isConnected: isConnected, state: state, startNanoseconds: start, durationNanoseconds: time - start,
        reportNanoseconds: time, retransmissions: retransmissions)
}

private func labels(_ name: String, _ direction: ConnectionRecord.Direction = .outbound) -> ConnectionLabels {
    ConnectionLabels(
        direction, ConnectionPeers(source: WorkloadNames(name: name, namespace: "ns"), destination: nil, service: nil))
}

private func totals(_ counters: ConnectionCounters) -> [ConnectionTotals] { counters.sorted.map(\.totals) }

@Test func reportsOfOneConnectionAddTheirDifferences() {
    var counters = ConnectionCounters(startNanoseconds: 50)
    counters.add(record(1, at: 100)) { labels("a") }
    counters.add(record(1, at: 200, sent: 10, received: 100, retransmissions: 1)) { labels("a") }
    counters.add(record(1, at: 300, sent: 15, received: 100, retransmissions: 3)) { labels("a") }
    var expected = ConnectionTotals()
    (expected.opened, expected.sentBytes, expected.receivedBytes, expected.retransmissions) = (1, 15, 100, 3)
    #expect(totals(counters) == [expected])
    #expect(counters.openCount == 1)
    counters.add(record(1, at: 400, sent: 20, received: 101, retransmissions: 3, state: 7)) { labels("a") }
    (expected.closed, expected.sentBytes, expected.receivedBytes) = (1, 20, 101)
    #expect(totals(counters) == [expected])
    #expect(counters.openCount == 0)
}

@Test func byteCountsMayBeginAnewAndReportsMayComeLate() {
    var counters = ConnectionCounters(startNanoseconds: 50)
    counters.add(record(1, at: 200, sent: .max - 1)) { labels("a") }
    counters.add(record(1, at: 300, sent: 3)) { labels("a") }
    #expect(totals(counters)[0].sentBytes == 1 << 32 + 3)
    counters.add(record(1, at: 250, sent: 1)) { labels("a") }
    #expect(totals(counters)[0].sentBytes == 1 << 32 + 3)
    #expect(totals(counters)[0].opened == 1)
}

@Test func aConnectionThatIsFirstSeenWhenItClosesCountsInFull() {
    var counters = ConnectionCounters(startNanoseconds: 50)
    counters.add(record(1, at: 200, sent: 5, state: 7)) { labels("a") }
    counters.add(record(2, at: 200, state: 7, isConnected: false)) { labels("a") }
    var expected = ConnectionTotals()
    (expected.opened, expected.closed, expected.failed, expected.sentBytes) = (1, 1, 1, 5)
    #expect(totals(counters) == [expected])
}

@Test func whatAConnectionDidBeforeTheCountersBeganDoesNotCount() {
    var counters = ConnectionCounters(startNanoseconds: 150)
    counters.add(record(1, at: 200, sent: 1000)) { labels("a") }
    counters.add(record(1, at: 300, sent: 1010, state: 7)) { labels("a") }
    var expected = ConnectionTotals()
    (expected.closed, expected.sentBytes) = (1, 10)
    #expect(totals(counters) == [expected])
}

@Test func theTableOfOpenConnectionsIsBoundedAndNothingCountsTwice() {
    var counters = ConnectionCounters(startNanoseconds: 0, connectionLimit: 16)
    for round in 1...3 as ClosedRange<UInt64> {
        for port in 1...100 as ClosedRange<UInt16> {
            let start = UInt64(port)
            counters.add(record(port, at: 1000 * round + start, start: start, sent: UInt32(10 * round))) { labels("a") }
            #expect(counters.openCount <= 16)
        }
    }
    #expect(counters.forgottenCount > 0)
    #expect(totals(counters)[0].opened <= 100)
    #expect(totals(counters)[0].sentBytes <= 3000)
    #expect(totals(counters)[0].sentBytes >= 1000)
}

@Test func labelSetsAreBoundedAndThoseOfAVanishedWorkloadGo() {
    var counters = ConnectionCounters(startNanoseconds: 0, labelLimit: 3)
    for index in 1...10 as ClosedRange<UInt16> {
        counters.add(record(index, at: 200)) { labels("w\(index)", index % 2 == 0 ? .outbound : .inbound) }
    }
    #expect(counters.sorted.count == 5)
    #expect(totals(counters).map(\.opened).reduce(0, +) == 10)
    #expect(counters.otherCount == 7)
    counters.drop(workload: "w1", namespace: "other")
    #expect(counters.sorted.count == 5)
    counters.drop(workload: "w1", namespace: "ns")
    #expect(counters.sorted.count == 4)
    // Its connection goes on under whatever its peers are now.
    counters.add(record(1, at: 300, sent: 7, state: 7)) { labels("new") }
    #expect(totals(counters).map(\.sentBytes).reduce(0, +) == 7)
}

@Test func theSumsOfAVanishedServiceGo() {
    var counters = ConnectionCounters(startNanoseconds: 0)
    let services = ["a", "b"].map { ServiceName(namespace: "ns", hostname: $0) }
    for (index, service) in services.enumerated() {
        counters.add(record(UInt16(index), at: 200)) {
            ConnectionLabels(.outbound, ConnectionPeers(service: service))
        }
    }
    counters.drop(service: ServiceName(namespace: "other", hostname: "a"))
    #expect(counters.sorted.count == 2)
    counters.drop(service: services[0])
    #expect(counters.sorted.map(\.labels) == [ConnectionLabels(.outbound, ConnectionPeers(service: services[1]))])
}
