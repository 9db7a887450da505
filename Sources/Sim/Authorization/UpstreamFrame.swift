import Model

/// What upstream's XDP programs read of an Ethernet frame.
///
/// They go by the version nibble behind the Ethernet header, not by the ethertype, so that a VLAN tag is read as a
/// header. They take an IPv4 header for 20 bytes whatever its length field says, do not step over IPv6 extension
/// headers, and do not look for fragments.
struct UpstreamFrame {
    /// Source, destination and ports, or what stands where they would.
    var tuple: UpstreamTuple
    /// Where the TCP header would begin.
    var tcpOffset: Int
    /// Whether the version nibble is 4; the tuple's bytes alone do not tell.
    var isIPv4: Bool

    /// What follows an Ethernet header, in bytes.
    private enum Layout {
        static let ethernet = 14
        static let ipv4 = 20
        static let ipv6 = 40
        static let tcp = 20
        static let protocolTCP: UInt8 = 6
    }

    /// - Throws: the reason why the programs let the frame pass.
    init(_ frame: [UInt8]) throws(UpstreamXDPReason) {
        let start = Layout.ethernet
        guard frame.count > start else { throw .truncated }
        switch frame[start] >> 4 {
        case 4: isIPv4 = true
        case 6: isIPv4 = false
        default: throw .notIP
        }
        tcpOffset = start + (isIPv4 ? Layout.ipv4 : Layout.ipv6)
        guard frame.count >= tcpOffset else { throw .truncated }
        guard frame[start + (isIPv4 ? 9 : 6)] == Layout.protocolTCP else { throw .notTCP }
        guard frame.count >= tcpOffset + Layout.tcp else { throw .truncated }
        let family: AddressFamily = isIPv4 ? .v4 : .v6
        tuple = UpstreamTuple(
            source: SocketAddress(
                frame.address(family, at: start + (isIPv4 ? 12 : 8)), port: frame.number(at: tcpOffset)),
            destination: SocketAddress(
                frame.address(family, at: start + (isIPv4 ? 16 : 24)), port: frame.number(at: tcpOffset + 2)))
    }

    /// The destination as the frame writes it.
    var destination: IPAddress {
        isIPv4
            ? .v4(tuple.bigEndianWord(1))
            : MapAddress(word: (tuple.words[4], tuple.words[5], tuple.words[6], tuple.words[7])).asV6
    }

    /// The destination port.
    var destinationPort: UInt16 { UInt16(truncatingIfNeeded: tuple.words[isIPv4 ? 2 : 8] >> 16) }

    /// Where the byte with the TCP flags is.
    var flagsOffset: Int { tcpOffset + 13 }
}

extension [UInt8] {
    /// A number in network order.
    fileprivate func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type = Number.self) -> Number {
        self[offset..<offset + Number.bitWidth / 8].reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    /// An address.
    fileprivate func address(_ family: AddressFamily, at offset: Int) -> IPAddress {
        family == .v4 ? .v4(number(at: offset)) : .v6(high: number(at: offset), low: number(at: offset + 8))
    }
}
