public import KernelABI
public import Model
public import SocketDriverProtocol

extension SocketState {
    /// What the programs remember of the socket; nil when nothing is stored or no map was named.
    public var storageValue: km_sockstorage_value? {
        guard let storage, storage.count == MemoryLayout<km_sockstorage_value>.size else { return nil }
        // In bounds: as many bytes as the struct has, all patterns of which are values.
        return unsafe storage.withUnsafeBytes { unsafe $0.loadUnaligned(as: km_sockstorage_value.self) }
    }

    /// Where the program wanted to go, as the programs remember it; nil when they remember no destination.
    /// - Parameter layout: The socket's family, whose half of the union holds it. An IPv6 socket that went to an IPv4
    ///   address remembers the mapped one.
    public func originalDestination(_ layout: AddressFamily) -> SocketAddress? {
        guard let storage, let value = storageValue, value.has_set_ip != 0 else { return nil }
        let tuple = storage.dropFirst(24)
        let (address, port) = layout == .v4 ? (tuple.dropFirst(4).prefix(4), 10) : (tuple.dropFirst(16).prefix(16), 34)
        let portBytes = tuple.dropFirst(port).prefix(2)
        return IPAddress(bytes: address).map {
            SocketAddress($0, port: portBytes.reduce(0) { $0 << 8 | UInt16($1) })
        }
    }
}
