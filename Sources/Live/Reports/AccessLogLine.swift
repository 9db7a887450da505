import CommandLineTool

/// The access log: one line of JSON for each connection when it is closed. The names of the members are those of
/// Kmesh's and ztunnel's access logs, where these have one.
public enum AccessLogLine {
    /// The line without its end, nil as long as the connection is open. What is not known is null.
    public static func json(_ record: ConnectionRecord, _ peers: ConnectionPeers, clock: BootClock) -> String? {
        guard record.isClosed else { return nil }
        let value: JSONValue = [
            "time": .string(clock.wallTime(of: record.reportNanoseconds).description),
            "type": "access",
            "start_time": .string(clock.wallTime(of: record.startNanoseconds).description),
            "duration_ns": JSONValue(record.durationNanoseconds),
            "src.addr": .string(record.source.description),
            "src.workload": JSONValue(peers.source?.name),
            "src.namespace": JSONValue(peers.source?.namespace),
            "dst.addr": .string(record.destination.description),
            "dst.workload": JSONValue(peers.destination?.name),
            "dst.namespace": JSONValue(peers.destination?.namespace),
            "dst.service": JSONValue(peers.service?.hostname),
            "original_dst.addr": JSONValue(record.originalDestination?.description),
            "direction": .string(record.direction.rawValue),
            "state": .string(record.stateName),
            "connected": .bool(record.isConnected),
            "sent_bytes": JSONValue(record.sentBytes),
            "received_bytes": JSONValue(record.receivedBytes),
            "retransmissions": JSONValue(record.retransmissions),
            "srtt_us": JSONValue(record.smoothedRTTEighths / 8),
            "min_rtt_us": JSONValue(record.minimumRTTMicroseconds),
        ]
        return value.compact
    }
}
