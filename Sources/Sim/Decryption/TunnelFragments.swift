import Model

/// Fragments of packets between nodes, until it is known what their packets carry. Bounded as the reassembly is.
struct TunnelFragments {
    /// What a packet carries, as far as its fragments have told.
    enum Content {
        case esp
        case other
        /// The first fragment of a UDP packet, or the headers that it has, are missing.
        case unknown
    }

    /// The fragments of one packet that were seen.
    struct Seen {
        let key: Reassembly.Key
        /// Of the one that came first.
        let place: DecryptionReport.Place
        var count: UInt64 = 0
        /// Of their data.
        var byteCount = 0
        /// What they name: the first fragment, where it was seen.
        var next: IPProtocol
        var content = Content.unknown

        var addresses: AddressPair { AddressPair(source: key.source, destination: key.destination) }
    }

    private var reassembly = Reassembly()
    /// The oldest first.
    private var seen: [Seen] = []
    private var lost: [Seen] = []

    /// Takes a fragment.
    /// - Returns: The packet's data where this was the one that was missing, and what they were made of.
    mutating func take(
        _ part: FragmentPart, _ content: Content, _ packet: RawSpan, at place: DecryptionReport.Place
    ) -> (whole: Reassembly.Whole, Seen)? {
        let key = part.key
        let index = index(of: key, part.next, at: place)
        seen[index].count += 1
        seen[index].byteCount += part.range.count
        if !part.field.isLater { seen[index].next = part.next }
        if content != .unknown { seen[index].content = content }
        let fragment = Reassembly.Part(
            field: part.field, range: part.range, mark: .none, trafficClass: 0, isESP: content == .esp)
        switch reassembly.take(fragment, of: key, header: [], packet) {
        case .waiting: return nil
        case .refused:
            lost.append(seen.remove(at: index))
            return nil
        case .whole(let whole): return (whole, seen.remove(at: index))
        }
    }

    /// Packets that were given up since the last call: their fragments contradict each other, or there are too many.
    mutating func takeLost() -> [Seen] {
        guard !lost.isEmpty else { return [] }
        defer { lost.removeAll() }
        return lost
    }

    /// Gives up everything that is unfinished.
    mutating func takeAll() -> [Seen] {
        defer { seen.removeAll() }
        return seen
    }

    private mutating func index(
        of key: Reassembly.Key, _ next: IPProtocol, at place: DecryptionReport.Place
    ) -> Int {
        if let index = seen.firstIndex(where: { $0.key == key }) { return index }
        if seen.count == Reassembly.limit { lost.append(seen.removeFirst()) }
        seen.append(Seen(key: key, place: place, next: next))
        return seen.count - 1
    }
}
