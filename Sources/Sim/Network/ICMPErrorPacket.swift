import Model

/// Makes the ICMP error of a node about a packet. Source: Linux, __icmp_send and icmp6_send.
struct ICMPErrorPacket {
    /// An IPv4 error is no larger, whatever fits.
    private static let byteLimit = 576
    private static let icmpHeaderByteCount = 8

    /// Whether Linux makes an error about a packet: not about errors, later fragments, or what goes to or comes from more
    /// than one.
    static func isDue(about bytes: RawSpan, _ head: PacketHead) -> Bool {
        guard !head.fragment.isLater, !head.source.isManyOrNone, !head.destination.isManyOrNone else { return false }
        switch head.family {
        case .v4:
            guard head.protocolNumber == .icmp else { return true }
            guard bytes.byteCount > head.headerByteCount else { return true }
            // Unreachable, source quench, redirect, time exceeded, parameter problem.
            return ![3, 4, 5, 11, 12].contains(bytes.byte(at: head.headerByteCount))
        case .v6:
            let chain = try? HeaderChain(
                walking: bytes, from: head.headerByteCount, to: min(head.byteCount, bytes.byteCount),
                first: head.protocolNumber, family: .v6)
            guard let chain, chain.next == .icmpv6 else { return true }
            if let fragment = chain.fragment, fragment.isLater { return true }
            // Types below 128 are errors.
            return bytes.byteCount > chain.offset && bytes.byte(at: chain.offset) >= 128
        }
    }

    /// Writes the error into a buffer, as far as the capture holds what it quotes; its checksum is 0 without all of that.
    /// - Parameters:
    ///   - bytes: Of the packet that it is about; the error quotes its beginning as it stands, `head` included.
    ///   - chance: Identification of an IPv4 packet, or flow label of an IPv6 one.
    /// - Returns: The error's head, with its whole size.
    static func write(
        _ error: ICMPError, about bytes: RawSpan, _ head: PacketHead, from source: IPAddress, chance: UInt32,
        into buffer: inout [UInt8]
    ) -> PacketHead {
        let isV4 = head.family == .v4
        let ipByteCount = isV4 ? IPv4Header.fixedByteCount : IPv6Header.byteCount
        let limit = isV4 ? byteLimit : IPv6Header.minimumMTU
        let quoted = min(head.byteCount, limit - ipByteCount - icmpHeaderByteCount)
        var reply = PacketHead(
            headerByteCount: ipByteCount, byteCount: ipByteCount + icmpHeaderByteCount + quoted,
            // IPv4: the type of service, with the precedence of network control.
            trafficClass: isV4 ? head.trafficClass & 0x1e | 0xc0 : 0, timeToLive: 64,
            protocolNumber: isV4 ? .icmp : .icmpv6, isWhole: !isV4,
            fragment: FragmentField(identification: isV4 ? chance & 0xffff : 0, byteOffset: 0, hasMore: false),
            flowLabel: isV4 ? 0 : chance & 0xf_ffff, source: source, destination: head.source)
        var quote = buffer
        quote.removeAll(keepingCapacity: true)
        quote.append(bytes, 0..<quoted)
        quote.patch(head)
        buffer.removeAll(keepingCapacity: true)
        let (type, code, value) = error.fields(head.family)
        reply.icmpType = type
        buffer.append(header: reply)
        buffer.append(type)
        buffer.append(code)
        buffer.append(network16: 0)
        buffer.append(network32: value)
        buffer.append(contentsOf: quote)
        if bytes.byteCount >= quoted { buffer.setICMPChecksum(reply) }
        return reply
    }
}

extension ICMPError {
    /// Type, code, and the four bytes behind the checksum. Source: RFC 792, RFC 1191 §4, RFC 4443 §3.2 and §3.3.
    fileprivate func fields(_ family: AddressFamily) -> (type: UInt8, code: UInt8, value: UInt32) {
        switch (self, family) {
        case (.tooBig(let limit), .v4): (3, 4, UInt32(truncatingIfNeeded: limit))
        case (.tooBig(let limit), .v6): (2, 0, UInt32(truncatingIfNeeded: limit))
        case (.timeExceeded, .v4): (11, 0, 0)
        case (.timeExceeded, .v6): (3, 0, 0)
        }
    }
}

extension IPAddress {
    /// Multicast, broadcast, and no address at all.
    fileprivate var isManyOrNone: Bool {
        switch self {
        case .v4(let bits): bits >> 28 == 0xe || bits == .max || bits == 0
        case .v6(let high, let low): high >> 56 == 0xff || (high == 0 && low == 0)
        }
    }
}

extension [UInt8] {
    /// ICMPv6 counts addresses, length and protocol number too. Source: RFC 4443 §2.3.
    fileprivate mutating func setICMPChecksum(_ head: PacketHead) {
        let start = head.headerByteCount
        var total = sum(start..<count)
        if head.family == .v6 {
            total += sum(8..<IPv6Header.byteCount) + UInt64(count - start) + UInt64(IPProtocol.icmpv6.rawValue)
        }
        store(network16: InternetChecksum.folded(total), at: start + 2)
    }
}
