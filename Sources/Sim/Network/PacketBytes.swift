import Model

/// Writing packets into buffers.
extension [UInt8] {
    /// Appends a range of a packet, as far as its bytes are there.
    mutating func append(_ bytes: RawSpan, _ range: Range<Int>) {
        let end = Swift.min(range.upperBound, bytes.byteCount)
        guard range.lowerBound < end else { return }
        // In bounds: cut to the span's bytes above.
        unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0[range.lowerBound..<end]) }
    }

    mutating func append(network16 value: UInt16) {
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    mutating func append(network32 value: UInt32) {
        append(network16: UInt16(truncatingIfNeeded: value >> 16))
        append(network16: UInt16(truncatingIfNeeded: value))
    }

    mutating func append(_ address: IPAddress) {
        switch address {
        case .v4(let bits): append(network32: bits)
        case .v6(let high, let low):
            for half in [high, low] {
                append(network32: UInt32(truncatingIfNeeded: half >> 32))
                append(network32: UInt32(truncatingIfNeeded: half))
            }
        }
    }

    mutating func store(network16 value: UInt16, at offset: Int) {
        self[offset] = UInt8(truncatingIfNeeded: value >> 8)
        self[offset + 1] = UInt8(truncatingIfNeeded: value)
    }

    /// The sum of a range for a checksum.
    func sum(_ range: Range<Int>) -> UInt64 {
        // Bytes have no padding that could be uninitialized.
        InternetChecksum.sum(unsafe span.bytes, range)
    }

    /// Appends an IP header without options.
    mutating func append(header head: PacketHead) {
        switch head.family {
        case .v4:
            let start = count
            append(0x45)
            append(head.trafficClass)
            append(network16: UInt16(truncatingIfNeeded: head.byteCount))
            append(network16: UInt16(truncatingIfNeeded: head.fragment.identification))
            append(network16: head.fragmentWord)
            append(head.timeToLive)
            append(head.protocolNumber.rawValue)
            append(network16: 0)
            append(head.source)
            append(head.destination)
            setChecksum(at: start, headerByteCount: IPv4Header.fixedByteCount)
        case .v6:
            append(network32: 6 << 28 | UInt32(head.trafficClass) << 20 | head.flowLabel)
            append(network16: UInt16(truncatingIfNeeded: head.byteCount - IPv6Header.byteCount))
            append(head.protocolNumber.rawValue)
            append(head.timeToLive)
            append(head.source)
            append(head.destination)
        }
    }

    /// Brings a packet's header up to what changed on its way.
    mutating func patch(_ head: PacketHead) {
        switch head.family {
        case .v4:
            guard self[1] != head.trafficClass || self[8] != head.timeToLive else { return }
            self[1] = head.trafficClass
            self[8] = head.timeToLive
            setChecksum(at: 0, headerByteCount: head.headerByteCount)
        case .v6:
            self[0] = 0x60 | head.trafficClass >> 4
            self[1] = head.trafficClass << 4 | self[1] & 15
            self[7] = head.timeToLive
        }
    }

    /// Makes the checksum of an IPv4 header right.
    mutating func setChecksum(at start: Int, headerByteCount: Int) {
        store(network16: 0, at: start + IPv4Layout.checksum)
        let checksum = InternetChecksum.folded(sum(start..<start + headerByteCount))
        store(network16: checksum, at: start + IPv4Layout.checksum)
    }
}

extension PacketHead {
    /// Flags and fragment offset of an IPv4 header.
    var fragmentWord: UInt16 {
        (isWhole ? 0x4000 : 0) | (fragment.hasMore ? 0x2000 : 0) | UInt16(truncatingIfNeeded: fragment.byteOffset / 8)
    }
}
