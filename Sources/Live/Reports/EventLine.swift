import CommandLineTool
import Model

/// One line for each event, for `kmesh-live events`.
public enum EventLine {
    /// One line of JSON without its end. What is not known is null.
    public static func json(_ event: EventRecord, _ names: NameLookup, clock: BootClock) -> String {
        let value: JSONValue = [
            "time": .string(clock.wallTime(of: event.timeNanoseconds).description),
            "type": "event",
            "hook": .string(event.hookName),
            "reason": .string(event.reasonName),
            "pod": JSONValue(event.netnsCookie.flatMap(names.pod)),
            "from": end(event.before, names),
            "to": end(event.after, names),
            "netnsCookie": cookie(event.netnsCookie),
            "socketCookie": cookie(event.socketCookie),
        ]
        return value.compact
    }

    /// `time hook reason pod from (name) → to (name)`, without the line's end. The arrow and what follows are left out
    /// where nothing was changed. A pod without a name shows its network namespace, as `netns:5`, or as `-`.
    public static func text(_ event: EventRecord, _ names: NameLookup, clock: BootClock) -> String {
        let pod = event.netnsCookie.map { names.pod($0) ?? "netns:\($0)" } ?? "-"
        let start = "\(clock.wallTime(of: event.timeNanoseconds)) \(event.hookName) \(event.reasonName) \(pod)"
        let line = "\(start) \(described(event.before, names))"
        return LogText.message(event.before == event.after ? line : "\(line) → \(described(event.after, names))")
    }

    private static func described(_ socket: SocketAddress, _ names: NameLookup) -> String {
        guard let name = service(socket, names) ?? workload(socket, names) else { return socket.description }
        return "\(socket) (\(name))"
    }

    private static func end(_ socket: SocketAddress, _ names: NameLookup) -> JSONValue {
        [
            "address": .string(socket.description), "service": JSONValue(service(socket, names)),
            "workload": JSONValue(workload(socket, names)),
        ]
    }

    /// As JSON numbers have 53 bits to many readers, cookies are numbers still: the kernel counts them up from 1.
    private static func cookie(_ cookie: UInt64?) -> JSONValue { cookie.map { JSONValue($0) } ?? .null }

    private static func service(_ socket: SocketAddress, _ names: NameLookup) -> String? {
        names.service(socket.address.unmapped)?.description
    }

    private static func workload(_ socket: SocketAddress, _ names: NameLookup) -> String? {
        names.workload(socket.address.unmapped).map { "\($0.namespace)/\($0.name)" }
    }
}
