import Model

/// What became of a packet, before it is counted.
struct PacketFate {
    var disposition: Disposition
    var leak: Leak?
    var wire = WireForm.none
    var judgement: Judgement?
    /// Whether the next packet like it does the same.
    var isLasting = false
    /// Nodes that forwarded it.
    var hops: UInt8 = 0

    init(_ kind: Disposition.Kind, _ reason: DispositionReason) { disposition = Disposition(kind, reason) }

    init(_ kind: Disposition.Kind, _ reason: ReplayReason) { self.init(kind, .replay(reason)) }

    /// Whether it stopped the packet.
    var isStop: Bool { [.dropped, .reset, .refused].contains(disposition.kind) }
}

extension ReplayEngine {
    // MARK: What has no flow

    mutating func processNotIP(_ record: PacketRecord, _ observer: inout some ReplayObserver) {
        noteTime(record)
        settle(PacketFate(.notIP, .notIP), record, byteCount: record.originalByteCount, &observer)
    }

    mutating func processUnreadable(
        _ fault: PacketOutline.Fault, _ record: PacketRecord, _ observer: inout some ReplayObserver
    ) {
        noteTime(record)
        let fate =
            switch fault {
            case .malformed(let fault): PacketFate(.malformed, .fault(fault))
            case .cutShort: PacketFate(.undetermined, .cutShort)
            }
        settle(fate, record, byteCount: record.originalByteCount, &observer)
    }

    /// Lets the world's time follow the capture's. It never goes back.
    mutating func noteTime(_ record: PacketRecord) {
        if firstTimestamp == nil {
            firstTimestamp = record.timestamp
            worldTimestamp = record.timestamp
        }
        guard record.timestamp > worldTimestamp else { return }
        _ = world.advance(nanoseconds: record.timestamp - worldTimestamp)
        worldTimestamp = record.timestamp
    }

    /// Counts a packet that belongs to no flow, or was counted there.
    mutating func settle(
        _ fate: PacketFate, _ record: PacketRecord, byteCount: Int, _ observer: inout some ReplayObserver
    ) {
        books.count(books.number(of: fate.disposition), byteCount: byteCount, packet: record.number)
        observer.resolved(
            PacketResolution(
                record: record, disposition: fate.disposition, leak: fate.leak,
                isEncrypted: fate.wire == .encrypted, judgement: fate.judgement))
    }

    // MARK: What takes the whole way

    /// Where a packet was captured on its way.
    private func side(of packet: PacketContext) -> PacketSide {
        guard sides.indices.contains(packet.record.vantage) else { return .foreign }
        switch sides[packet.record.vantage] {
        case .transit?: return .transit
        case .pod(let pod, let addresses)?:
            if addresses.contains(packet.outline.source) { return .sent(pod: pod) }
            return addresses.contains(packet.outline.destination) ? .arrived(pod: pod) : .foreign
        case nil: return .foreign
        }
    }

    /// Processes a packet whose fate no earlier one tells.
    /// - Parameter place: Its flow, where one is followed and the packet is no fragment.
    mutating func processSlowly<Observer: ReplayObserver>(
        _ bytes: RawSpan, _ packet: PacketContext, _ place: FlowTable.Place?, _ observer: inout Observer
    ) {
        noteTime(packet.record)
        let side = side(of: packet)
        if side == .foreign {
            return settle(
                PacketFate(.undetermined, .notOfThePod), packet.record, byteCount: packet.outline.byteCount, &observer)
        }
        let isEncrypted = side == .transit && network.takesAsESP(bytes, byteCount: packet.outline.byteCount)
        if let reason = reasonSeen(bytes, packet, side, isEncrypted: isEncrypted) {
            if let place { withDetails(of: place.number) { $0.seenAgain += 1 } }
            return settle(
                PacketFate(.seenAgain, reason), packet.record, byteCount: packet.outline.byteCount, &observer)
        }
        if isEncrypted {
            exchangeNetworks()
            processEncrypted(bytes, packet, &observer)
            return exchangeNetworks()
        }

        var (packet, place) = (packet, place)
        if let fragment = packet.outline.fragment {
            guard takePorts(fragment, &packet) else {
                return settle(
                    PacketFate(.undetermined, .firstFragmentMissing), packet.record,
                    byteCount: packet.outline.byteCount, &observer)
            }
            place = flows.find(packet.key, hash: packet.key.hash)
        }
        let number = follow(bytes, packet, side, place, &observer)
        let fate = travel(bytes, packet, side, number, &observer)
        account(packet, side, number, fate, &observer)
    }

