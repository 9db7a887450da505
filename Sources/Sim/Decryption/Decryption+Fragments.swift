import Crypto
import Model

extension Decryption {
    /// Whether a fragment may be one of ESP: of UDP the ports stand in the first one only, and in IPv6 more headers may,
    /// so the ends decide.
    func mayBeESP(_ part: FragmentPart) -> Bool {
        if part.next == .esp { return true }
        let family = part.addresses.source.family
        return (part.next == .udp || part.next.isExtensionHeader(of: family)) && index.hasTunnel(part.addresses)
    }

    mutating func take(
        _ part: FragmentPart, _ packet: RawSpan, at place: DecryptionReport.Place
    ) throws(CryptoError) {
        let found = fragments.take(part, content(of: part, packet), packet, at: place)
        for lost in fragments.takeLost() { count(lost, "one that does not fit, or too many unfinished packets") }
        guard let (whole, seen) = found else { return }
        // Bytes have no padding that could be uninitialized.
        let data = unsafe whole.bytes.span.bytes
        let sighting = Sighting(addresses: part.addresses, place: place, isCut: !whole.hasAllBytes)
        let family = part.addresses.source.family
        let chain = try? HeaderChain(walking: data, from: 0, to: data.byteCount, first: seen.next, family: family)
        if let chain, chain.fragment == nil,
            try takeTunnel(data.extracting(droppingFirst: chain.offset), chain.next, sighting)
        {
            report[.fragment] += seen.count - 1
        } else {
            countClear(seen)
        }
    }

    /// Takes account of a packet that was given up.
    mutating func count(_ lost: TunnelFragments.Seen, _ detail: String) {
        let isESP: Bool
        switch lost.content {
        case .esp: isESP = true
        case .other: isESP = false
        case .unknown: isESP = index.hasTunnelInUDP(lost.addresses)
        }
        guard isESP else {
            countClear(lost)
            return
        }
        report[.incomplete] += lost.count
        let sighting = Sighting(addresses: lost.addresses, place: lost.place, isCut: false)
        var failure = DecryptionReport.Failure(.incomplete, sighting, detail: detail)
        failure.packetCount = lost.count
        report.note(failure)
    }

    private mutating func countClear(_ seen: TunnelFragments.Seen) {
        if plan.needsEncryption(seen.addresses) {
            report.countClear(
                seen.addresses, packetCount: seen.count, byteCount: seen.byteCount, at: seen.place)
        } else {
            report[.clear] += seen.count
        }
    }

    private func content(of part: FragmentPart, _ packet: RawSpan) -> TunnelFragments.Content {
        if part.next == .esp { return .esp }
        guard !part.field.isLater else { return .unknown }
        let end = min(part.range.upperBound, packet.byteCount)
        let chain = try? HeaderChain(
            walking: packet, from: part.range.lowerBound, to: end, first: part.next,
            family: part.addresses.source.family)
        guard let chain, chain.offset <= end else { return .unknown }
        switch chain.next {
        case .esp: return .esp
        case .udp:
            let datagram = packet.extracting(chain.offset..<end)
            return carriesESP(datagram, part.addresses) ? .esp : .other
        default: return .other
        }
    }
}
