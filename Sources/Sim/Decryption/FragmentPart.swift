import Model

/// One fragment of an IP packet.
struct FragmentPart {
    var addresses: AddressPair
    var field: FragmentField
    /// What the header in front of the data names. In IPv6 the first fragment's word counts (RFC 8200 §4.5).
    var next: IPProtocol
    /// Where the data are in the packet; a capture may not have all of it.
    var range: Range<Int>

    /// - Parameter originalByteCount: Of the packet on the wire.
    /// - Returns: nil for a packet that is no fragment, or whose headers contradict it.
    init?(of packet: RawSpan, isIPv6: Bool, originalByteCount: Int) {
        let part = isIPv6 ? try? Self.ipv6(packet, originalByteCount) : try? Self.ipv4(packet, originalByteCount)
        guard let part else { return nil }
        self = part
    }

    /// Tells the fragments of one packet from all others.
    var key: Reassembly.Key { Reassembly.Key(addresses, field, next) }

    private init(_ addresses: AddressPair, _ field: FragmentField, _ next: IPProtocol, _ range: Range<Int>) {
        (self.addresses, self.field, self.next, self.range) = (addresses, field, next, range)
    }

    private static func ipv4(_ packet: RawSpan, _ originalByteCount: Int) throws(PacketFault) -> FragmentPart? {
        let header = try IPv4Header(parsing: packet, at: 0)
        guard header.fragment.isFirst || header.fragment.isLater else { return nil }
        try header.check(available: originalByteCount)
        return FragmentPart(
            AddressPair(source: header.source, destination: header.destination), header.fragment,
            header.protocolNumber, header.byteCount..<header.totalByteCount)
    }

    private static func ipv6(_ packet: RawSpan, _ originalByteCount: Int) throws(PacketFault) -> FragmentPart? {
        let header = try IPv6Header(parsing: packet, at: 0)
        guard header.nextHeader.isExtensionHeader(of: .v6) else { return nil }
        try header.check(available: originalByteCount)
        let end = IPv6Header.byteCount + header.payloadByteCount
        let chain = try HeaderChain(
            walking: packet, from: IPv6Header.byteCount, to: min(end, packet.byteCount), first: header.nextHeader,
            family: .v6, until: .fragment)
        guard let field = chain.fragment else { return nil }
        return FragmentPart(
            AddressPair(source: header.source, destination: header.destination), field, chain.next,
            chain.offset..<end)
    }
}

extension Reassembly.Key {
    fileprivate init(_ addresses: AddressPair, _ field: FragmentField, _ next: IPProtocol) {
        (source, destination) = (addresses.source, addresses.destination)
        identification = field.identification
        protocolNumber = source.family == .v4 ? next.rawValue : 0
    }
}
