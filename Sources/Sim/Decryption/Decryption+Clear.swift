import Model

extension Decryption {
    /// Takes a packet that is not encrypted.
    mutating func takeClear(_ packet: RawSpan, _ outline: PacketOutline, _ sighting: Sighting) {
        guard plan.needsEncryption(sighting.addresses) else {
            let isQuote = outline.addressesQuoted(in: packet).map(plan.needsEncryption) ?? false
            report[isQuote ? .quote : .clear] += 1
            return
        }
        let isCopy =
            !sighting.isCut && recent.remove(packet.extracting(first: outline.byteCount), number: number)
        report.countClear(sighting.addresses, isCopy: isCopy, byteCount: outline.byteCount, at: sighting.place)
    }

    /// Takes a packet whose headers contradict it, or end too early. Of ESP that is a failure; of anything else its
    /// addresses tell whether it should have been encrypted.
    mutating func takeUnparsed(
        _ packet: RawSpan, isIPv6: Bool, _ fault: PacketOutline.Fault, at place: DecryptionReport.Place
    ) {
        guard let ends = Self.ends(of: packet, isIPv6: isIPv6) else {
            report[.malformed] += 1
            return
        }
        let sighting = Sighting(addresses: ends.addresses, place: place, isCut: fault == .cutShort)
        switch fault {
        case .malformed(let fault) where ends.next == .esp: fail(.malformedESP, sighting, detail: fault.rawValue)
        case .cutShort where ends.next == .esp: fail(.cut, sighting, detail: "not even its headers")
        case _ where plan.needsEncryption(ends.addresses):
            report.countClear(ends.addresses, byteCount: packet.byteCount, at: place)
        case .cutShort: report[.clear] += 1
        case .malformed: report[.malformed] += 1
        }
    }

    /// What an IP header says, whether the packet can be parsed or not.
    private static func ends(of packet: RawSpan, isIPv6: Bool) -> (addresses: AddressPair, next: IPProtocol)? {
        if isIPv6 {
            guard let header = try? IPv6Header(parsing: packet, at: 0) else { return nil }
            return (AddressPair(source: header.source, destination: header.destination), header.nextHeader)
        }
        guard let header = try? IPv4Header(parsing: packet, at: 0) else { return nil }
        return (AddressPair(source: header.source, destination: header.destination), header.protocolNumber)
    }
}

extension PacketOutline {
    /// The addresses of the packet that an ICMP error quotes, nil for everything else.
    /// Source: RFC 792, RFC 4443 §2.1: errors of IPv6 have types below 128.
    fileprivate func addressesQuoted(in packet: RawSpan) -> AddressPair? {
        let headerByteCount = 8
        guard fragment == nil, packet.byteCount - transportOffset >= headerByteCount else { return nil }
        let type = packet.byte(at: transportOffset)
        let quoted = transportOffset + headerByteCount
        switch protocolNumber {
        case .icmp where [3, 4, 5, 11, 12].contains(type):
            guard let header = try? IPv4Header(parsing: packet, at: quoted) else { return nil }
            return AddressPair(source: header.source, destination: header.destination)
        case .icmpv6 where type < 128:
            guard let header = try? IPv6Header(parsing: packet, at: quoted) else { return nil }
            return AddressPair(source: header.source, destination: header.destination)
        default: return nil
        }
    }
}
