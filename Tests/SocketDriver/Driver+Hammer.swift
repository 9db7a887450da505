import CSocketCalls
import Model
import SocketDriverProtocol

extension Driver {
    /// Connects again and again, and resets each connection.
    mutating func hammer(_ request: HammerRequest) throws(Failure) -> HammerOutcome {
        let destinations = request.destinations.map { sc_end($0, for: request.family) }
        var errors: [Int32: UInt32] = [:]
        var remoteEnds: [SocketAddress: UInt32] = [:]
        var times: [UInt64] = []
        var trace = WireWriter()
        times.reserveCapacity(Int(request.count))
        for index in 0..<Int(destinations.isEmpty ? 0 : request.count) {
            let socket = try open(request.namespace, .tcp, request.family)
            try checked(sc_limit_connect(socket.descriptor, 2000))
            let start = sc_monotonic_ns()
            let errno = socket.connect(destinations[index % destinations.count])
            let end = sc_monotonic_ns()
            times.append(end - start)
            errors[errno, default: 0] += 1
            let connectedEnd = errno == 0 ? try socket.remoteEnd() : nil
            if request.isTraced {
                trace.write(
                    HammerAttempt(
                        destination: UInt32(index % destinations.count), start: start, end: end, errno: errno,
                        remoteEnd: connectedEnd))
            }
            guard let remoteEnd = connectedEnd else { continue }
            remoteEnds[remoteEnd, default: 0] += 1
            let accepted = try acceptAny(at: remoteEnd.unmapped, in: request.acceptingNamespace)
            try checked(sc_reset_on_close(socket.descriptor))
            socket.close()
            accepted?.close()
        }
        times.sort()
        return HammerOutcome(
            errors: tallies(errors), remoteEnds: tallies(remoteEnds), minimumNanoseconds: times.first ?? 0,
            p50Nanoseconds: quantile(times, 50), p90Nanoseconds: quantile(times, 90),
            p99Nanoseconds: quantile(times, 99), trace: trace.bytes)
    }

    private func acceptAny(
        at end: SocketAddress, in namespace: NamespaceNumber?
    ) throws(Failure) -> OpenSocket? {
        guard let namespace else { return nil }
        let key = ListenerKey(namespace: namespace, transport: .tcp, family: end.address.family, port: end.port)
        guard let listener = listeners[key].flatMap({ sockets[$0] }) else { return nil }
        return try acceptNext(listener, Deadline(milliseconds: 2000))
    }

    private func tallies<Value: Comparable>(_ counts: [Value: UInt32]) -> [Tally<Value>] {
        counts.sorted { $0.key < $1.key }.map { Tally(value: $0.key, count: $0.value) }
    }

    /// The smallest of the sorted times that `percent` of them do not exceed.
    private func quantile(_ times: [UInt64], _ percent: Int) -> UInt64 {
        times.isEmpty ? 0 : times[(times.count * percent + 99) / 100 - 1]
    }
}
