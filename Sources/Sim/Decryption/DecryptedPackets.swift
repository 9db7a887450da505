import Model

/// The packets that were decrypted last: on a node's own interface each is seen a second time, in clear.
struct DecryptedPackets {
    /// How many packets later the second form may come. Linux takes up to 64 packets from each of a network card's
    /// queues before it hands on what it decrypted; this is enough for four. Source: Linux, NAPI_POLL_WEIGHT.
    static let reach: UInt64 = 256

    private struct Entry {
        var digest: UInt64
        /// Which of all packets.
        var number: UInt64
    }

    /// At the number's remainder by `reach`: what is overwritten is out of reach.
    private var entries = [Entry?](repeating: nil, count: Int(reach))

    /// Takes note of an inner packet.
    /// - Parameter number: Of the ESP packet, among all that were taken.
    mutating func insert(_ packet: RawSpan, number: UInt64) {
        entries[Int(number % Self.reach)] = Entry(digest: packet.digest, number: number)
    }

    /// Whether the packet was decrypted just before; once for each.
    mutating func remove(_ packet: RawSpan, number: UInt64) -> Bool {
        let digest = packet.digest
        let index = entries.firstIndex { entry in
            guard let entry else { return false }
            return entry.digest == digest && number - entry.number <= Self.reach
        }
        guard let index else { return false }
        entries[index] = nil
        return true
    }
}

extension RawSpan {
    /// Tells contents apart. Source: FNV-1a, 64 bits.
    fileprivate var digest: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in 0..<byteCount { hash = (hash ^ UInt64(byte(at: index))) &* 0x100_0000_01b3 }
        return hash
    }
}
