import KernelABI
public import Model

/// cgroup_skb, ingress and egress: a periodic report of long connections. Attached only where these are wanted.
public struct CgroupSkb: Sendable {
    /// Time between two reports of one connection.
    public static let periodNanoseconds: UInt64 = 5_000_000_000

    /// What the program did.
    public struct Decision: Hashable, Sendable {
        public var reason: Reason
        public var report: ConnectionReport?
    }

    let options: DataplaneOptions

    public init(options: DataplaneOptions) {
        self.options = options
    }

    /// Runs for one packet of a connection.
    public func run(
        _ connection: Connection, maps: inout some MapAccess, storage: inout SocketStorage?, now: UInt64,
        recorder: inout some DecisionRecorder
    ) -> Decision {
        guard let stored = storage, stored.connect_success != 0 else {
            return Decision(reason: .reportNotDue, report: nil)
        }
        if options.managedTest == .localAddress {
            let gate = Gate(options: options)
            guard gate.isManaged(connection.local.address, maps: &maps, recorder: &recorder) else {
                return Decision(reason: .notManaged, report: nil)
            }
        }
        guard now - stored.last_report_ns >= Self.periodNanoseconds else {
            return Decision(reason: .reportNotDue, report: nil)
        }
        storage?.last_report_ns = now
        let direction: ConnectionReport.Direction =
            stored.direction == KM_DIRECTION_INBOUND.rawValue ? .inbound : .outbound
        return Decision(
            reason: .periodicReport,
            report: ConnectionReport(direction, connection, stored, state: .established, now: now))
    }
}
