public import Model

/// A TCP packet by what a scenario says of it, for callers that have no frame.
public struct PodPacket: Hashable, Sendable {
    /// Flags of the TCP header (RFC 9293 §3.1).
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let fin = Flags(rawValue: 0x01)
        public static let syn = Flags(rawValue: 0x02)
        public static let rst = Flags(rawValue: 0x04)
        public static let psh = Flags(rawValue: 0x08)
        public static let ack = Flags(rawValue: 0x10)
    }

    /// The sender, as on the wire: an IPv4-mapped address is IPv4 there.
    public var source: SocketAddress
    /// The receiver, likewise.
    public var destination: SocketAddress
    public var flags: Flags

    /// A packet between two sockets.
    /// - Precondition: both addresses have one family on the wire.
    public init(from source: SocketAddress, to destination: SocketAddress, _ flags: Flags) {
        self.source = SocketAddress(source.address.unmapped, port: source.port)
        self.destination = SocketAddress(destination.address.unmapped, port: destination.port)
        self.flags = flags
        precondition(
            self.source.address.family == self.destination.address.family, "\(source) and \(destination) cannot talk")
    }

    /// The Ethernet frame. Addresses of the link, sequence numbers and checksums are zero: no program looks at them.
    public var frame: [UInt8] {
        let tcpByteCount: UInt8 = 20
        let (from, to) = (source.address.bytes, destination.address.bytes)
        var bytes = [UInt8](repeating: 0, count: 12)
        if source.address.family == .v4 {
            bytes += [0x08, 0x00, 0x45, 0, 0, 20 + tcpByteCount, 0, 0, 0x40, 0, 64, 6, 0, 0]
        } else {
            bytes += [0x86, 0xdd, 0x60, 0, 0, 0, 0, tcpByteCount, 6, 64]
        }
        bytes += from + to
        for port in [source.port, destination.port] {
            bytes += [UInt8(truncatingIfNeeded: port >> 8), UInt8(truncatingIfNeeded: port)]
        }
        return bytes + [UInt8](repeating: 0, count: 8) + [0x50, flags.rawValue, 0xff, 0xff, 0, 0, 0, 0]
    }
}
