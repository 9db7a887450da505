import Model

extension Network {
    /// A packet reaches a node's uplink, from the wire or out of its own ESP packet: tc, then the stack.
    mutating func arriveAtUplink<R: JourneyRecorder>(
        _ bytes: RawSpan, _ transit: inout Transit, at node: Int, _ journey: inout Journey, _ recorder: inout R
    ) {
        let before = transit.mark
        let addresses = AddressPair(source: transit.head.source, destination: transit.head.destination)
        let decision = tcUplink.run(
            .ip(addresses, isESP: isESP(bytes, transit.head)), mark: before, maps: nodes.span[node])
        guard decision.verdict == .pass else {
            recorder.record(node: node, .option(.clearPackets))
            return drop(.clearFromPeer, transit, at: node, &journey, &recorder)
        }
        transit.mark = decision.mark
        recorder.record(node: node, .uplinkMark(before: before, after: decision.mark))
        receive(bytes, &transit, at: node, &journey, &recorder)
    }

    /// Puts a packet on the link that its route names, in fragments where it must be. Source: Linux, ip_finish_output,
    /// ip6_finish_output.
    mutating func transmit<R: JourneyRecorder>(
        _ bytes: RawSpan, _ transit: inout Transit, at node: Int, by route: NetworkRoute, _ journey: inout Journey,
        _ recorder: inout R
    ) {
        let limit = linkMTU(of: route, at: node)
        guard transit.head.byteCount > limit else {
            return cross(bytes, &transit, at: node, by: route, &journey, &recorder)
        }
        // Outer IPv6 headers are told apart from pods' packets, which nobody fragments on the way.
        let mayBeCut = !transit.head.isWhole || (transit.head.family == .v6 && transit.isSealedHere)
        guard mayBeCut, let cuts = Fragments(of: transit.head, limit: limit) else {
            recorder.record(node: node, .size(transit.head.byteCount, limit: limit))
            return drop(.tooBig(limit: limit), transit, at: node, &journey, &recorder)
        }
        recorder.record(node: node, .size(transit.head.byteCount, limit: limit))
        recorder.record(node: node, .fragmented(cuts.count))
        // What cannot be encrypted goes on whole: its fragments would have nothing in them.
        if transit.frontByteCount != nil { return cross(bytes, &transit, at: node, by: route, &journey, &recorder) }
        let identification = transit.head.family == .v6 ? nodes[node].outerIdentifications.next() : 0
        for index in 0..<cuts.count {
            var buffer = takeBuffer()
            var piece = transit
            piece.head = cuts.write(index, of: bytes, transit.head, identification, into: &buffer)
            piece.isRebuilt = true
            // Bytes have no padding that could be uninitialized.
            cross(unsafe buffer.span.bytes, &piece, at: node, by: route, &journey, &recorder)
            giveBack(buffer)
        }
    }

    /// Hands a packet to whoever is at the other end of the link.
    private mutating func cross<R: JourneyRecorder>(
        _ bytes: RawSpan, _ transit: inout Transit, at node: Int, by route: NetworkRoute, _ journey: inout Journey,
        _ recorder: inout R
    ) {
        switch route {
        case .local: end(.node(node), &transit, &journey, &recorder)
        case .nobody: end(.nobody(node: node), &transit, &journey, &recorder)
        case .pod(let pod): arrive(bytes, &transit, at: pod, &journey, &recorder)
        case .node(let other):
            journey.wire = transit.isSealedHere ? .encrypted : .clear
            observe(.wire, bytes, &transit, at: node, &recorder)
            // Neither marks nor what decrypted it cross the wire.
            transit.mark = .none
            transit.decryptedBy = nil
            transit.isSealedHere = false
            arriveAtUplink(bytes, &transit, at: other, &journey, &recorder)
        case .outside:
            observe(.wire, bytes, &transit, at: node, &recorder)
            end(.outside, &transit, &journey, &recorder)
        }
    }

    private mutating func arrive<R: JourneyRecorder>(
        _ bytes: RawSpan, _ transit: inout Transit, at pod: Int, _ journey: inout Journey, _ recorder: inout R
    ) {
        observe(.arrival, bytes, &transit, at: pods[pod].node, &recorder)
        journey.isRebuilt = transit.isRebuilt
        if transit.isRebuilt {
            arrival.removeAll(keepingCapacity: true)
            arrival.append(bytes, 0..<transit.head.byteCount)
            arrival.patch(transit.head)
        }
        end(.pod(pod), &transit, &journey, &recorder)
    }
}
