/// An IP packet that is changed as a socket would have sent it otherwise: other addresses, a header before its payload,
/// other sequence numbers. Lengths and checksums follow, the latter by their difference (RFC 1624), so that a right one
/// stays right and a wrong one wrong. The room of one packet serves the next.
public struct PacketEditor: Sendable {
    /// From the IP header on.
    public private(set) var bytes: [UInt8] = []
    /// Of `bytes` as they are.
    public private(set) var outline: PacketOutline
    /// How many of the first `bytes` come from the capture, or were put between those: the others are zeros.
    public private(set) var heldByteCount = 0

    /// An editor of nothing.
    public init() {
        outline = PacketOutline(
            source: WideAddress(high: 0, low: 0), destination: WideAddress(high: 0, low: 0), family: .v4)
    }

    /// Takes a packet over. What the capture does not hold of it counts as zeros; padding behind it is left out.
    public mutating func load(_ packet: RawSpan, _ outline: PacketOutline) {
        self.outline = outline
        bytes.removeAll(keepingCapacity: true)
        heldByteCount = min(packet.byteCount, outline.byteCount)
        for offset in 0..<heldByteCount { bytes.append(packet.byte(at: offset)) }
        for _ in heldByteCount..<outline.byteCount { bytes.append(0) }
    }

    /// Whether there is a TCP header.
    public var isTCP: Bool { outline.protocolNumber == .tcp && !isLaterFragment }

    private var isLaterFragment: Bool { outline.fragment?.isLater == true }

    /// Where the checksum over the payload and the addresses is; nil where there is none.
    private var checksumOffset: Int? {
        guard !isLaterFragment else { return nil }
        switch outline.protocolNumber {
        case .tcp: return outline.transportOffset + 16
        case .udp:
            let offset = outline.transportOffset + 6
            // 0 says that there is no checksum.
            return network16(at: offset) == 0 ? nil : offset
        case .icmpv6: return bytes.count >= outline.transportOffset + 4 ? outline.transportOffset + 2 : nil
        default: return nil
        }
    }

    // MARK: Addresses

    /// Gives the packet another source; the port of one that has ports.
    public mutating func setSource(_ new: SocketAddress) {
        setAddress(new.address, at: outline.family == .v4 ? 12 : 8)
        outline.source = WideAddress(new.address)
        guard hasPorts else { return }
        set16(new.port, at: outline.transportOffset, checksum: checksumOffset)
        outline.sourcePort = new.port
    }

    /// Gives the packet another destination; the port of one that has ports.
    public mutating func setDestination(_ new: SocketAddress) {
        setAddress(new.address, at: outline.family == .v4 ? 16 : 24)
        outline.destination = WideAddress(new.address)
        guard hasPorts else { return }
        set16(new.port, at: outline.transportOffset + 2, checksum: checksumOffset)
        outline.destinationPort = new.port
    }

    private var hasPorts: Bool {
        !isLaterFragment && (outline.protocolNumber == .tcp || outline.protocolNumber == .udp)
    }

    /// - Precondition: The address is of the packet's family.
    private mutating func setAddress(_ address: IPAddress, at offset: Int) {
        precondition(address.family == outline.family, "\(address) in a packet of the other family")
        let transport = checksumOffset
        let header = outline.family == .v4 ? Self.ipv4ChecksumOffset : nil
        let wide = WideAddress(address)
        let words = outline.family == .v4 ? 2 : 8
        for index in 0..<words {
            let bit = UInt64(words - 1 - index) * 16
            let word = UInt16(truncatingIfNeeded: bit >= 64 ? wide.high >> (bit - 64) : wide.low >> bit)
            let position = offset + index * 2
            let old = network16(at: position)
            if let header { adjust(header, from: old, to: word) }
            if let transport { adjust(transport, from: old, to: word) }
            store16(word, at: position)
        }
    }

    // MARK: TCP

    private static let ipv4ChecksumOffset = 10

