import Model

/// A SYN with a header that upstream's XDP program does not step over.
enum MisreadPacket {
    /// The port that the program reads where IPv4 options stand instead of ports: two bytes of options that do nothing.
    static let portRead: UInt16 = 0x0101

    /// The packet of a connection.
    static func builder(_ flow: PacketFlow) -> PacketBuilder {
        var builder = PacketBuilder(flow)
        switch flow.source.address.family {
        // Four times "no operation" (RFC 791 §3.1).
        case .v4: builder.ipOptions = [1, 1, 1, 1]
        // Padding (RFC 8200 §4.2).
        case .v6: builder.extensionHeaders = [.init(.destinationOptions, contents: [1, 4, 0, 0, 0, 0])]
        }
        return builder
    }

    /// What the packet has before TCP.
    static func header(of family: AddressFamily) -> String {
        family == .v4 ? "4 bytes of IPv4 options" : "a destination options header"
    }
}
