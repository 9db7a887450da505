import Model

/// Puts the fragments of IP packets together, in bounded memory: the oldest of too many unfinished packets goes.
/// Source: RFC 791 §3.2, RFC 8200 §4.5. Fragments that overlap with other bytes are refused (RFC 5722).
struct FragmentStore {
    /// More packets at a time are not kept.
    static let packetLimit = 64
    /// An IP packet's data have at most so many bytes.
    static let byteLimit = 65_535

    /// By what the fragments of a packet are known.
    struct Key: Hashable {
        var addresses: AddressPair
        var identification: UInt32
        var protocolNumber: IPProtocol
    }

    private struct Unfinished {
        var key: Key
        var data: [UInt8] = []
        /// What is there, in order and apart.
        var parts: [Range<Int>] = []
        /// Of the whole, once the last fragment was seen.
        var byteCount: Int?
        var fragmentCount = 0

        /// - Returns: false when the bytes contradict what is there.
        mutating func add(_ bytes: RawSpan, at offset: Int, isLast: Bool) -> Bool {
            let range = offset..<offset + bytes.byteCount
            guard range.upperBound <= FragmentStore.byteLimit, !range.isEmpty else { return false }
            if isLast {
                guard byteCount == nil || byteCount == range.upperBound, data.count <= range.upperBound else {
                    return false
                }
                byteCount = range.upperBound
            } else if let byteCount, range.upperBound > byteCount {
                return false
            }
            if let same = parts.firstIndex(where: { $0.overlaps(range) }) {
                // The same fragment again is harmless, anything else is not.
                return parts[same].clamped(to: range) == range
                    && range.indices.allSatisfy { data[$0] == bytes.byte(at: $0 - offset) }
            }
            if data.count < range.upperBound {
                data.append(contentsOf: repeatElement(0, count: range.upperBound - data.count))
            }
            for index in 0..<bytes.byteCount { data[offset + index] = bytes.byte(at: index) }
            let place = parts.firstIndex { $0.lowerBound > offset } ?? parts.count
            parts.insert(range, at: place)
            joinParts(around: place)
            return true
        }

        private mutating func joinParts(around place: Int) {
            if place + 1 < parts.count, parts[place].upperBound == parts[place + 1].lowerBound {
                parts[place] = parts[place].lowerBound..<parts[place + 1].upperBound
                parts.remove(at: place + 1)
            }
            if place > 0, parts[place - 1].upperBound == parts[place].lowerBound {
                parts[place - 1] = parts[place - 1].lowerBound..<parts[place].upperBound
                parts.remove(at: place)
            }
        }

        var isWhole: Bool { byteCount != nil && parts.count == 1 && parts[0] == 0..<(byteCount ?? 0) }
    }

    /// The oldest first.
    private var unfinished: [Unfinished] = []
    /// Fragments of packets that were given up.
    private(set) var lostFragmentCount: UInt64 = 0
    /// Packets that were given up.
    private(set) var lostPacketCount: UInt64 = 0

    /// Takes a fragment.
    /// - Returns: The packet's data where this was the one that was missing, and of how many fragments.
    mutating func add(
        _ bytes: RawSpan, of key: Key, at offset: Int, isLast: Bool
    ) -> (data: [UInt8], fragmentCount: Int)? {
        let index: Int
        if let known = unfinished.firstIndex(where: { $0.key == key }) {
            index = known
        } else {
            if unfinished.count == Self.packetLimit { giveUp(at: 0) }
            index = unfinished.count
            unfinished.append(Unfinished(key: key))
        }
        unfinished[index].fragmentCount += 1
        guard unfinished[index].add(bytes, at: offset, isLast: isLast) else {
            giveUp(at: index)
            return nil
        }
        guard unfinished[index].isWhole else { return nil }
        let whole = unfinished.remove(at: index)
        return (whole.data, whole.fragmentCount)
    }

    /// Gives up everything that is unfinished.
    mutating func finish() {
        while !unfinished.isEmpty { giveUp(at: 0) }
    }

    private mutating func giveUp(at index: Int) {
        lostPacketCount += 1
        lostFragmentCount += UInt64(unfinished.remove(at: index).fragmentCount)
    }
}
