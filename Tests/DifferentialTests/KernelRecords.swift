import KernelABI
import Model

// What the programs send, as outcomes.

extension StepOutcome.Exit {
    init(_ event: km_event) {
        self.init(hook: Hook.allCases[Int(event.hook)], reason: Reason.allCases[Int(event.reason)])
    }
}

extension km_tuple {
    /// Source and destination; ports are in host order.
    func ends(isIPv6: Bool) -> [SocketAddress] {
        isIPv6
            ? [
                SocketAddress(MapAddress(word: ipv6.saddr).asV6, port: ipv6.sport),
                SocketAddress(MapAddress(word: ipv6.daddr).asV6, port: ipv6.dport),
            ]
            : [
                SocketAddress(.v4(ipv4.saddr.bigEndian), port: ipv4.sport),
                SocketAddress(.v4(ipv4.daddr.bigEndian), port: ipv4.dport),
            ]
    }

    /// The tuple of a connection, as the programs write it.
    init(client: SocketAddress, server: SocketAddress) {
        self.init()
        if client.address.family == .v4 {
            var tuple = km_tuple4()
            tuple.saddr = MapAddress(client.address).word.0
            tuple.daddr = MapAddress(server.address).word.0
            (tuple.sport, tuple.dport) = (client.port, server.port)
            ipv4 = tuple
        } else {
            var tuple = km_tuple6()
            tuple.saddr = MapAddress(client.address).word
            tuple.daddr = MapAddress(server.address).word
            (tuple.sport, tuple.dport) = (client.port, server.port)
            ipv6 = tuple
        }
    }
}

extension StepOutcome.Request {
    init(_ request: km_auth_request) {
        let ends = request.tuple.ends(isIPv6: request.type == 1)
        self.init(isIPv6: request.type == 1, client: ends[0], server: ends[1])
    }
}

extension StepOutcome.Report {
    init(_ report: km_connection_report) {
        let isIPv6 = report.type == 1
        let ends = report.tuple.ends(isIPv6: isIPv6)
        let original = report.original_dst
        let address = isIPv6 ? original.addr.asV6 : original.addr.asV4
        self.init(
            isInbound: report.direction == KM_DIRECTION_INBOUND.rawValue, source: ends[0], destination: ends[1],
            originalDestination: address.isUnspecified && original.port == 0
                ? nil : SocketAddress(address, port: original.port),
            sentBytes: report.sent_bytes, receivedBytes: report.received_bytes, state: report.tcp_state,
            isConnected: report.connected != 0, isFirst: report.last_report_ns == 0)
    }
}
