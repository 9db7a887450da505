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

    /// `time direction state source → destination (service) bytes sent/received`, without the line's end.
    public static func text(_ record: ConnectionRecord, _ peers: ConnectionPeers, clock: BootClock) -> String {
        func named(_ socket: String, _ workload: WorkloadNames?) -> String {
            workload.map { "\(socket) (\($0.namespace)/\($0.name))" } ?? socket
        }
        let start = "\(clock.wallTime(of: record.reportNanoseconds)) \(record.direction.rawValue) \(record.stateName)"
        let ends =
            "\(named(record.source.description, peers.source)) → "
            + named(record.destination.description, peers.destination)
        let asked = record.originalDestination.map { " asked for \($0)" } ?? ""
        let service = peers.service.map { " service \($0)" } ?? ""
        return LogText.message(
            "\(start) \(ends)\(asked)\(service) sent \(record.sentBytes) received \(record.receivedBytes)")
    }

    private static func end(_ address: String, _ workload: WorkloadNames?) -> JSONValue {
        [
            "address": .string(address), "workload": JSONValue(workload?.name),
            "namespace": JSONValue(workload?.namespace),
        ]
    }
}
