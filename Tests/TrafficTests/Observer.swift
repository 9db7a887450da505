internal import CBPF
import Glibc
import KernelABI
import Live
import Model

/// What the programs tell: connection reports, and how often each program ended for each reason.
struct Observer: ~Copyable {
    /// Collects records.
    private final class Inbox: @unchecked Sendable {
        // Sendable: the buffer is read by the thread of the test only.
        var reports: [km_connection_report] = []
    }

    private let inbox: Inbox
    private let reportBuffer: RingBuffer
    private let counters: Descriptor
    private let cpuCount: Int

    init(_ dataplane: borrowing Dataplane) throws {
        let inbox = Inbox()
        let buffer = try RingBuffer("km_tcp_probe", adopting: try dataplane.openMap("km_tcp_probe")) { record in
            if let report = record.record(as: km_connection_report.self) { inbox.reports.append(report) }
        }
        let counters = try dataplane.openMap("km_reason_count")
        self.inbox = inbox
        reportBuffer = buffer
        self.counters = counters
        cpuCount = Int(libbpf_num_possible_cpus())
    }

    /// The reports since the last call.
    borrowing func takeReports() throws -> [km_connection_report] {
        try reportBuffer.consume()
        defer { inbox.reports = [] }
        return inbox.reports
    }

    /// How often a hook ended for a reason, since the programs were loaded.
    borrowing func count(_ hook: Hook, _ reason: Reason) throws(KernelError) -> Int {
        let hookNumber = UInt32(Hook.allCases.firstIndex(of: hook) ?? 0)
        var index = hookNumber * UInt32(KM_REASON_SLOTS) + reason.code
        var counts = [UInt64](repeating: 0, count: cpuCount)
        // In bounds: the map gives one number for each processor.
        let status = counters.withRaw { unsafe bpf_map_lookup_elem($0, &index, &counts) }
        guard status == 0 else { throw KernelError("read", "km_reason_count", errno: -status) }
        return Int(counts.reduce(0, +))
    }

    /// The same of several hooks.
    borrowing func count(_ hooks: [Hook], _ reason: Reason) throws(KernelError) -> Int {
        var sum = 0
        for hook in hooks { sum += try count(hook, reason) }
        return sum
    }
}

extension km_connection_report {
    /// Where the client wanted to go.
    var originalDestination: SocketAddress {
        SocketAddress(original_dst.addr.address, port: original_dst.port)
    }

    /// Where it went.
    var destination: SocketAddress {
        type == 0
            ? SocketAddress(.v4(tuple.ipv4.daddr.bigEndian), port: tuple.ipv4.dport)
            : SocketAddress(MapAddress(word: tuple.ipv6.daddr).asV6, port: tuple.ipv6.dport)
    }

    /// Whether the connection is over.
    var isLast: Bool { tcp_state == 7 }
}
