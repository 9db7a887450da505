public import Model

/// sk_msg: the first message of a socket to a waypoint gets the original destination before its payload.
public struct SkMsg: Sendable {
    /// What the program did.
    public struct Decision: Hashable, Sendable {
        public var reason: Reason
        /// The bytes before the payload, empty when none are put.
        public var header: [UInt8]
    }

    let options: DataplaneOptions

    public init(options: DataplaneOptions) { self.options = options }

    /// - Parameters:
    ///   - family: The socket's family; an IPv6 socket to a mapped address sends the long form.
    ///   - canPush: False when the kernel has no memory for the header.
    public func run(
        family: AddressFamily, storage: inout SocketStorage?, canPush: Bool = true,
        recorder: inout some DecisionRecorder
    ) -> Decision {
        guard let stored = storage, stored.via_waypoint != 0, stored.has_encoded == 0,
            let destination = stored.originalDestination(family)
        else { return Decision(reason: .tlvNotNeeded, header: []) }
        if options.tlvMark == .beforePush { storage?.has_encoded = 1 }
        if !canPush { recorder.record(.option(.tlvMark)) }
        guard canPush else { return Decision(reason: .tlvPushFailed, header: []) }
        storage?.has_encoded = 1
        return Decision(reason: .tlvPushed, header: Self.header(destination))
    }

    /// 0x01, length (6 or 18), address, port, then 0xfe, length 0; lengths are 32 bits, all in network order.
    public static func header(_ destination: SocketAddress) -> [UInt8] {
        let address = destination.address.bytes
        let port = [UInt8(destination.port >> 8), UInt8(truncatingIfNeeded: destination.port)]
        return [0x01, 0, 0, 0, UInt8(address.count + port.count)] + address + port + [0xfe, 0, 0, 0, 0]
    }
}
