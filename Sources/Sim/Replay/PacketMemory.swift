import Model

/// Remembers the ports of datagrams whose first fragment was seen; later fragments have none. Direct-mapped: a new one
/// takes the place of another, so that memory is bounded.
struct FragmentMemory: Sendable {
    private struct Slot: Sendable, BitwiseCopyable {
        var source = WideAddress(high: 0, low: 0)
        var destination = WideAddress(high: 0, low: 0)
        var identification: UInt32 = 0
        var sourcePort: UInt16 = 0
        var destinationPort: UInt16 = 0
        var protocolNumber: UInt8 = 0
        var isIPv6 = false
        var isTaken = false
    }

    private static let slotCount = 4096
    private var slots: [Slot] = []

    private static func position(_ outline: PacketOutline, _ identification: UInt32) -> Int {
        let sum =
            outline.source.low ^ outline.source.high &* 31 ^ (outline.destination.low ^ outline.destination.high) &* 131
            ^ UInt64(identification) << 20
        return Int(truncatingIfNeeded: (sum &* 0x9E37_79B9_7F4A_7C15) >> 40) & (slotCount - 1)
    }

    /// Notes a first fragment.
    mutating func note(_ outline: PacketOutline, _ identification: UInt32) {
        if slots.isEmpty { slots = [Slot](repeating: Slot(), count: Self.slotCount) }
        slots[Self.position(outline, identification)] = Slot(
            source: outline.source, destination: outline.destination, identification: identification,
            sourcePort: outline.sourcePort, destinationPort: outline.destinationPort,
            protocolNumber: outline.protocolNumber.rawValue, isIPv6: outline.family == .v6, isTaken: true)
    }

    /// The ports of a later fragment's datagram.
    func ports(of outline: PacketOutline, _ identification: UInt32) -> (source: UInt16, destination: UInt16)? {
        guard !slots.isEmpty else { return nil }
        let slot = slots[Self.position(outline, identification)]
        guard slot.isTaken, slot.source == outline.source, slot.destination == outline.destination,
            slot.identification == identification, slot.isIPv6 == (outline.family == .v6),
            slot.protocolNumber == outline.protocolNumber.rawValue
        else { return nil }
        return (slot.sourcePort, slot.destinationPort)
    }
}

/// Remembers packets by a hash of their bytes, a bounded number of them.
struct RecentPackets: Sendable {
    private struct Slot: Sendable, BitwiseCopyable {
        var hash: UInt64 = 0
        var place: Int32 = -1
    }

    private static let slotCount = 16_384
    private var slots: [Slot] = []

    /// Spreads a packet over 64 bits, but for what routers change: TTL and checksum, hop limit.
    static func hash(_ packet: RawSpan) -> UInt64 {
        guard packet.byteCount >= 20 else { return 0 }
        let isIPv6 = packet.byte(at: 0) >> 4 == 6
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(packet.byteCount)
        var offset = 0
        while offset + 8 <= packet.byteCount {
            var word = packet.network64(at: offset)
            if offset == 8, !isIPv6 { word &= 0x00ff_0000_ffff_ffff }
            if offset == 0, isIPv6 { word &= ~0xff }
            hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
            offset += 8
        }
        while offset < packet.byteCount {
            hash = (hash ^ UInt64(packet.byte(at: offset))) &* 0x100_0000_01b3
            offset += 1
        }
        return hash == 0 ? 1 : hash
    }

    /// Notes a packet, and where it was seen.
    mutating func note(_ hash: UInt64, at place: Int) {
        if slots.isEmpty { slots = [Slot](repeating: Slot(), count: Self.slotCount) }
        slots[Int(truncatingIfNeeded: hash >> 32) & (Self.slotCount - 1)] = Slot(hash: hash, place: Int32(place))
    }

    /// Where a packet was seen last, as far as is remembered.
    func place(of hash: UInt64) -> Int? {
        guard !slots.isEmpty else { return nil }
        let slot = slots[Int(truncatingIfNeeded: hash >> 32) & (Self.slotCount - 1)]
        return slot.hash == hash && slot.place >= 0 ? Int(slot.place) : nil
    }

    /// Forgets a packet.
    mutating func forget(_ hash: UInt64) {
        guard !slots.isEmpty else { return }
        let position = Int(truncatingIfNeeded: hash >> 32) & (Self.slotCount - 1)
        if slots[position].hash == hash { slots[position] = Slot() }
    }
}
