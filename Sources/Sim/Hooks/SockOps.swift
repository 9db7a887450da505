public import KernelABI
public import Model

/// sockops: what happens when a TCP connection is begun, established and closed.
public struct SockOps: Sendable {
    /// A callback of the kernel.
    public enum Event: String, Hashable, Sendable {
        /// A SYN is about to leave (BPF_SOCK_OPS_TCP_CONNECT_CB).
        case connect
        case activeEstablished
        case passiveEstablished
        /// The state becomes CLOSE, for sockets that asked for state callbacks.
        case close
    }

    /// What the program did.
    public struct Decision: Hashable, Sendable {
        public var reason: Reason
        public var report: ConnectionReport?
        /// The socket goes into km_socket: its first message gets a header.
        public var entersSockHash = false
        /// State callbacks are asked for: the close will be seen.
        public var watchesState = false
        /// User space is asked for a verdict on this connection (client, server).
        public var authorizationRequest: [SocketAddress] = []
        /// The verdict of this connection is forgotten.
        public var forgetsVerdict = false
        /// The flow that a pod opens, as its replies have it: it goes into km_flow (`InboundFlows.open`).
        public var openedReplies: PacketFlow?
        /// The flow that a pod accepts, as the client's packets have it: it is no reply (`InboundFlows.accept`).
        public var acceptedFlow: PacketFlow?

        init(_ reason: Reason) { self.reason = reason }
    }

    let options: DataplaneOptions
    /// Addresses from which this node probes its pods.
    let probeSources: [IPAddress]
    let isMonitoring: Bool

    public init(options: DataplaneOptions, probeSources: [IPAddress], isMonitoring: Bool) {
        self.options = options
        self.probeSources = probeSources
        self.isMonitoring = isMonitoring
    }

    public func run(
        _ event: Event, _ connection: Connection, maps: inout some MapAccess, storage: inout SocketStorage?,
        now: UInt64, recorder: inout some DecisionRecorder
    ) -> Decision {
        switch event {
        case .connect: return connect(connection, maps: &maps, recorder: &recorder)
        case .activeEstablished:
            return active(connection, maps: &maps, storage: &storage, now: now, recorder: &recorder)
        case .passiveEstablished:
            return passive(connection, maps: &maps, storage: &storage, now: now, recorder: &recorder)
        case .close: return close(connection, storage: &storage, now: now)
        }
    }

    /// A flow begins; a connect to a control address manages or releases the socket's own address too.
    private func connect(
        _ connection: Connection, maps: inout some MapAccess, recorder: inout some DecisionRecorder
    ) -> Decision {
        let gate = Gate(options: options)
        var decision = Decision(.none)
        // Where xdp_ingress judges by compiled policies, it knows the replies of a flow by what is recorded here,
        // before the SYN leaves. A mapped socket's packets are IPv4.
        if options.authorization == .compiled, gate.isManaged(connection.cookie, maps: &maps, recorder: &recorder) {
            decision.openedReplies = PacketFlow(
                source: connection.remote.unmapped, destination: connection.local.unmapped)
        }
        let key = ManageKey(connection.local.address)
        switch gate.obey(connection.remote, for: key, maps: &maps, recorder: &recorder) {
        case .manage: decision.reason = .controlManageAddress
        case .release: decision.reason = .controlReleaseAddress
        case nil: break
        }
        return decision
    }

    private func active(
        _ connection: Connection, maps: inout some MapAccess, storage: inout SocketStorage?, now: UInt64,
        recorder: inout some DecisionRecorder
    ) -> Decision {
        // connect records something on the sockets of managed namespaces only.
        let isRecorded = storage.map { $0.connect_ns != 0 || $0.has_set_ip != 0 } ?? false
        let isManaged = isManaged(connection, orElse: isRecorded, maps: &maps, recorder: &recorder)
        guard isManaged else { return Decision(.notManaged) }
        var decision = Decision(.activeEstablished)
        decision.watchesState = true
        storage?.connect_success = 1
        storage?.direction = UInt8(KM_DIRECTION_OUTBOUND.rawValue)
        decision.report = report(.outbound, connection, &storage, .established, now)
        decision.entersSockHash = storage.map { $0.via_waypoint != 0 } ?? false
        return decision
    }

    private func passive(
        _ connection: Connection, maps: inout some MapAccess, storage: inout SocketStorage?, now: UInt64,
        recorder: inout some DecisionRecorder
    ) -> Decision {
        let isInNamespace = maps.managed(ManageKey(cookie: connection.cookie)) != nil
        if options.managedTest == .recorded {
            recorder.record(.manage(cookie: connection.cookie, found: isInNamespace))
        }
        guard isManaged(connection, orElse: isInNamespace, maps: &maps, recorder: &recorder) else {
            return Decision(.notManaged)
        }
        let isProbe = probeSources.contains(connection.remote.address.unmapped)
        var decision = Decision(isProbe ? .nodeProbe : .passiveEstablished)
        if options.authorization == .compiled {
            decision.acceptedFlow = PacketFlow(
                source: connection.remote.unmapped, destination: connection.local.unmapped)
        }
        if isProbe { return decision }
        decision.watchesState = true
        var fresh = storage ?? SocketStorage()
        fresh.connect_ns = now
        fresh.connect_success = 1
        fresh.direction = UInt8(KM_DIRECTION_INBOUND.rawValue)
        storage = fresh
        decision.report = report(.inbound, connection, &storage, .established, now)
        decision.authorizationRequest = [connection.remote, connection.local]
        return decision
    }

    private func close(_ connection: Connection, storage: inout SocketStorage?, now: UInt64) -> Decision {
        var decision = Decision(.closed)
        let isInbound = storage?.direction == UInt8(KM_DIRECTION_INBOUND.rawValue)
        decision.report = report(isInbound ? .inbound : .outbound, connection, &storage, .close, now)
        decision.forgetsVerdict = true
        return decision
    }

    /// Whether the program cares for a connection: by its local address in km_manage, or by the other test.
    private func isManaged(
        _ connection: Connection, orElse other: Bool, maps: inout some MapAccess,
        recorder: inout some DecisionRecorder
    ) -> Bool {
        var unseen = NoTrace()
        let byAddress =
            options.managedTest == .localAddress
            ? Gate(options: options).isManaged(connection.local.address, maps: &maps, recorder: &recorder)
            : Gate(options: options).isManaged(connection.local.address, maps: &maps, recorder: &unseen)
        if byAddress != other { recorder.record(.option(.managedTest)) }
        return options.managedTest == .localAddress ? byAddress : other
    }

    /// A report needs monitoring, and storage that connect (or this hook, inbound) left on the socket.
    private func report(
        _ direction: ConnectionReport.Direction, _ connection: Connection, _ storage: inout SocketStorage?,
        _ state: ConnectionReport.State, _ now: UInt64
    ) -> ConnectionReport? {
        guard isMonitoring, let stored = storage else { return nil }
        storage?.last_report_ns = now
        return ConnectionReport(direction, connection, stored, state: state, now: now)
    }
}
