import Live
import Model
import Testing

@Test func aConnectionToAWorkloadItselfHasTheWorkloadsOnlyService() throws {
    var record = try #require(ConnectionRecord(sampleReport()))
    record.originalDestination = nil
    #expect(ConnectionPeers(of: record, reportNames).service?.description == "data/db.data.svc")
    record.destination = SocketAddress(.v4(0x0909_0909), port: 1)
    #expect(ConnectionPeers(of: record, reportNames).service == nil)
}
