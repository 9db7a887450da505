import Crypto
import Model

extension Network {
    /// Takes the inner packet out of an ESP packet and hands it to the uplink again. Source: Linux, xfrm_input, whose
    /// order this is.
    mutating func decrypt<R: JourneyRecorder>(
        _ bytes: RawSpan, at offset: Int, isInUDP: Bool, _ transit: inout Transit, at node: Int,
        _ journey: inout Journey, _ recorder: inout R
    ) {
        let end = transit.head.byteCount
        guard end - offset >= ESPHeader.byteCount else {
            return refuse(.inHeaderError, transit, at: node, &journey, &recorder)
        }
        guard bytes.byteCount >= offset + ESPHeader.byteCount else {
            return self.end(.unreadable(node: node), &transit, &journey, &recorder)
        }
        let spi = SPI(rawValue: bytes.network32(at: offset))
        let found = nodes[node].xfrm.inboundState(
            destination: transit.head.destination, spi: spi, mark: transit.mark)
        recorder.record(node: node, .state(spi, found))
        guard let found else { return refuse(.inNoStates, transit, at: node, &journey, &recorder) }
        transit.mark = nodes[node].xfrm.outputMark(of: found) ?? transit.mark
        guard nodes[node].xfrm.isInUDP(found) == isInUDP else {
            return refuse(.inStateMismatch, transit, at: node, &journey, &recorder)
        }
        let check = nodes[node].xfrm.check(bytes.network32(at: offset + 4), of: found)
        recorder.record(node: node, .replay(check))
        guard case .fresh(let sequence) = check else {
            nodes[node].xfrm.countRefusal(check, of: found)
            return refuse(.inStateSequenceError, transit, at: node, &journey, &recorder)
        }
        if let front = transit.frontByteCount, let concealed {
            return reveal(concealed, bytes, front, found, sequence, &transit, at: node, &journey, &recorder)
        }
        guard bytes.byteCount >= end else {
            return self.end(.unreadable(node: node), &transit, &journey, &recorder)
        }
        var inner = takeBuffer()
        let next: IPProtocol
        do throws(ESPFault) {
            next = try nodes[node].xfrm.cipher(of: found).open(
                bytes.extracting(offset..<end), sequenceHigh: UInt32(truncatingIfNeeded: sequence >> 32), into: &inner)
        } catch {
            giveBack(inner)
            if error == .badICV { nodes[node].xfrm.withState(found) { $0.integrityFailureCount += 1 } }
            return refuse(.inStateProtocolError, transit, at: node, &journey, &recorder)
        }
        // Dummy packets are dropped as faults are. Source: Linux, esp_input_done2.
        if next == .noNextHeader {
            refuse(.inStateProtocolError, transit, at: node, &journey, &recorder)
        } else {
            nodes[node].xfrm.countReceived(found, sequence, byteCount: inner.count)
            // Bytes have no padding that could be uninitialized.
            arriveDecrypted(
                unsafe inner.span.bytes, next, byteCount: inner.count, by: found, &transit, at: node, &journey,
                &recorder)
        }
        giveBack(inner)
    }

    /// Opens what could not be encrypted: the keys decide.
    private mutating func reveal<R: JourneyRecorder>(
        _ concealed: Concealed, _ bytes: RawSpan, _ frontByteCount: Int, _ found: Int, _ sequence: UInt64,
        _ transit: inout Transit,
        at node: Int, _ journey: inout Journey, _ recorder: inout R
    ) {
        let state = nodes[node].xfrm.states[found].state
        let sealing = nodes[concealed.sender].xfrm.states[concealed.state].state
        guard state.key == sealing.key, state.hasExtendedSequence == sealing.hasExtendedSequence,
            !state.hasExtendedSequence || sequence == concealed.sequence
        else {
            nodes[node].xfrm.withState(found) { $0.integrityFailureCount += 1 }
            return refuse(.inStateProtocolError, transit, at: node, &journey, &recorder)
        }
        nodes[node].xfrm.countReceived(found, sequence, byteCount: concealed.head.byteCount)
        var inner = takeBuffer()
        inner.removeAll(keepingCapacity: true)
        inner.append(bytes, frontByteCount..<bytes.byteCount)
        inner.patch(concealed.head)
        let next: IPProtocol = concealed.head.family == .v4 ? .ipv4 : .ipv6
        // Bytes have no padding that could be uninitialized.
        arriveDecrypted(
            unsafe inner.span.bytes, next, byteCount: concealed.head.byteCount, by: found, &transit, at: node, &journey,
            &recorder)
        giveBack(inner)
    }

