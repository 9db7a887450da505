/// A map with the semantics of BPF_MAP_TYPE_LRU_HASH, as far as these can be told beforehand: a fixed capacity, and a
/// new key beyond it takes the place of the entry that was not looked up or written for the longest time. The kernel
/// only comes near that order, and may evict entries before its map is full.
///
/// Entries stand in one array, linked by age; open addressing with linear probing finds them. Memory grows with the
/// entries, and nothing is allocated by a lookup. A copy is a snapshot.
@frozen
public struct LeastRecentlyUsedMap<Key: MapKey, Value: BitwiseCopyable & Sendable>: Sendable {
    /// Index of an entry; `none` where there is none.
    @usableFromInline typealias Index = Int32
    @inlinable static var none: Index { -1 }

    @frozen
    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline var key: Key
        @usableFromInline var value: Value
        @usableFromInline var hash: UInt64
        /// The neighbours by age; of a free entry `older` is the next free one.
        @usableFromInline var older: Index
        @usableFromInline var younger: Index

        @inlinable
        init(key: Key, value: Value, hash: UInt64, older: Index, younger: Index) {
            self.key = key
            self.value = value
            self.hash = hash
            self.older = older
            self.younger = younger
        }
    }

    /// Most entries of the map (`max_entries`), at least 1.
    public let capacity: Int
    @usableFromInline var entries: [Entry] = []
    /// Positions in `entries`, found by hash. A power of two many, at most 7/8 of them taken; none before the first
    /// insert.
    @usableFromInline var table: [Index] = []
    @usableFromInline var oldest: Index = -1
    @usableFromInline var youngest: Index = -1
    /// The first entry that a delete left behind, and how many there are.
    @usableFromInline var firstFree: Index = -1
    @usableFromInline var freeCount = 0

    public init(capacity: Int) {
        precondition((1...Int(Index.max)).contains(capacity), "a map of \(capacity) entries")
        self.capacity = capacity
    }

    /// Entries in the map.
    @inlinable public var count: Int { entries.count - freeCount }

    /// The value of a key, nil when missing. The entry becomes the youngest.
    @inlinable
    public mutating func lookup(_ key: Key) -> Value? {
        guard let slot = slot(of: key, hash: key.hashBits) else { return nil }
        let index = table[slot]
        touch(index)
        return entries[Int(index)].value
    }

    /// Inserts or replaces (BPF_ANY). The entry becomes the youngest, and a new key in a full map takes the place of
    /// the oldest.
    @inlinable
    public mutating func update(_ key: Key, to value: Value) {
        let hash = key.hashBits
        if let slot = slot(of: key, hash: hash) {
            let index = table[slot]
            entries[Int(index)].value = value
            touch(index)
        } else {
            insert(Entry(key: key, value: value, hash: hash, older: youngest, younger: Self.none))
        }
    }

    /// Deletes an entry.
    /// - Throws: `.missing` when there is none.
    @inlinable
    public mutating func delete(_ key: Key) throws(MapError) {
        guard let slot = slot(of: key, hash: key.hashBits) else { throw .missing }
        remove(at: slot)
    }

    /// Deletes everything.
    public mutating func removeAll() { self = LeastRecentlyUsedMap(capacity: capacity) }

    /// All entries, the oldest first.
    public var entriesByAge: [(key: Key, value: Value)] {
        var list: [(key: Key, value: Value)] = []
        list.reserveCapacity(count)
        var index = oldest
        while index != Self.none {
            let entry = entries[Int(index)]
            list.append((entry.key, entry.value))
            index = entry.younger
        }
        return list
    }

    /// Where in the table the key's entry is named, nil when missing.
    @inlinable
    func slot(of key: Key, hash: UInt64) -> Int? {
        guard !table.isEmpty else { return nil }
        let mask = table.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let index = table[slot]
            if index == Self.none { return nil }
            if entries[Int(index)].hash == hash, entries[Int(index)].key.isSame(as: key) { return slot }
            slot = (slot + 1) & mask
        }
    }

    /// Makes an entry the youngest.
    @inlinable
    mutating func touch(_ index: Index) {
        guard index != youngest else { return }
        unlink(index)
        entries[Int(index)].older = youngest
        entries[Int(index)].younger = Self.none
        entries[Int(youngest)].younger = index
        youngest = index
    }

    /// Takes an entry out of the order of ages.
    @inlinable
    mutating func unlink(_ index: Index) {
        let (older, younger) = (entries[Int(index)].older, entries[Int(index)].younger)
        if older == Self.none { oldest = younger } else { entries[Int(older)].younger = younger }
        if younger == Self.none { youngest = older } else { entries[Int(younger)].older = older }
    }

    /// Inserts an entry that is not there, as the youngest.
    @inlinable
    mutating func insert(_ new: Entry) {
        if count == capacity {
            let key = entries[Int(oldest)].key
            guard let slot = slot(of: key, hash: entries[Int(oldest)].hash) else {
                preconditionFailure("the oldest entry is not in the table")
            }
            remove(at: slot)
        }
        if (count + 1) * 8 > table.count * 7 { grow() }
        // Removing the oldest may have changed who is the youngest.
        var entry = new
        entry.older = youngest
        let index: Index
        if firstFree == Self.none {
            index = Index(entries.count)
            entries.append(entry)
        } else {
            index = firstFree
            firstFree = entries[Int(index)].older
            freeCount -= 1
            entries[Int(index)] = entry
        }
        if youngest == Self.none { oldest = index } else { entries[Int(youngest)].younger = index }
        youngest = index
        place(index)
    }

    /// Deletes the entry that a slot of the table names.
    @inlinable
    mutating func remove(at slot: Int) {
        let index = table[slot]
        unlink(index)
        entries[Int(index)].older = firstFree
        firstFree = index
        freeCount += 1
        // What follows moves up, where the hole is on its way from home: there are no tombstones.
        let mask = table.count - 1
        var (hole, next) = (slot, (slot + 1) & mask)
        while table[next] != Self.none {
            let home = Int(truncatingIfNeeded: entries[Int(table[next])].hash) & mask
            if (next - home) & mask >= (next - hole) & mask {
                table[hole] = table[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        table[hole] = Self.none
    }

    /// Names an entry in the table.
    @inlinable
    mutating func place(_ index: Index) {
        let mask = table.count - 1
        var slot = Int(truncatingIfNeeded: entries[Int(index)].hash) & mask
        while table[slot] != Self.none { slot = (slot + 1) & mask }
        table[slot] = index
    }

    /// Doubles the table.
    @inlinable
    mutating func grow() {
        table = Array(repeating: Self.none, count: max(16, table.count * 2))
        var index = oldest
        while index != Self.none {
            place(index)
            index = entries[Int(index)].younger
        }
    }
}
