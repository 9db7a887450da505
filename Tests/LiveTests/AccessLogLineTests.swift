import Live
import Testing

@Test func aClosedConnectionIsALineOfTheAccessLog() throws {
    var record = try #require(ConnectionRecord(sampleReport()))
    #expect(
        AccessLogLine.json(record, ConnectionPeers(of: record, reportNames), clock: reportClock)
            == #"{"time":"2026-11-21T09:00:01.500Z","type":"access","start_time":"2026-11-21T09:00:01.000Z","#
            + #""duration_ns":500000000,"src.addr":"10.0.0.1:40000","src.workload":"web-0","src.namespace":"shop","#
            + #""dst.addr":"10.0.0.2:5432","dst.workload":"db-0","dst.namespace":"data","dst.service":"db.data.svc","#
            + #""original_dst.addr":"10.96.0.1:543","direction":"outbound","state":"closed","connected":true,"#
            + #""sent_bytes":10,"received_bytes":20,"retransmissions":2,"srtt_us":100,"min_rtt_us":90}"#)
    #expect(
        AccessLogLine.json(record, ConnectionPeers(), clock: reportClock)?.contains(#""dst.workload":null"#) == true)
    record.state = 1
    #expect(AccessLogLine.json(record, ConnectionPeers(), clock: reportClock) == nil)
}