    /// Source: Linux, xfrm_inner_mode_input.
    private mutating func arriveDecrypted<R: JourneyRecorder>(
        _ packet: RawSpan, _ next: IPProtocol, byteCount: Int, by found: Int, _ transit: inout Transit, at node: Int,
        _ journey: inout Journey, _ recorder: inout R
    ) {
        let state = nodes[node].xfrm.states[found].state
        guard let family = next.innerFamily, state.takesEitherFamily || family == state.destination.family,
            byteCount >= (family == .v4 ? IPv4Header.fixedByteCount : IPv6Header.byteCount)
        else { return refuse(.inStateModeError, transit, at: node, &journey, &recorder) }
        let outerClass = transit.head.trafficClass
        do throws(NetworkDrop) {
            transit.head = try PacketHead(parsing: packet, available: byteCount)
        } catch {
            return drop(error, transit, at: node, &journey, &recorder)
        }
        transit.head.trafficClass = ECN.inner(transit.head.trafficClass, of: outerClass)
        transit.decryptedBy = found
        transit.frontByteCount = nil
        transit.isRebuilt = true
        recorder.record(node: node, .decrypted(state: found, mark: transit.mark))
        observe(.decrypted, packet, &transit, at: node, &recorder)
        arriveAtUplink(packet, &transit, at: node, &journey, &recorder)
    }

    /// Why XFRM policies refuse a packet that is received or forwarded; nil where they do not.
    /// Source: Linux, __xfrm_policy_check.
    mutating func refusal<R: JourneyRecorder>(
        _ direction: XFRMPolicy.Direction, of transit: inout Transit, at node: Int, _ recorder: inout R
    ) -> XFRMCounter? {
        let found = nodes[node].xfrm.policy(
            direction, source: transit.head.source, destination: transit.head.destination,
            icmpType: transit.head.icmpType, mark: transit.mark)
        recorder.record(node: node, .policy(direction, found))
        guard let found else { return transit.decryptedBy == nil ? nil : .inNoPolicies }
        let policy = nodes[node].xfrm.policy(direction, at: found)
        guard policy.action == .allow else { return .inPolicyBlock }
        switch (transit.decryptedBy, policy.templates.count) {
        case (nil, 0): return nil
        case (let state?, 1):
            return policy.templates[0].accepts(nodes[node].xfrm.states[state].state) ? nil : .inTemplateMismatch
        default: return .inTemplateMismatch
        }
    }
}

extension IPProtocol {
    /// The family of a packet in a tunnel.
    fileprivate var innerFamily: AddressFamily? {
        switch self {
        case .ipv4: .v4
        case .ipv6: .v6
        default: nil
        }
    }
}

extension XFRMPolicy.Template {
    /// Whether a packet that a state decrypted is what the template asks for. Source: Linux, xfrm_state_ok.
    fileprivate func accepts(_ state: XFRMState) -> Bool {
        (spi == nil || spi == state.spi) && (requestID == 0 || requestID == state.requestID)
            && (source.isUnspecified || source == state.source)
    }
}

extension XFRMDatabase {
    fileprivate mutating func countReceived(_ index: Int, _ sequence: UInt64, byteCount: Int) {
        withState(index) {
            $0.window.advance(to: sequence)
            $0.packetCount += 1
            $0.byteCount += UInt64(byteCount)
        }
    }

    fileprivate mutating func countRefusal(_ check: ReplayWindow.Check, of index: Int) {
        withState(index) {
            switch check {
            case .tooOld: $0.tooOldCount += 1
            case .replayed: $0.replayCount += 1
            case .zero, .fresh: break
            }
        }
    }
}
