import Model

extension Network {
    /// A packet for the node itself. IPv4 is put together in front of INPUT, IPv6 behind it.
    /// Source: Linux, ip_local_deliver, ip6_input_finish.
    mutating func deliver<R: JourneyRecorder>(
        _ bytes: RawSpan, _ transit: inout Transit, at node: Int, _ journey: inout Journey, _ recorder: inout R
    ) {
        let head = transit.head
        if head.isFragment {
            let part = Reassembly.Part(
                field: head.fragment, range: head.headerByteCount..<head.byteCount, mark: transit.mark,
                trafficClass: head.trafficClass)
            var header: [UInt8] = []
            header.append(bytes, 0..<head.headerByteCount)
            return reassemble(
                part, protocolNumber: head.protocolNumber, header, bytes, &transit, at: node, &journey, &recorder)
        }
        recorder.record(node: node, .netfilter(.input))
        if head.family == .v6, head.protocolNumber.isExtensionHeader(of: .v6) {
            return deliverBehindExtensions(bytes, &transit, at: node, &journey, &recorder)
        }
        deliverPayload(
            bytes, at: head.headerByteCount, head.protocolNumber, &transit, at: node, &journey, &recorder)
    }

    private mutating func deliverBehindExtensions<R: JourneyRecorder>(
        _ bytes: RawSpan, _ transit: inout Transit, at node: Int, _ journey: inout Journey, _ recorder: inout R
    ) {
        let head = transit.head
        let chain: HeaderChain
        do throws(PacketFault) {
            chain = try HeaderChain(
                walking: bytes, from: head.headerByteCount, to: min(head.byteCount, bytes.byteCount),
                first: head.protocolNumber, family: .v6)
        } catch {
            return drop(.malformed(error), transit, at: node, &journey, &recorder)
        }
        guard let field = chain.fragment else {
            return deliverPayload(bytes, at: chain.offset, chain.next, &transit, at: node, &journey, &recorder)
        }
        // Linux's own fragments have no header in front of the fragment header, and what has one is put together
        // without it.
        var header: [UInt8] = []
        header.append(bytes, 0..<head.headerByteCount)
        header[6] = chain.next.rawValue
        let start = head.headerByteCount + Fragments.headerByteCount
        let part = Reassembly.Part(
            field: field, range: max(start, field.isLater ? chain.offset : start)..<head.byteCount,
            mark: transit.mark, trafficClass: head.trafficClass)
        reassemble(
            part, protocolNumber: IPProtocol(rawValue: 0), header, bytes, &transit, at: node, &journey, &recorder)
    }

    private mutating func reassemble<R: JourneyRecorder>(
        _ part: Reassembly.Part, protocolNumber: IPProtocol, _ header: [UInt8], _ bytes: RawSpan,
        _ transit: inout Transit, at node: Int, _ journey: inout Journey, _ recorder: inout R
    ) {
        let key = Reassembly.Key(
            source: transit.head.source, destination: transit.head.destination,
            identification: part.field.identification, protocolNumber: protocolNumber.rawValue)
        switch nodes[node].reassembly.take(part, of: key, header: header, bytes) {
        case .waiting: end(.waiting(node: node), &transit, &journey, &recorder)
        case .refused: drop(.unusableFragment, transit, at: node, &journey, &recorder)
        case .whole(var whole):
            recorder.record(node: node, .reassembled(whole.byteCount))
            whole.bytes.makeWhole(transit.head.family)
            transit.isRebuilt = true
            transit.mark = whole.mark
            // Bytes have no padding that could be uninitialized.
            let packet = unsafe whole.bytes.span.bytes
            do throws(NetworkDrop) {
                transit.head = try PacketHead(parsing: packet, available: whole.byteCount)
            } catch {
                return drop(error, transit, at: node, &journey, &recorder)
            }
            if whole.isCongested { transit.head.trafficClass = ECN.inner(transit.head.trafficClass, of: ECN.congested) }
            guard whole.hasAllBytes else { return end(.unreadable(node: node), &transit, &journey, &recorder) }
            if transit.head.family == .v4 {
                deliver(packet, &transit, at: node, &journey, &recorder)
            } else {
                deliverBehindExtensions(packet, &transit, at: node, &journey, &recorder)
            }
        }
    }

    /// Hands a whole packet to what it carries. Source: Linux, ip_protocol_deliver_rcu, xfrm4_udp_encap_rcv.
    private mutating func deliverPayload<R: JourneyRecorder>(
        _ bytes: RawSpan, at offset: Int, _ protocolNumber: IPProtocol, _ transit: inout Transit, at node: Int,
        _ journey: inout Journey, _ recorder: inout R
    ) {
        let end = transit.head.byteCount
        if protocolNumber == .esp {
            return decrypt(bytes, at: offset, isInUDP: false, &transit, at: node, &journey, &recorder)
        }
        if let counter = refusal(.in, of: &transit, at: node, &recorder) {
            return refuse(counter, transit, at: node, &journey, &recorder)
        }
        let start = offset + UDPEncapsulation.headerByteCount
        if protocolNumber == .udp, bytes.byteCount >= min(start + 4, end), end > start,
            nodes.span[node].takesESPInUDP(port: bytes.network16(at: offset + 2), at: transit.head.destination)
        {
            if end == start + 1, bytes.byte(at: start) == 0xff {
                return drop(.keepAlive, transit, at: node, &journey, &recorder)
            }
            // Four bytes 0 in the place of an SPI mark the packets of key exchange: the node's own.
            if end - start > ESPHeader.byteCount, bytes.network32(at: start) != 0 {
                return decrypt(bytes, at: start, isInUDP: true, &transit, at: node, &journey, &recorder)
            }
        }
        self.end(.node(node), &transit, &journey, &recorder)
    }
}

extension NodeNetwork {
    /// Whether a socket for ESP in UDP is bound to a port, or to any: that of an inbound state.
    func takesESPInUDP(port: UInt16?, at destination: IPAddress) -> Bool {
        xfrm.states.contains { entry in
            guard let ports = entry.state.encapsulation, entry.state.destination == destination else { return false }
            return port == nil || ports.destinationPort == port
        }
    }
}

extension [UInt8] {
    /// Makes the header of a reassembled packet say so.
    fileprivate mutating func makeWhole(_ family: AddressFamily) {
        switch family {
        case .v4:
            store(network16: UInt16(truncatingIfNeeded: count), at: 2)
            store(network16: 0, at: 6)
            setChecksum(at: 0, headerByteCount: Int(self[0] & 15) * 4)
        case .v6: store(network16: UInt16(truncatingIfNeeded: count - IPv6Header.byteCount), at: 4)
        }
    }
}
