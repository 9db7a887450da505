/// A map with the semantics of BPF_MAP_TYPE_HASH: a fixed capacity, E2BIG for a new key beyond it, updates in place,
/// ENOENT when a key to delete is missing.
///
/// Open addressing with linear probing over one array; deletion shifts back, so there are no tombstones. A copy is a
/// snapshot and costs nothing until one of the two changes.
@frozen
public struct HashMap<Key: MapKey & BitwiseCopyable, Value: BitwiseCopyable & Sendable>: Sendable {
    @frozen
    @usableFromInline
    struct Slot: Sendable {
        /// 0 when free, else the upper half of the hash with the lowest bit set.
        @usableFromInline var tag: UInt32
        @usableFromInline var key: Key
        @usableFromInline var value: Value

        @inlinable
        init(tag: UInt32, key: Key, value: Value) {
            self.tag = tag
            self.key = key
            self.value = value
        }
    }

    /// Most entries the map takes (`max_entries`).
    public let capacity: Int
    /// Entries in the map.
    public private(set) var count = 0
    @usableFromInline var slots: [Slot] = []
    /// slots.count - 1; slots.count is a power of two, or 0 before the first insert.
    @usableFromInline var mask = -1

    public init(capacity: Int) { self.capacity = capacity }

    @inlinable
    static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) | 1 }

    /// Where the key's entry is, nil when missing. Valid until the next change.
    @inlinable @inline(__always)
    public func position(of key: Key) -> Int? {
        guard mask >= 0 else { return nil }
        let hash = key.hashBits
        let tag = Self.tag(hash)
        var index = Int(truncatingIfNeeded: hash) & mask
        while true {
            let found = slots[index].tag
            if found == tag, slots[index].key.isSame(as: key) { return index }
            if found == 0 { return nil }
            index = (index + 1) & mask
        }
    }

    /// The value of a key, nil when missing.
    @inlinable @inline(__always)
    public func lookup(_ key: Key) -> Value? {
        guard let position = position(of: key) else { return nil }
        return slots[position].value
    }

    /// Inserts or replaces (BPF_ANY).
    /// - Throws: `.full` for a new key when `capacity` entries are there.
    public mutating func update(_ key: Key, to value: Value) throws(MapError) {
        if let position = position(of: key) {
            slots[position].value = value
            return
        }
        guard count < capacity else { throw .full(capacity: capacity) }
        if (count + 1) * 8 > slots.count * 7 { grow(filler: Slot(tag: 0, key: key, value: value)) }
        insertNew(Slot(tag: Self.tag(key.hashBits), key: key, value: value))
        count += 1
    }

    /// Deletes an entry.
    /// - Throws: `.missing` when there is none.
    public mutating func delete(_ key: Key) throws(MapError) {
        guard var hole = position(of: key) else { throw .missing }
        var next = (hole + 1) & mask
        while slots[next].tag != 0 {
            let home = Int(truncatingIfNeeded: slots[next].key.hashBits) & mask
            // The entry may fill the hole when its home is not between the hole and itself.
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole].tag = 0
        count -= 1
    }

    /// All entries, in the order of their key bytes.
    public var sortedEntries: [(key: Key, value: Value)] {
        slots.filter { $0.tag != 0 }
            .map { (bytes: layoutBytes(of: $0.key), slot: $0) }
            .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
            .map { ($0.slot.key, $0.slot.value) }
    }

    private mutating func insertNew(_ slot: Slot) {
        var index = Int(truncatingIfNeeded: slot.key.hashBits) & mask
        while slots[index].tag != 0 { index = (index + 1) & mask }
        slots[index] = slot
    }

    private mutating func grow(filler: Slot) {
        let old = slots
        slots = Array(repeating: filler, count: max(16, old.count * 2))
        mask = slots.count - 1
        for slot in old where slot.tag != 0 { insertNew(slot) }
    }
}
