public import KernelABI
public import Model

/// What a datagram hook did, and why.
public struct DatagramDecision: Hashable, Sendable {
    /// Where the datagram goes (sendmsg), or what the program sees as its source (recvmsg).
    public var address: SocketAddress
    public var reason: Reason

    @inlinable
    init(_ address: SocketAddress, _ reason: Reason) {
        self.address = address
        self.reason = reason
    }
}

/// cgroup/sendmsg4: an unconnected IPv4 UDP socket sends a datagram; a question to port 53 goes to the DNS proxy.
public struct SendMsg4: Sendable {
    @usableFromInline let options: DataplaneOptions

    @inlinable
    public init(options: DataplaneOptions) { self.options = options }

    @inlinable
    public func run(
        _ call: SocketCall, maps: inout some MapAccess, storage: inout SocketStorage?,
        recorder: inout some DecisionRecorder
    ) -> DatagramDecision {
        let gate = Gate(options: options)
        if let reason = gate.control(call, maps: &maps, recorder: &recorder) {
            return DatagramDecision(call.destination, reason)
        }
        guard gate.isManaged(call.cookie, maps: &maps, recorder: &recorder) else {
            return DatagramDecision(call.destination, .notManaged)
        }
        guard call.destination.port == UInt16(KM_DNS_PORT) else { return DatagramDecision(call.destination, .notTCP) }
        guard let proxy = gate.dnsProxy(maps: &maps, recorder: &recorder) else {
            return DatagramDecision(call.destination, .dnsNoProxy)
        }
        if storage == nil { storage = SocketStorage() }
        // A reply goes by the latest question, or by whatever was remembered first.
        if options.dnsReply == .proxyOnly || storage?.has_set_ip == 0 {
            storage?.remember(call.destination)
        }
        return DatagramDecision(SocketAddress(proxy, port: call.destination.port), .dnsRedirected)
    }
}
