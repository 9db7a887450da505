public import KernelABI
public import Model

/// cgroup/recvmsg4: an IPv4 UDP socket receives a datagram; a reply of the DNS proxy shows the server that was asked.
public struct RecvMsg4: Sendable {
    @usableFromInline let options: DataplaneOptions

    @inlinable
    public init(options: DataplaneOptions) { self.options = options }

    /// - Parameter call: `destination` is the datagram's source.
    @inlinable
    public func run(
        _ call: SocketCall, maps: inout some MapAccess, storage: SocketStorage?,
        recorder: inout some DecisionRecorder
    ) -> DatagramDecision {
        let source = call.destination
        let gate = Gate(options: options)
        if let reason = gate.control(call, maps: &maps, recorder: &recorder) { return DatagramDecision(source, reason) }
        guard gate.isManaged(call.cookie, maps: &maps, recorder: &recorder) else {
            return DatagramDecision(source, .notManaged)
        }
        guard source.port == UInt16(KM_DNS_PORT) else { return DatagramDecision(source, .dnsReplyUntouched) }
        guard let proxy = gate.dnsProxy(maps: &maps, recorder: &recorder) else {
            return DatagramDecision(source, .dnsNoProxy)
        }
        let asked = storage?.originalDestination(.v4)
        if proxy != source.address || asked == nil { recorder.record(.option(.dnsReply)) }
        if options.dnsReply == .proxyOnly {
            guard proxy == source.address, let asked else { return DatagramDecision(source, .dnsReplyUntouched) }
            return DatagramDecision(SocketAddress(asked.address, port: source.port), .dnsReplyRestored)
        }
        // Nothing remembered reads as 0.0.0.0, as in the recording of an unsolicited datagram.
        let recorded = (storage ?? SocketStorage()).recordedDestination(.v4)
        return DatagramDecision(SocketAddress(recorded.address, port: source.port), .dnsReplyRestored)
    }
}
