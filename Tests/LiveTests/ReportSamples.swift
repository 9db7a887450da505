import KernelABI
import Live
import Model

/// A machine booted at nine o'clock.
let reportClock = BootClock(boot: WallTime(nanoseconds: 1_795_251_600_000_000_000))

/// Two pods, and a service that one of them is behind.
var reportNames: NameLookup {
    NameLookup(
        workload: { address in
            switch address {
            case .v4(0x0A00_0001): WorkloadNames(name: "web-0", namespace: "shop", owner: "web")
            case .v4(0x0A00_0002):
                WorkloadNames(
                    name: "db-0", namespace: "data", services: [ServiceName(namespace: "data", hostname: "db.data.svc")]
                )
            default: nil
            }
        },
        service: { $0 == .v4(0x0A60_0001) ? ServiceName(namespace: "data", hostname: "db.data.svc") : nil },
        pod: { $0 == 5 ? "shop/web-0" : nil })
}

/// The bytes of a C structure.
func bytes<Layout>(_ value: Layout) -> [UInt8] {
    // In bounds: the buffer covers exactly the value.
    unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
}

/// A closed connection of the two pods.
func sampleReport() -> km_connection_report {
    var report = km_connection_report()
    report.tuple.ipv4 = km_tuple4(
        saddr: UInt32(0x0A00_0001).bigEndian, daddr: UInt32(0x0A00_0002).bigEndian, sport: 40000, dport: 5432)
    report.original_dst.addr = MapAddress(.v4(0x0A60_0001))
    report.original_dst.port = 543
    (report.sent_bytes, report.received_bytes, report.connected) = (10, 20, 1)
    (report.direction, report.tcp_state) = (2, 7)
    (report.start_ns, report.duration_ns, report.last_report_ns) = (1_000_000_000, 500_000_000, 1_500_000_000)
    (report.smoothed_rtt, report.minimum_rtt, report.retransmissions, report.lost) = (800, 90, 2, 1)
    return report
}
