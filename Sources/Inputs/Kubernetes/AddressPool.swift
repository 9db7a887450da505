import Model

/// Hands out the addresses of a prefix in turn, so that one that was given back comes last.
struct AddressPool: Hashable, Sendable {
    /// Left out at the start of each prefix: the network and its gateway.
    static let reservedCount: UInt64 = 2

    /// From where the addresses come.
    let prefix: Prefix
    private var nextOffset = AddressPool.reservedCount

    /// A pool of which nothing is handed out yet.
    init(_ prefix: Prefix) {
        self.prefix = prefix
    }

    /// One past the last offset; IPv4 keeps its broadcast address.
    private var endOffset: UInt64 { prefix.address.family == .v4 ? prefix.addressCount - 1 : prefix.addressCount }

    /// The next address that is not taken, nil when there is none.
    mutating func take(avoiding taken: Set<IPAddress>) -> IPAddress? {
        guard endOffset > Self.reservedCount else { return nil }
        // Among one more address than are taken, one is free.
        for _ in 0..<min(endOffset - Self.reservedCount, UInt64(taken.count) + 1) {
            let address = prefix.network.advanced(by: nextOffset)
            nextOffset = nextOffset + 1 < endOffset ? nextOffset + 1 : Self.reservedCount
            if !taken.contains(address) { return address }
        }
        return nil
    }
}
