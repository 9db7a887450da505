import Crypto
import Model

/// What XFRM makes of a packet that is to be sent.
enum Transformation {
    /// It goes in clear.
    case none
    /// This state encrypts it.
    case state(Int)
    case refused(XFRMCounter)
}

extension Network {
    /// Source: Linux, xfrm_lookup_with_ifid and xfrm_tmpl_resolve_one.
    mutating func transformation<R: JourneyRecorder>(
        of transit: inout Transit, at node: Int, _ recorder: inout R
    ) -> Transformation {
        let found = nodes[node].xfrm.policy(
            .out, source: transit.head.source, destination: transit.head.destination,
            icmpType: transit.head.icmpType, mark: transit.mark)
        recorder.record(node: node, .policy(.out, found))
        guard let found else { return .none }
        let policy = nodes[node].xfrm.policy(.out, at: found)
        guard policy.action == .allow else { return .refused(.outPolicyBlock) }
        // Kmesh's policies have one; a second tunnel in the first is nothing that these states make.
        guard let template = policy.templates.first else { return .none }
        let mark = PacketMark(rawValue: policy.mark.value & policy.mark.mask)
        let state = nodes[node].xfrm.outboundState(template, mark: mark, family: transit.head.family)
        recorder.record(node: node, .state(template.spi ?? SPI(rawValue: 0), state))
        if let state { return .state(state) }
        guard let spi = template.spi,
            nodes[node].xfrm.inboundState(destination: template.destination, spi: spi, mark: mark) != nil
        else { return .refused(.outNoStates) }
        // The state that the SPI names is there, and not fit for this packet.
        return .refused(.outPolicyError)
    }

    /// Makes an ESP packet and sends it. Source: Linux, xfrm_output_one, esp_output.
    mutating func encrypt<R: JourneyRecorder>(
        _ bytes: RawSpan, _ transit: inout Transit, at node: Int, state index: Int, _ journey: inout Journey,
        _ recorder: inout R
    ) {
        guard let sequence = nodes[node].xfrm.nextSequence(of: index, carrying: transit.head.byteCount) else {
            return refuse(.outStateSequenceError, transit, at: node, &journey, &recorder)
        }
        recorder.record(node: node, .encrypted(state: index, sequence: sequence))
        let entry = nodes.span[node].xfrm.states[index]
        let state = entry.state
        let inner = transit.head
        let head = state.outerHead(
            for: inner, espByteCount: state.key.espByteCount(carrying: inner.byteCount),
            identification: { nodes[node].outerIdentifications.next() })
        var outer = Transit(head, mark: state.outputMark ?? transit.mark)
        outer.isRebuilt = true
        outer.isSealedHere = true
        var buffer = takeBuffer()
        buffer.removeAll(keepingCapacity: true)
        buffer.append(header: head)
        if let ports = state.encapsulation { buffer.append(ports, byteCount: head.byteCount - head.headerByteCount) }
        let iv = entry.ivConstant ^ sequence
        if bytes.byteCount >= inner.byteCount {
            seal(bytes, inner, entry, sequence, iv, into: &buffer)
            if head.family == .v6, state.encapsulation != nil { buffer.setUDPChecksum(head) }
        } else {
            buffer.append(network32: state.spi.rawValue)
            buffer.append(network32: UInt32(truncatingIfNeeded: sequence))
            buffer.append(network32: UInt32(truncatingIfNeeded: iv >> 32))
            buffer.append(network32: UInt32(truncatingIfNeeded: iv))
            concealed = Concealed(head: inner, sender: node, state: index, sequence: sequence)
            outer.frontByteCount = buffer.count
            buffer.append(bytes, 0..<inner.byteCount)
        }
        recorder.record(node: node, .netfilter(.output))
        let route = route(to: head.destination, at: node)
        recorder.record(node: node, .route(route))
        recorder.record(node: node, .netfilter(.postrouting))
        // Bytes have no padding that could be uninitialized.
        transmit(unsafe buffer.span.bytes, &outer, at: node, by: route, &journey, &recorder)
        giveBack(buffer)
    }

    /// Appends the ESP packet of an inner packet.
    private mutating func seal(
        _ bytes: RawSpan, _ inner: PacketHead, _ entry: XFRMDatabase.State, _ sequence: UInt64, _ iv: UInt64,
        into buffer: inout [UInt8]
    ) {
        var plain = takeBuffer()
        plain.removeAll(keepingCapacity: true)
        plain.append(bytes, 0..<inner.byteCount)
        plain.patch(inner)
        // Bytes have no padding that could be uninitialized.
        entry.cipher.seal(
            unsafe plain.span.bytes, nextHeader: inner.family == .v4 ? .ipv4 : .ipv6, spi: entry.state.spi,
            sequence: sequence, iv: iv, into: &buffer, after: buffer.count)
        giveBack(plain)
    }
}

extension XFRMDatabase {
    /// Counts a packet to be sent. Source: Linux, xfrm_replay_overflow_legacy and xfrm_replay_overflow_esn.
    /// - Returns: Its sequence number; nil when they are exhausted.
    mutating func nextSequence(of index: Int, carrying byteCount: Int) -> UInt64? {
        let last: UInt64 = states[index].state.hasExtendedSequence ? .max : UInt64(UInt32.max)
        guard states[index].sequence < last else { return nil }
        var sequence: UInt64 = 0
        withState(index) {
            $0.sequence += 1
            $0.packetCount += 1
            $0.byteCount += UInt64(byteCount)
            sequence = $0.sequence
        }
        return sequence
    }
}

extension [UInt8] {
    /// Appends the UDP header of ESP in UDP; its checksum is 0 in IPv4. Source: RFC 3948 §2.1.
    fileprivate mutating func append(_ ports: UDPEncapsulation, byteCount: Int) {
        append(network16: ports.sourcePort)
        append(network16: ports.destinationPort)
        append(network16: UInt16(truncatingIfNeeded: byteCount))
        append(network16: 0)
    }

    /// IPv6 knows no UDP packet without a checksum. Source: Linux, esp_output_encap_csum.
    fileprivate mutating func setUDPChecksum(_ head: PacketHead) {
        let start = head.headerByteCount
        let pseudoHeader =
            sum(8..<IPv6Header.byteCount) + UInt64(count - start) + UInt64(IPProtocol.udp.rawValue)
        let checksum = InternetChecksum.folded(pseudoHeader + sum(start..<count))
        store(network16: checksum == 0 ? 0xffff : checksum, at: start + 6)
    }
}