    /// Where the payload begins.
    /// - Precondition: `isTCP`.
    public var payloadOffset: Int { outline.transportOffset + Int(bytes[outline.transportOffset + 12] >> 4) * 4 }
    public var payloadByteCount: Int { max(0, bytes.count - payloadOffset) }
    /// - Precondition: `isTCP`, as for what follows.
    public var sequence: UInt32 { network32(at: outline.transportOffset + 4) }
    public var acknowledgement: UInt32 { network32(at: outline.transportOffset + 8) }

    /// Changes the sequence number.
    public mutating func setSequence(_ new: UInt32) { set32(new, at: outline.transportOffset + 4) }

    /// Adds to acknowledgements, selective ones too, that acknowledge anything behind a sequence number.
    /// - Returns: whether anything changed.
    public mutating func shiftAcknowledgements(behind base: UInt32, by count: UInt32) -> Bool {
        var isChanged = shift(at: outline.transportOffset + 8, behind: base, by: count)
        var option = outline.transportOffset + TCPHeader.fixedByteCount
        let end = min(payloadOffset, bytes.count)
        // Kinds: 0 ends the options, 1 fills, 5 is SACK; the others say their length. Source: RFC 9293 §3.2, RFC 2018.
        while option < end, bytes[option] != 0 {
            guard bytes[option] != 1 else {
                option += 1
                continue
            }
            guard option + 1 < end, bytes[option + 1] >= 2, option + Int(bytes[option + 1]) <= end else { break }
            let next = option + Int(bytes[option + 1])
            if bytes[option] == 5 {
                for edge in stride(from: option + 2, through: next - 4, by: 4) {
                    if shift(at: edge, behind: base, by: count) { isChanged = true }
                }
            }
            option = next
        }
        return isChanged
    }

    private mutating func shift(at offset: Int, behind base: UInt32, by count: UInt32) -> Bool {
        let old = network32(at: offset)
        guard Int32(bitPattern: old &- base) > 0 else { return false }
        set32(old &+ count, at: offset)
        return true
    }

    /// Puts a header before the payload.
    /// - Precondition: It has an even number of bytes, and the packet does not become too long for its length field.
    public mutating func insertBeforePayload(_ header: [UInt8]) {
        let checksum = outline.transportOffset + 16
        let offset = payloadOffset
        let old = bytes.count
        precondition(header.count.isMultiple(of: 2), "a header of \(header.count) bytes")
        for index in stride(from: 0, to: header.count, by: 2) {
            adjust(checksum, from: 0, to: UInt16(header[index]) << 8 | UInt16(header[index + 1]))
        }
        bytes.insert(contentsOf: header, at: offset)
        if heldByteCount >= offset { heldByteCount += header.count }
        // The pseudo-header has the length of TCP header and payload.
        let segment = UInt16(truncatingIfNeeded: old - outline.transportOffset)
        adjust(checksum, from: segment, to: segment &+ UInt16(header.count))
        setLength()
    }

    // MARK: Segments

    /// Into how many segments the packet is cut for a limit on their size: 1 for a packet that fits.
    public func segmentCount(limit: Int) -> Int {
        guard isTCP, outline.fragment == nil, bytes.count > limit, limit > payloadOffset else { return 1 }
        return (payloadByteCount + limit - payloadOffset - 1) / (limit - payloadOffset)
    }

    /// Makes one segment of the packet, as segmentation offload does: FIN and PSH on the last, the checksum made anew.
    public func segment(_ index: Int, limit: Int, into segment: inout PacketEditor) {
        let (start, room) = (payloadOffset, limit - payloadOffset)
        let from = start + index * room
        let to = min(from + room, bytes.count)
        segment.outline = outline
        segment.bytes.removeAll(keepingCapacity: true)
        segment.bytes.append(contentsOf: bytes[..<start])
        segment.bytes.append(contentsOf: bytes[from..<to])
        segment.heldByteCount = min(heldByteCount, start) + max(0, min(heldByteCount, to) - from)
        segment.store32(sequence &+ UInt32(index * room), at: outline.transportOffset + 4)
        if to < bytes.count {
            segment.bytes[outline.transportOffset + 13] &= ~(TCPFlags.fin.rawValue | TCPFlags.psh.rawValue)
            segment.outline.tcpFlags.subtract([.fin, .psh])
        }
        if outline.family == .v4, index > 0 {
            let old = network16(at: 4)
            segment.set16(old &+ UInt16(truncatingIfNeeded: index), at: 4, checksum: Self.ipv4ChecksumOffset)
        }
        segment.setLength()
        segment.makeChecksum()
    }

