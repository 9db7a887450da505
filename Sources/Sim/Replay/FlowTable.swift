import Model

/// Flows by both addresses under which their packets are seen: the one that was asked for, and the one where they go.
///
/// Entries stand in chunks of fixed size, so that growing copies none; an index of 4-byte slots finds them by open
/// addressing with linear probing. A slot holds an entry's number plus 1, which of its two keys this is, and as many
/// bits of the key's hash as there is room for; deletion shifts back. Looking up and counting allocate nothing.
struct FlowTable: Sendable {
    private static let chunkBits = 8
    private static let chunkMask = 1 << chunkBits - 1
    /// Most flows.
    static let limit = 1 << 28

    private var chunks: [[FlowEntry]] = []
    private var slots: [UInt32] = []
    /// Bits of a position in `slots`.
    private var slotBits: UInt64 = 0
    private var slotCount = 0
    /// Numbers of entries that were removed, the latest last.
    private var free: [UInt32] = []
    /// Entries that were ever in use at once.
    private(set) var extent: UInt32 = 0
    /// Where in its round the search for idle flows is.
    private var hand: UInt32 = 0

    /// Flows that are followed.
    var count: Int { Int(extent) - free.count }

    /// Where a packet's flow is, and which way it goes.
    struct Place: Equatable {
        var number: UInt32
        var isForward: Bool
        /// Whether the packet has the address where the flow goes, and that is not the one that was asked for.
        var isFinal: Bool
    }

    // MARK: Looking up

    /// The flow of a packet, nil when none is followed.
    @inline(__always)
    func find(_ key: FlowKey, hash: UInt64) -> Place? {
        guard slotBits > 0 else { return nil }
        let mask = 1 << Int(slotBits) - 1
        let wanted = Self.tag(hash, slotBits)
        let numberMask = UInt32(truncatingIfNeeded: mask)
        var position = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[position]
            if slot == 0 { return nil }
            if slot >> UInt32(slotBits + 1) == wanted {
                let number = slot >> 1 & numberMask &- 1
                let direction = chunks[Int(number >> Self.chunkShift)][Int(number) & Self.chunkMask]
                    .direction(of: key, isFinal: slot & 1 != 0)
                if let direction { return Place(number: number, isForward: direction, isFinal: slot & 1 != 0) }
            }
            position = (position + 1) & mask
        }
    }

    private static let chunkShift = UInt32(chunkBits)

    /// The bits of a hash that a slot keeps beside a number of `bits` bits and the kind of key.
    @inline(__always)
    private static func tag(_ hash: UInt64, _ bits: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: hash >> (33 + bits))
    }

    /// An entry, by its number. Changing its keys breaks the index.
    subscript(number: UInt32) -> FlowEntry {
        @inline(__always) get { chunks[Int(number >> Self.chunkShift)][Int(number) & Self.chunkMask] }
        @inline(__always) _modify { yield &chunks[Int(number >> Self.chunkShift)][Int(number) & Self.chunkMask] }
    }

    // MARK: Changing

    /// Takes a flow in, under both keys; under the one where it goes only when no other has that, so that many flows to
    /// one end do not stand in each other's way.
    /// - Precondition: fewer than `limit` are followed.
    /// - Returns: its number.
    mutating func insert(_ entry: FlowEntry) -> UInt32 {
        // Before the entry is there: growing puts every entry into the new index.
        makeRoom()
        let number: UInt32
        if let last = free.popLast() {
            number = last
            self[number] = entry
        } else {
            precondition(extent < Self.limit, "\(extent) flows")
            number = extent
            extent += 1
            if Int(number) & Self.chunkMask == 0 {
                var chunk: [FlowEntry] = []
                chunk.reserveCapacity(1 << Self.chunkBits)
                chunks.append(chunk)
            }
            chunks[chunks.count - 1].append(entry)
        }
        put(entry.requestedKey.hash, number, isFinal: false)
        putFinal(number)
        return number
    }

    /// Gives up a flow.
    mutating func remove(_ number: UInt32) {
        let entry = self[number]
        take(entry.requestedKey.hash, number, isFinal: false)
        if entry.state.contains(.isFoundByFinal) { take(entry.finalKey.hash, number, isFinal: true) }
        // Marks the place as free.
        self[number].firstPacket = 0
        free.append(number)
    }

    /// Whether a number is in use.
    func isLive(_ number: UInt32) -> Bool { self[number].firstPacket != 0 }

    /// The next number in a round over all that were ever used.
    mutating func nextInRound() -> UInt32? {
        guard extent > 0 else { return nil }
        hand = hand + 1 >= extent ? 0 : hand + 1
        return hand
    }

    private mutating func putFinal(_ number: UInt32) {
        let entry = self[number]
        let isWanted = entry.hasTwoKeys && find(entry.finalKey, hash: entry.finalKey.hash) == nil
        guard isWanted else {
            self[number].state.remove(.isFoundByFinal)
            return
        }
        self[number].state.insert(.isFoundByFinal)
        put(entry.finalKey.hash, number, isFinal: true)
    }

    /// Lets the index take two more keys. At most 7/8 are taken, so that a number plus 1 fits into the bits of a position.
    private mutating func makeRoom() {
        while (slotCount + 2) * 8 > slots.count * 7 { grow() }
    }

    private mutating func put(_ hash: UInt64, _ number: UInt32, isFinal: Bool) {
        slotCount += 1
        place(hash, number, isFinal: isFinal)
    }

    private mutating func place(_ hash: UInt64, _ number: UInt32, isFinal: Bool) {
        let mask = 1 << Int(slotBits) - 1
        var position = Int(truncatingIfNeeded: hash) & mask
        while slots[position] != 0 { position = (position + 1) & mask }
        slots[position] =
            Self.tag(hash, slotBits) << UInt32(slotBits + 1) | (number + 1) << 1 | (isFinal ? 1 : 0)
    }

    private mutating func grow() {
        slotBits = max(slotBits + 1, 6)
        // The old ones are not needed: entries have their keys.
        slots = []
        slots = [UInt32](repeating: 0, count: 1 << Int(slotBits))
        for number in 0..<extent where isLive(number) {
            let entry = self[number]
            place(entry.requestedKey.hash, number, isFinal: false)
            if entry.state.contains(.isFoundByFinal) { place(entry.finalKey.hash, number, isFinal: true) }
        }
    }

    private mutating func take(_ hash: UInt64, _ number: UInt32, isFinal: Bool) {
        let mask = 1 << Int(slotBits) - 1
        let numberMask = UInt32(truncatingIfNeeded: mask)
        var hole = Int(truncatingIfNeeded: hash) & mask
        while slots[hole] >> 1 & numberMask != number + 1 || slots[hole] & 1 != (isFinal ? 1 : 0) {
            hole = (hole + 1) & mask
        }
        var next = (hole + 1) & mask
        while slots[next] != 0 {
            let entry = self[slots[next] >> 1 & numberMask &- 1]
            let key = slots[next] & 1 != 0 ? entry.finalKey : entry.requestedKey
            let home = Int(truncatingIfNeeded: key.hash) & mask
            // The slot may fill the hole when its home is not between the hole and itself.
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = 0
        slotCount -= 1
    }
}
