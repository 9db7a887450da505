import Model

/// Puts fragments of packets for a node itself together again. Bounded: the oldest packet goes when there are too many.
///
/// Source: Linux, net/ipv4/ip_fragment.c and net/ipv6/reassembly.c; there packets also go after 30 and 60 seconds.
struct Reassembly {
    /// Packets that are put together at a time.
    static let limit = 256
    /// A packet's largest size, its header included.
    static let byteLimit = 65_535

    /// What tells packets apart. Source: RFC 791 §3.2, RFC 8200 §4.5.
    struct Key: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var identification: UInt32
        /// Of IPv4; in IPv6 all count as one.
        var protocolNumber: UInt8

        init(_ head: PacketHead, _ field: FragmentField) {
            (source, destination) = (head.source, head.destination)
            identification = field.identification
            protocolNumber = head.family == .v4 ? head.protocolNumber.rawValue : 0
        }
    }

    enum Outcome: Hashable {
        case waiting
        /// It overlaps others, repeats one with other bytes or reaches too far: the whole packet is given up.
        case refused
        case whole(Whole)
    }

    /// What a whole packet goes on with.
    struct Whole: Hashable {
        /// The first fragment's header, what the fragment header named in the place of it.
        var bytes: [UInt8]
        /// Of the first fragment.
        var mark: PacketMark
        /// Of the whole packet.
        var byteCount: Int
        /// Whether the capture held all of each fragment.
        var hasAllBytes: Bool
        /// Whether any fragment met congestion.
        var isCongested: Bool
    }

    /// One fragment behind its headers.
    struct Part {
        var field: FragmentField
        /// Where its data begin and end in `bytes`.
        var range: Range<Int>
        var mark: PacketMark
        var trafficClass: UInt8
        /// Of a first fragment: whether its packet is taken for ESP.
        var isESP: Bool
    }

    fileprivate struct Packet {
        let key: Key
        /// Of the first fragment, up to the fragment header.
        var header: [UInt8] = []
        var mark = PacketMark.none
        var payload: [UInt8] = []
        /// Which bytes of the payload are there: disjoint, sorted.
        var ranges: [Range<Int>] = []
        /// Of the whole payload, known with the last fragment.
        var byteCount: Int?
        var hasAllBytes = true
        var isCongested = false
        /// nil as long as the first fragment is missing.
        var isESP: Bool?
    }

    private var packets: [Packet] = []

    /// Takes one fragment.
    /// - Parameter header: The packet's bytes in front of the data, without the fragment header.
    mutating func take(_ part: Part, of key: Key, header: [UInt8], _ bytes: RawSpan) -> Outcome {
        let index = index(of: key)
        let start = part.field.byteOffset
        let range = start..<start + part.range.count
        guard !range.isEmpty, range.upperBound + header.count <= Self.byteLimit,
            part.field.hasMore ? range.count.isMultiple(of: 8) : packets[index].fits(end: range.upperBound)
        else {
            packets.remove(at: index)
            return .refused
        }
        // The same fragment once more is without effect, whatever its bytes. Source: Linux, inet_frag_queue_insert.
        if packets[index].ranges.contains(range) { return .waiting }
        guard !packets[index].ranges.contains(where: { $0.overlaps(range) }),
            range.upperBound <= packets[index].byteCount ?? .max
        else {
            packets.remove(at: index)
            return .refused
        }
        packets[index].store(part, at: range, header: header, bytes)
        guard packets[index].isWhole else { return .waiting }
        return .whole(packets.remove(at: index).whole)
    }

    /// Whether the first fragment of a packet that waits was taken for ESP; nil without that.
    mutating func isESP(_ key: Key) -> Bool? {
        guard let index = packets.firstIndex(where: { $0.key == key }) else { return nil }
        return packets[index].isESP
    }

    private mutating func index(of key: Key) -> Int {
        if let index = packets.firstIndex(where: { $0.key == key }) { return index }
        if packets.count == Self.limit { packets.removeFirst() }
        packets.append(Packet(key: key))
        return packets.count - 1
    }
}

extension Reassembly.Packet {
    /// Whether the last fragment may end there.
    fileprivate func fits(end: Int) -> Bool {
        (byteCount ?? end) == end && (ranges.last?.upperBound ?? 0) <= end
    }

    fileprivate mutating func store(_ part: Reassembly.Part, at range: Range<Int>, header: [UInt8], _ bytes: RawSpan) {
        if payload.count < range.upperBound {
            payload.append(contentsOf: repeatElement(0, count: range.upperBound - payload.count))
        }
        let end = min(part.range.upperBound, bytes.byteCount)
        for (place, offset) in zip(range, part.range.lowerBound..<max(end, part.range.lowerBound)) {
            payload[place] = bytes.byte(at: offset)
        }
        if end < part.range.upperBound { hasAllBytes = false }
        if part.trafficClass & ECN.mask == ECN.congested { isCongested = true }
        if range.lowerBound == 0 {
            self.header = header
            mark = part.mark
            isESP = part.isESP
        }
        if !part.field.hasMore { byteCount = range.upperBound }
        let place = ranges.firstIndex { $0.lowerBound > range.lowerBound } ?? ranges.endIndex
        ranges.insert(range, at: place)
    }

    fileprivate var isWhole: Bool {
        guard let byteCount else { return false }
        return ranges.reduce(0) { $0 + $1.count } == byteCount
    }

    fileprivate var whole: Reassembly.Whole {
        Reassembly.Whole(
            bytes: header + payload, mark: mark, byteCount: header.count + payload.count, hasAllBytes: hasAllBytes,
            isCongested: isCongested)
    }
}