    /// Writes the packet's length into its IP header.
    private mutating func setLength() {
        outline.byteCount = bytes.count
        switch outline.family {
        case .v4: set16(UInt16(truncatingIfNeeded: bytes.count), at: 2, checksum: Self.ipv4ChecksumOffset)
        case .v6: store16(UInt16(truncatingIfNeeded: bytes.count - IPv6Header.byteCount), at: 4)
        }
    }

    /// Computes the TCP checksum from all that it covers.
    private mutating func makeChecksum() {
        let offset = outline.transportOffset
        store16(0, at: offset + 16)
        var sum = UInt64(IPProtocol.tcp.rawValue) + UInt64(bytes.count - offset)
        let addresses = outline.family == .v4 ? 12..<20 : 8..<40
        for position in stride(from: addresses.lowerBound, to: addresses.upperBound, by: 2) {
            sum += UInt64(network16(at: position))
        }
        for position in stride(from: offset, to: bytes.count - 1, by: 2) { sum += UInt64(network16(at: position)) }
        if !(bytes.count - offset).isMultiple(of: 2) { sum += UInt64(bytes[bytes.count - 1]) << 8 }
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        store16(~UInt16(sum), at: offset + 16)
    }

    // MARK: Bytes

    /// Changes a checksum as one of the words under it changes. Source: RFC 1624 §3, equation 3.
    private mutating func adjust(_ offset: Int, from old: UInt16, to new: UInt16) {
        var sum = UInt32(~network16(at: offset)) + UInt32(~old) + UInt32(new)
        sum = (sum & 0xffff) + sum >> 16
        sum = (sum & 0xffff) + sum >> 16
        var checksum = ~UInt16(sum)
        // In UDP 0 would mean that there is none.
        if checksum == 0, outline.protocolNumber == .udp, offset == outline.transportOffset + 6 { checksum = 0xffff }
        store16(checksum, at: offset)
    }

    private mutating func set16(_ new: UInt16, at offset: Int, checksum: Int?) {
        if let checksum { adjust(checksum, from: network16(at: offset), to: new) }
        store16(new, at: offset)
    }

    /// Of a TCP header.
    private mutating func set32(_ new: UInt32, at offset: Int) {
        let checksum = outline.transportOffset + 16
        // An odd offset (an option behind a filler) puts the number's bytes into the other halves of the words.
        if (offset - outline.transportOffset).isMultiple(of: 2) {
            set16(UInt16(truncatingIfNeeded: new >> 16), at: offset, checksum: checksum)
            set16(UInt16(truncatingIfNeeded: new), at: offset + 2, checksum: checksum)
        } else {
            for index in 0..<4 {
                let byte = UInt8(truncatingIfNeeded: new >> UInt32(24 - 8 * index))
                let position = offset + index
                let isHigh = (position - outline.transportOffset).isMultiple(of: 2)
                let old = bytes[position]
                adjust(
                    checksum, from: isHigh ? UInt16(old) << 8 : UInt16(old),
                    to: isHigh ? UInt16(byte) << 8 : UInt16(byte))
                bytes[position] = byte
            }
        }
    }

    private func network16(at offset: Int) -> UInt16 { UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) }
    private func network32(at offset: Int) -> UInt32 {
        UInt32(network16(at: offset)) << 16 | UInt32(network16(at: offset + 2))
    }
    private mutating func store16(_ value: UInt16, at offset: Int) {
        bytes[offset] = UInt8(value >> 8)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
    }
    private mutating func store32(_ value: UInt32, at offset: Int) {
        store16(UInt16(value >> 16), at: offset)
        store16(UInt16(truncatingIfNeeded: value), at: offset + 2)
    }
}
