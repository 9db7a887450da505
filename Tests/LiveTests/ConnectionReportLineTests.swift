import Live
import Testing

@Test func aReportIsALineOfJSON() throws {
    let record = try #require(ConnectionRecord(sampleReport()))
    let line = ConnectionReportLine.json(record, ConnectionPeers(of: record, reportNames), clock: reportClock)
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
