import Model

extension Network {
    /// Tells a packet's sender by ICMP what became of it, and follows the error to its end. No program marks what a node
    /// sends itself: upstream's errors about decrypted packets leave in clear, those of the preset `hardened` are found by
    /// policies for their type (H17).
    mutating func tell<R: JourneyRecorder>(
        _ error: ICMPError, about bytes: RawSpan, _ transit: Transit, at node: Int, _ journey: inout Journey,
        _ recorder: inout R
    ) {
        guard ICMPErrorPacket.isDue(about: bytes, transit.head) else { return }
        let family = transit.head.family
        let source: IPAddress? =
            switch route(to: transit.head.source, at: node) {
            case .pod: nodes[node].podSideAddress(family)
            default: nodes[node].uplinkAddress(family)
            }
        guard let source else { return }
        let chance =
            switch family {
            case .v4: nodes[node].ownIdentifications.next()
            case .v6: nodes[node].ownFlowLabels.next()
            }
        var buffer = takeBuffer()
        defer { giveBack(buffer) }
        let head = ICMPErrorPacket.write(
            error, about: bytes, transit.head, from: source, chance: chance, into: &buffer)
        recorder.record(node: node, .error(error))
        var reply = Transit(head)
        reply.isRebuilt = true
        var replyJourney = Journey(end: .outside)
        // Bytes have no padding that could be uninitialized.
        sendOwn(unsafe buffer.span.bytes, &reply, at: node, &replyJourney, &recorder)
        journey.error = error
        journey.errorEnd = Journey.ErrorEnd(
            end: replyJourney.end, wire: replyJourney.wire, quotesDecrypted: transit.decryptedBy != nil)
    }
}
