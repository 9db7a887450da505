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
                trafficClass: head.trafficClass, isESP: takesAsESP(bytes, head, at: node))
            var header: [UInt8] = []
            header.append(bytes, 0..<head.headerByteCount)
            return reassemble(part, header, bytes, &transit, at: node, &journey, &recorder)
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
                first: head.protocolNumber, family: .v6, until: .fragment)
        } catch {
            guard error != .truncatedHeader || bytes.byteCount >= head.byteCount else {
                return end(.unreadable(node: node), &transit, &journey, &recorder)
            }
            return drop(.malformed(error), transit, at: node, &journey, &recorder)
        }
        guard let field = chain.fragment else {
            return deliverPayload(bytes, at: chain.offset, chain.next, &transit, at: node, &journey, &recorder)
        }
        // The fragment header goes, and what it names is named in its place. Source: Linux, ip6_frag_reasm.
        var header: [UInt8] = []
        header.append(bytes, 0..<chain.offset - Fragments.headerByteCount)
        header[chain.fragmentPredecessor ?? 6] = chain.next.rawValue
        let part = Reassembly.Part(
            field: field, range: chain.offset..<head.byteCount, mark: transit.mark, trafficClass: head.trafficClass,
            isESP: takesAsESP(bytes, head, at: node))
        reassemble(part, header, bytes, &transit, at: node, &journey, &recorder)
    }

    private mutating func reassemble<R: JourneyRecorder>(
        _ part: Reassembly.Part, _ header: [UInt8], _ bytes: RawSpan, _ transit: inout Transit, at node: Int,
        _ journey: inout Journey, _ recorder: inout R
    ) {
        let key = Reassembly.Key(transit.head, part.field)
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
        if protocolNumber == .esp {
            return decrypt(bytes, at: offset, isInUDP: false, &transit, at: node, &journey, &recorder)
        }
        if let counter = refusal(.in, of: &transit, at: node, &recorder) {
            return refuse(counter, transit, at: node, &journey, &recorder)
        }
        var contents = UDPContents.other
        if protocolNumber == .udp {
            contents = nodes.span[node].contents(
                ofUDP: bytes, at: offset, to: transit.head.byteCount, for: transit.head.destination)
        }
        switch contents {
        case .esp:
            let start = offset + UDPEncapsulation.headerByteCount
            decrypt(bytes, at: start, isInUDP: true, &transit, at: node, &journey, &recorder)
        case .keepAlive: drop(.keepAlive, transit, at: node, &journey, &recorder)
        case .unreadable: end(.unreadable(node: node), &transit, &journey, &recorder)
        case .other: end(.node(node), &transit, &journey, &recorder)
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