    /// Whether the replay has met the packet before.
    private mutating func reasonSeen(
        _ bytes: RawSpan, _ packet: PacketContext, _ side: PacketSide, isEncrypted: Bool
    ) -> ReplayReason? {
        switch side {
        case .sent, .foreign: return nil
        case .arrived(let pod):
            guard let sender = places.pod(at: packet.source), sender != pod, isCaptured[sender] else { return nil }
            return .senderCaptured
        case .transit:
            // Of what is encrypted, only the inner packet tells which pod has sent it.
            if !isEncrypted, let sender = places.pod(at: packet.source), isCaptured[sender] { return .senderCaptured }
            guard transitCount > 1 || hasDecrypted else { return nil }
            let hash = RecentPackets.hash(bytes)
            // Only the uplink of the node that has decrypted a packet shows it again.
            if hasDecrypted, case .transit(let node?)? = sides[packet.record.vantage],
                decrypted.place(of: hash) == node
            {
                decrypted.forget(hash)
                return .decryptedBefore
            }
            guard transitCount > 1 else { return nil }
            if let first = recent.place(of: hash), first != packet.record.vantage { return .shownElsewhere }
            recent.note(hash, at: packet.record.vantage)
            return nil
        }
    }

    /// Puts the network for captured ESP packets in the place of the other, or the reverse, where there are two.
    private mutating func exchangeNetworks() {
        guard var other = captureNetwork.take() else { return }
        swap(&network, &other)
        captureNetwork = consume other
    }

    /// Notes the ports of a first fragment, or gives a later one those of its first.
    /// - Returns: false where these are needed and not known.
    private mutating func takePorts(_ fragment: FragmentField, _ packet: inout PacketContext) -> Bool {
        let carriesPorts = packet.isTCP || packet.outline.protocolNumber == .udp
        guard carriesPorts else { return true }
        guard fragment.isLater else {
            fragments.note(packet.outline, fragment.identification)
            return true
        }
        guard let ports = fragments.ports(of: packet.outline, fragment.identification) else { return false }
        packet.key.sourcePort = ports.source
        packet.key.destinationPort = ports.destination
        return true
    }

    // MARK: ESP in transit

    /// An ESP packet between the nodes: what it carries belongs to a flow, where the node can read it.
    private mutating func processEncrypted<Observer: ReplayObserver>(
        _ bytes: RawSpan, _ packet: PacketContext, _ observer: inout Observer
    ) {
        // Moved there and back, so that what it keeps is not copied.
        var tap = DecryptionTap(base: consume observer, places: places, isCaptured: isCaptured)
        let journey = network.carry(
            bytes, byteCount: packet.outline.byteCount, from: .wire, recorder: &tap)
        observer = tap.base
        if let opened = tap.opened, isUplinkCaptured[opened.node] {
            hasDecrypted = true
            decrypted.note(opened.hash, at: opened.node)
        }
        var inner = packet
        guard !tap.isSeenAgain, journey.isRebuilt, let arrived = arrivedOutline(&inner) else {
            return settle(encrypted: packet, tap.opened, isSeenAgain: tap.isSeenAgain, journey, &observer)
        }
        inner.outline = arrived
        inner.key = FlowKey(arrived)
        if let fragment = arrived.fragment, !takePorts(fragment, &inner) {
            var fate = PacketFate(.undetermined, .firstFragmentMissing)
            fate.wire = .encrypted
            return settle(fate, packet.record, byteCount: packet.outline.byteCount, &observer)
        }
        let place = flows.find(inner.key, hash: inner.key.hash)
        let arrival = network.arrival
        // Bytes have no padding that could be uninitialized, here and below.
        let number = follow(unsafe arrival.span.bytes, inner, .transit, place, &observer)
        var fate = fate(of: journey)
        if case .pod(let pod) = journey.end {
            fate = receive(unsafe arrival.span.bytes, inner, at: placedPods[pod], number, &observer)
        }
        fate.wire = .encrypted
        fate.isLasting = false
        // The packet that was captured is what counts.
        inner.outline.byteCount = packet.outline.byteCount
        account(inner, .transit, number, fate, &observer)
    }

    /// Counts an ESP packet out of which nothing has arrived that is new.
    private mutating func settle(
        encrypted packet: PacketContext, _ opened: OpenedPacket?, isSeenAgain: Bool, _ journey: Journey,
        _ observer: inout some ReplayObserver
    ) {
        var fate = isSeenAgain ? PacketFate(.seenAgain, .senderCaptured) : fate(of: journey)
        fate.wire = .encrypted
        if !isSeenAgain, let opened, let leak = leakByError(journey) {
            fate.leak = leak
            books.countLeak(
                leak, opened.source, opened.destination, byteCount: packet.outline.byteCount,
                packet: packet.record.number)
        }
        settle(fate, packet.record, byteCount: packet.outline.byteCount, &observer)
    }

    /// The outline of the packet that the network delivered last; nil where it has none.
    func arrivedOutline(_ packet: inout PacketContext) -> PacketOutline? {
        guard let first = network.arrival.first else { return nil }
        packet.record.etherType = first >> 4 == 6 ? .ipv6 : .ipv4
        do throws(PacketOutline.Fault) {
            return try PacketOutline(
                parsing: unsafe network.arrival.span.bytes, isIPv6: first >> 4 == 6,
                originalByteCount: max(network.arrival.count, packet.outline.byteCount))
        } catch {
            return nil
        }
    }
}
