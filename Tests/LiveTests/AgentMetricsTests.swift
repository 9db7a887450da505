import Live
import Model
import Testing

private func figures() -> AgentFigures {
    var figures = AgentFigures(version: "0.1", node: "n\"1")
    figures.hookExits = [.init(.connect4, .loadBalanced, 5), .init(.sockOps, .closed, 2)]
    figures.maps = [
        .init("km_frontend", entryCount: 7, capacity: 100, writes: 8, writeFailures: 1),
        .init("km_nodeinfo", entryCount: nil, capacity: 10),
    ]
    figures.resources = [.init("service", 3), .init("workload", 4)]
    figures.lastApplied = WallTime(nanoseconds: 1_795_251_600_123_999_999)
    figures.applySeconds = MetricHistogram(bounds: [0.01, 0.1, 1])
    figures.eventsLost = 9
    var counters = ConnectionCounters(startNanoseconds: 0)
    let record = ConnectionRecord(
        direction: .outbound, source: SocketAddress(.v4(1), port: 1), destination: SocketAddress(.v4(2), port: 80),
        sentBytes: 11, receivedBytes: 12, state: 7, startNanoseconds: 5, durationNanoseconds: 1, reportNanoseconds: 6,
        retransmissions: 3)
    counters.add(record) {
        ConnectionLabels(
            .outbound,
            ConnectionPeers(
                source: WorkloadNames(name: "a-1", namespace: "x", owner: "a", canonicalService: "app"),
                service: ServiceName(namespace: "y", hostname: "b.y.svc.cluster.local")))
    }
    figures.connections = counters.sorted
    return figures
}

@Test func allFiguresAreInTheExposition() throws {
    let text = String(decoding: MetricText.bytes(AgentMetrics.families(of: figures())), as: UTF8.self)
    let exposition = try Exposition(text)
    let labels =
        #"{reporter="source",source_workload="a",source_workload_namespace="x",source_canonical_service="app","#
        + #"destination_workload="-",destination_workload_namespace="-",destination_canonical_service="-","#
        + #"destination_service="b.y.svc.cluster.local",destination_service_name="b",destination_service_namespace="y"}"#
    let wanted: [String: Double] = [
        #"kmesh_build_info{version="0.1",node="n\"1"}"#: 1,
        #"kmesh_hook_exits_total{hook="connect4",reason="loadBalanced"}"#: 5,
        #"kmesh_hook_exits_total{hook="sockOps",reason="closed"}"#: 2,
        "kmesh_tcp_connections_opened_total\(labels)": 1, "kmesh_tcp_connections_closed_total\(labels)": 1,
        "kmesh_tcp_connections_failed_total\(labels)": 0, "kmesh_tcp_conntections_failed_total\(labels)": 0,
        "kmesh_tcp_sent_bytes_total\(labels)": 11, "kmesh_tcp_received_bytes_total\(labels)": 12,
        "kmesh_tcp_retrans_total\(labels)": 3,
        #"kmesh_map_entries{map="km_frontend"}"#: 7, #"kmesh_map_capacity_entries{map="km_nodeinfo"}"#: 10,
        #"kmesh_map_entry_count{node_name="n\"1",map_name="km_frontend"}"#: 7,
        #"kmesh_map_writes_total{map="km_frontend"}"#: 8, #"kmesh_map_write_failures_total{map="km_frontend"}"#: 1,
        #"kmesh_mesh_resources{kind="workload"}"#: 4, "kmesh_last_apply_timestamp_seconds": 1_795_251_600.123,
        #"kmesh_apply_duration_seconds_bucket{le="+Inf"}"#: 0, "kmesh_events_lost_total": 9,
    ]
    for (key, value) in wanted { #expect(exposition.samples[key] == value, "\(key)") }
    #expect(exposition.samples[#"kmesh_map_entries{map="km_nodeinfo"}"#] == nil)
    for (name, type) in exposition.types { #expect(name.hasSuffix("_total") == (type == "counter"), "\(name)") }
}

@Test func figuresOfNothingAreAnExpositionToo() throws {
    let families = AgentMetrics.families(of: AgentFigures(version: "", node: ""))
    let exposition = try Exposition(String(decoding: MetricText.bytes(families), as: UTF8.self))
    #expect(exposition.types["kmesh_tcp_connections_opened_total"] == nil)
    #expect(exposition.samples["kmesh_mesh_problems"] == 0)
}
