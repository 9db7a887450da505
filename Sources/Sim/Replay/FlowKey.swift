import Model

/// What the packets of a flow have in common: both ends and the protocol. A packet's key and that of its answers have
/// one hash.
struct FlowKey: Hashable, Sendable {
    var source: WideAddress
    var destination: WideAddress
    var sourcePort: UInt16
    var destinationPort: UInt16
    var protocolNumber: UInt8
    var isIPv6: Bool

    init(_ outline: PacketOutline) {
        source = outline.source
        destination = outline.destination
        sourcePort = outline.sourcePort
        destinationPort = outline.destinationPort
        protocolNumber = outline.protocolNumber.rawValue
        isIPv6 = outline.family == .v6
    }

    init(_ source: SocketAddress, _ destination: SocketAddress, _ protocolNumber: IPProtocol) {
        self.source = WideAddress(source.address)
        self.destination = WideAddress(destination.address)
        sourcePort = source.port
        destinationPort = destination.port
        self.protocolNumber = protocolNumber.rawValue
        isIPv6 = source.address.family == .v6
    }

    var family: AddressFamily { isIPv6 ? .v6 : .v4 }
    var sourceAddress: SocketAddress { SocketAddress(source.address(family), port: sourcePort) }
    var destinationAddress: SocketAddress { SocketAddress(destination.address(family), port: destinationPort) }

    /// The same for both directions.
    @inline(__always)
    var hash: UInt64 {
        let sum =
            Self.mixed(source, sourcePort) &+ Self.mixed(destination, destinationPort) &+ UInt64(protocolNumber) << 1
            &+ (isIPv6 ? 1 : 0)
        let product = sum &* 0x9E37_79B9_7F4A_7C15
        return product ^ product >> 32
    }

    @inline(__always)
    private static func mixed(_ address: WideAddress, _ port: UInt16) -> UInt64 {
        let bits = address.low ^ (address.high &* 0xC2B2_AE3D_27D4_EB4F) ^ UInt64(port) << 40
        let product = bits &* 0xBF58_476D_1CE4_E5B9
        return product ^ product >> 31
    }
}
