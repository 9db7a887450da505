import Model

/// How a packet is cut to fit a link: every part but the last as large as fits, a multiple of 8 bytes.
/// Source: Linux, ip_do_fragment and ip6_fragment.
struct Fragments {
    /// Of the IPv6 fragment header. Source: RFC 8200 §4.5.
    static let headerByteCount = 8

    let count: Int
    /// Of every part but the last.
    private let partByteCount: Int

    /// - Returns: nil where not even 8 bytes of a packet fit.
    init?(of head: PacketHead, limit: Int) {
        let room = limit - head.headerByteCount - (head.family == .v6 ? Self.headerByteCount : 0)
        partByteCount = room & ~7
        guard partByteCount > 0 else { return nil }
        let payload = head.byteCount - head.headerByteCount
        // The last part may use all of the room.
        let rest = max(payload - room, 0)
        count = 1 + (rest + partByteCount - 1) / partByteCount
    }

    /// Writes one fragment into a buffer.
    /// - Parameters:
    ///   - bytes: Of the whole packet, of which the capture may hold less.
    ///   - identification: Of the packet, for IPv6.
    /// - Returns: Its head.
    func write(
        _ index: Int, of bytes: RawSpan, _ head: PacketHead, _ identification: UInt32, into buffer: inout [UInt8]
    ) -> PacketHead {
        let first = head.headerByteCount + index * partByteCount
        let isLast = index == count - 1
        let end = isLast ? head.byteCount : first + partByteCount
        var piece = head
        buffer.removeAll(keepingCapacity: true)
        buffer.append(bytes, 0..<head.headerByteCount)
        switch head.family {
        case .v4:
            piece.fragment.byteOffset += index * partByteCount
            piece.fragment.hasMore = head.fragment.hasMore || !isLast
            piece.byteCount = head.headerByteCount + end - first
            buffer.store(network16: piece.fragmentWord, at: 6)
            if index > 0 { buffer.dropOptionsOfFirstFragment(head.headerByteCount) }
        case .v6:
            piece.protocolNumber = .fragment
            piece.byteCount = head.headerByteCount + Self.headerByteCount + end - first
            buffer[6] = IPProtocol.fragment.rawValue
            buffer.append(head.protocolNumber.rawValue)
            buffer.append(0)
            buffer.append(network16: UInt16(truncatingIfNeeded: index * partByteCount) | (isLast ? 0 : 1))
            buffer.append(network32: identification)
        }
        let lengthField = head.family == .v4 ? piece.byteCount : piece.byteCount - IPv6Header.byteCount
        buffer.store(network16: UInt16(truncatingIfNeeded: lengthField), at: head.family == .v4 ? 2 : 4)
        buffer.append(bytes, first..<end)
        if head.family == .v4 {
            buffer[1] = head.trafficClass
            buffer[8] = head.timeToLive
            buffer.setChecksum(at: 0, headerByteCount: head.headerByteCount)
        } else {
            buffer.patch(piece)
        }
        return piece
    }
}

extension [UInt8] {
    /// Makes IPv4 options that are not to be copied no-operations. Source: Linux, ip_options_fragment.
    fileprivate mutating func dropOptionsOfFirstFragment(_ headerByteCount: Int) {
        var offset = IPv4Header.fixedByteCount
        while offset < headerByteCount, self[offset] != 0 {
            guard self[offset] != 1 else {
                offset += 1
                continue
            }
            guard offset + 1 < headerByteCount, self[offset + 1] >= 2, offset + Int(self[offset + 1]) <= headerByteCount
            else { return }
            let end = offset + Int(self[offset + 1])
            if self[offset] & 0x80 == 0 {
                for place in offset..<end { self[place] = 1 }
            }
            offset = end
        }
    }
}
