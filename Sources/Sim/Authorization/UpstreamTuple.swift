public import Model

/// A key of km_auth_res and km_tcargs: the bytes of `km_tuple`, addresses in network order and ports in host order.
///
/// The C union does not tell its family. A program that reads an IPv6 key as an IPv4 one gets the first words of the
/// source address, and upstream's does.
public struct UpstreamTuple: MapKey, BitwiseCopyable {
    /// The key in memory: of IPv6 source, destination, ports; of IPv4 source, destination, ports and six zeros.
    var words = InlineArray<9, UInt32>(repeating: 0)

    /// The key of a packet.
    /// - Precondition: both addresses have one family.
    public init(source: SocketAddress, destination: SocketAddress) {
        precondition(source.address.family == destination.address.family, "\(source) and \(destination)")
        let (from, to) = (MapAddress(source.address).word, MapAddress(destination.address).word)
        let ports = UInt32(source.port) | UInt32(destination.port) << 16
        switch source.address.family {
        case .v4: (words[0], words[1], words[2]) = (from.0, to.0, ports)
        case .v6:
            (words[0], words[1], words[2], words[3]) = from
            (words[4], words[5], words[6], words[7]) = to
            words[8] = ports
        }
    }

    /// The key that sockops makes of a socket. For an IPv4 connection of an IPv6 socket (a mapped address) it writes the
    /// IPv4 key over the IPv6 one and leaves the rest, so that no packet's key is ever the same.
    public init(client: SocketAddress, server: SocketAddress) {
        guard client.address.isMapped || server.address.isMapped else {
            self.init(source: client, destination: server)
            return
        }
        self.init(
            source: SocketAddress(client.address.mapped, port: client.port),
            destination: SocketAddress(server.address.mapped, port: server.port))
        (words[0], words[1], words[2]) = (words[3], words[7], words[8])
    }

    /// A word of the key by its number on the wire: the first byte is the most significant.
    func bigEndianWord(_ index: Int) -> UInt32 { words[index].bigEndian }

    /// Which family the bytes hold: IPv4 has nothing after the first three words.
    public var family: AddressFamily { (3..<9).allSatisfy { words[$0] == 0 } ? .v4 : .v6 }

    /// The source, by the family of the bytes.
    public var source: SocketAddress { address(at: 0, port: UInt16(truncatingIfNeeded: words[portIndex])) }

    /// The destination, by the family of the bytes.
    public var destination: SocketAddress {
        address(at: family == .v4 ? 1 : 4, port: UInt16(truncatingIfNeeded: words[portIndex] >> 16))
    }

    private var portIndex: Int { family == .v4 ? 2 : 8 }

    private func address(at index: Int, port: UInt16) -> SocketAddress {
        guard family == .v6 else { return SocketAddress(.v4(bigEndianWord(index)), port: port) }
        let address = MapAddress(word: (words[index], words[index + 1], words[index + 2], words[index + 3]))
        return SocketAddress(address.asV6, port: port)
    }

    public var hashBits: UInt64 {
        // FNV-1a over words, then spread: every input bit reaches the upper half.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in words.indices { hash = (hash ^ UInt64(words[index])) &* 0x0000_0100_0000_01b3 }
        hash = hash &* 0x9E37_79B9_7F4A_7C15
        return hash ^ hash >> 32
    }

    public func isSame(as other: UpstreamTuple) -> Bool {
        words.indices.allSatisfy { words[$0] == other.words[$0] }
    }
}
