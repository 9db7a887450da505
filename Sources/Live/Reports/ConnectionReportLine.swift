import CommandLineTool

/// One line of JSON for each report of a connection, for `kmesh-live events`.
public enum ConnectionReportLine {
    /// The line without its end. Names that are not known are null.
    public static func json(_ record: ConnectionRecord, _ peers: ConnectionPeers, clock: BootClock) -> String {
        let value: JSONValue = [
            "time": .string(clock.wallTime(of: record.reportNanoseconds).description),
            "type": "connection",
            "direction": .string(record.direction.rawValue),
            "state": .string(record.stateName),
            "connected": .bool(record.isConnected),
            "source": end(record.source.description, peers.source),
            "destination": end(record.destination.description, peers.destination),
            "originalDestination": JSONValue(record.originalDestination?.description),
            "service": JSONValue(peers.service?.description),
            "startTime": .string(clock.wallTime(of: record.startNanoseconds).description),
            "durationNanoseconds": JSONValue(record.durationNanoseconds),
            "sentBytes": JSONValue(record.sentBytes),
            "receivedBytes": JSONValue(record.receivedBytes),
            "smoothedRTTMicroseconds": JSONValue(record.smoothedRTTEighths / 8),
            "minimumRTTMicroseconds": JSONValue(record.minimumRTTMicroseconds),
            "retransmissions": JSONValue(record.retransmissions),
            "lostSegments": JSONValue(record.lostSegments),
        ]
        return value.compact
    }

    private static func end(_ address: String, _ workload: WorkloadNames?) -> JSONValue {
        [
            "address": .string(address), "workload": JSONValue(workload?.name),
            "namespace": JSONValue(workload?.namespace),
        ]
    }
}
