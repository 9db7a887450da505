public import KernelABI
public import Model

extension SocketStorage {
    /// The original destination, nil when none is remembered. `family` is the socket's.
    @inlinable
    public func originalDestination(_ family: AddressFamily) -> SocketAddress? {
        guard has_set_ip != 0 else { return nil }
        return recordedDestination(family)
    }

    /// What stands in the storage, zero when nothing was remembered.
    @inlinable
    public func recordedDestination(_ family: AddressFamily) -> SocketAddress {
        switch family {
        case .v4:
            // Both members of the C union cover the same 36 bytes.
            let tuple = original_dst.ipv4
            return SocketAddress(.v4(tuple.daddr.bigEndian), port: tuple.dport.bigEndian)
        case .v6:
            let tuple = original_dst.ipv6
            return SocketAddress(MapAddress(word: tuple.daddr).asV6, port: tuple.dport.bigEndian)
        }
    }

    /// Remembers the original destination, in the form that the program gave.
    @inlinable
    public mutating func remember(_ destination: SocketAddress) {
        original_dst = ConnectionTuple()
        let address = MapAddress(destination.address)
        switch destination.address.family {
        case .v4:
            var tuple = km_tuple4()
            tuple.daddr = address.word.0
            tuple.dport = destination.port.bigEndian
            original_dst.ipv4 = tuple
        case .v6:
            var tuple = km_tuple6()
            tuple.daddr = address.word
            tuple.dport = destination.port.bigEndian
            original_dst.ipv6 = tuple
        }
        has_set_ip = 1
    }
}
