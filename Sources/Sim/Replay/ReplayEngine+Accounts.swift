import Model

extension ReplayEngine {
    // MARK: Counting

    /// Counts a packet of a flow, and keeps what the next one like it may go by.
    mutating func account(
        _ packet: PacketContext, _ side: PacketSide, _ number: UInt32, _ fate: PacketFate,
        _ observer: inout some ReplayObserver
    ) {
        let disposition = books.number(of: fate.disposition)
        let isForward = isForward(packet, flows[number])
        let byteCount = packet.outline.byteCount
        books.count(disposition, byteCount: byteCount, packet: packet.record.number)
        count(byteCount, number, isForward: isForward, at: packet.record.timestamp)
        if fate.isStop {
            withDetails(of: number) {
                $0.stopped += Traffic(packets: 1, bytes: UInt64(byteCount))
                if $0.stop == nil { $0.stop = disposition }
            }
        } else if fate.disposition.kind == .undetermined {
            withDetails(of: number) { $0.undetermined += 1 }
        }
        if let leak = fate.leak { countLeak(leak, packet, number) }
        if let judgement = fate.judgement { noteJudgement(judgement, number) }
        updateState(packet, number, isForward: isForward, fate)
        keepWay(packet, number, isForward: isForward, fate, disposition)
        observer.resolved(
            PacketResolution(
                record: packet.record, disposition: fate.disposition, leak: fate.leak,
                isEncrypted: fate.wire == .encrypted, judgement: fate.judgement))
    }

    private mutating func count(_ byteCount: Int, _ number: UInt32, isForward: Bool, at timestamp: UInt64) {
        var entry = flows[number]
        entry.lastTick = max(entry.lastTick, entry.tick(at: timestamp))
        let counted = isForward ? entry.sent : entry.received
        let hasRoom = isForward ? entry.sent.add(byteCount: byteCount) : entry.received.add(byteCount: byteCount)
        if !hasRoom {
            let fresh = FlowCount(byteCount: byteCount)
            if isForward { entry.sent = fresh } else { entry.received = fresh }
        }
        flows[number] = entry
        guard !hasRoom else { return }
        withDetails(of: number) {
            if isForward { $0.sent += counted.traffic } else { $0.received += counted.traffic }
        }
    }

    private mutating func countLeak(_ leak: Leak, _ packet: PacketContext, _ number: UInt32) {
        let entry = flows[number]
        var ends = (source: entry.clientAddress.address, destination: entry.finalAddress.address)
        if !isForward(packet, entry) { ends = (ends.destination, ends.source) }
        books.countLeak(
            leak, ends.source, ends.destination, byteCount: packet.outline.byteCount, packet: packet.record.number)
        withDetails(of: number) { $0.leaks += 1 }
    }

    /// Follows the connection's state by what was seen of it.
    private mutating func updateState(
        _ packet: PacketContext, _ number: UInt32, isForward: Bool, _ fate: PacketFate
    ) {
        var state = flows[number].state
        if !isForward { state.insert(.answered) }
        if packet.isTCP {
            let flags = packet.outline.tcpFlags
            let wasOver = state.isOver
            if flags.contains(.fin) { state.insert(isForward ? .clientFinished : .serverFinished) }
            if flags.contains(.rst) || fate.disposition.kind == .reset { state.insert(.reset) }
            if isForward, !flags.contains(.syn), flags.contains(.ack), !fate.isStop { state.insert(.established) }
            if state.isOver, !wasOver { close(number) }
        }
        flows[number].state = state
    }

    /// Both ends' sockets are gone: verdicts on the connection are forgotten.
    private mutating func close(_ number: UInt32) {
        let entry = flows[number]
        let ends = (entry.clientAddress, entry.finalAddress)
        for (own, peer) in [ends, (ends.1, ends.0)] {
            guard let pod = places.pod(at: own.address), judgedPods[pod] else { continue }
            world.closeFlow(own: own, peer: peer, of: places.pods[pod].uid)
        }
        flows[number].forward.marks.remove(.isPlain)
        flows[number].backward.marks.remove(.isPlain)
    }

    /// Keeps what a packet did for the next one like it, where that will do the same.
    private mutating func keepWay(
        _ packet: PacketContext, _ number: UInt32, isForward: Bool, _ fate: PacketFate, _ disposition: Int
    ) {
        let entry = flows[number]
        var way = isForward ? entry.forward : entry.backward
        switch fate.wire {
        case .none: break
        case .clear: way.marks.insert(.sawClear)
        case .encrypted: way.marks.insert(.sawEncrypted)
        }
        let isSettled =
            packet.isTCP ? entry.state.contains(.established) || entry.state.contains(.midCapture) : true
        let isPlain =
            fate.isLasting && isSettled && !fate.isStop && fate.leak == nil && packet.outline.fragment == nil
            && !entry.state.isOver && !hasStorage(entry) && packet.record.vantage < Int(FlowWay.noVantage)
            && disposition <= Int(UInt16.max) && !remembersPackets && !way.marks.contains(.sawEncrypted)
        if isPlain {
            // What every interface carries goes the same way, and of TCP what is cut into segments for them.
            let isSegmented = packet.isTCP && packet.outline.byteCount > smallestMTU
            way.longest = isSegmented ? .max : UInt16(clamping: max(packet.outline.byteCount, smallestMTU))
            way.leastHops = fate.hops &+ 2
            way.disposition = UInt16(disposition)
            way.vantage = UInt8(packet.record.vantage)
            way.marks.insert(.isPlain)
            if isAtFinal(packet, entry) { way.marks.insert(.isFinal) } else { way.marks.remove(.isFinal) }
        } else {
            way.marks.remove(.isPlain)
        }
        if isForward { flows[number].forward = way } else { flows[number].backward = way }
    }

    /// Whether a packet has the address where its flow goes, and that is not the one that was asked for.
    private func isAtFinal(_ packet: PacketContext, _ entry: FlowEntry) -> Bool {
        guard entry.hasTwoKeys else { return false }
        let key = packet.key
        return isForward(packet, entry)
            ? key.destination == entry.final && key.destinationPort == entry.finalPort
            : key.source == entry.final && key.sourcePort == entry.finalPort
    }

    /// Whether a hook, or a waypoint's header, has yet to do with the flow's packets.
    private func hasStorage(_ entry: FlowEntry) -> Bool {
        entry.details != 0 && details[entry.details].storage != nil
    }

    /// Whether packets in transit are remembered, so that each has to be looked at.
    private var remembersPackets: Bool { transitCount > 1 || hasDecrypted }

    // MARK: Ending

    /// Sums a flow up, and forgets it.
    mutating func endFlow(_ number: UInt32, _ ending: FlowEnding, _ observer: inout some ReplayObserver) {
        let entry = flows[number]
        let summary = summary(of: entry, ending)
        inFlows += summary.sent + summary.received
        connections.add(key(of: summary), summary)
        observer.ended(summary)
        if entry.details != 0 { details.remove(entry.details) }
        flows.remove(number)
    }

    private func summary(of entry: FlowEntry, _ ending: FlowEnding) -> FlowSummary {
        let known = facts[Int(entry.facts)]
        let more = entry.details == 0 ? FlowDetails() : details[entry.details]
        let (client, requested) = (places.party(entry.clientAddress), places.party(entry.requestedAddress))
        let final = known.isUnknown || known.isRefused ? nil : places.party(entry.finalAddress)
        let (sent, received) = (more.sent + entry.sent.traffic, more.received + entry.received.traffic)
        let packets = sent.packets + received.packets
        let outcome: FlowOutcome =
            known.isRefused
            ? .refused
            : known.judgement?.isAllowed == false && more.stopped.packets > 0
                ? .denied
                : more.stopped.packets == packets && packets > 0
                    ? .dropped
                    : more.stopped.packets > 0 ? .partly : more.undetermined == packets ? .undetermined : .passed
        let marks = entry.forward.marks.union(entry.backward.marks)
        let encryption: FlowEncryption =
            switch (marks.contains(.sawEncrypted), marks.contains(.sawClear)) {
            case (true, true): .some
            case (true, false): .all
            case (false, true): .clear
            case (false, false): .none
            }
        return FlowSummary(
            protocolNumber: IPProtocol(rawValue: entry.protocolNumber), client: client, requested: requested,
            final: final, waypoint: known.waypoint, connectReason: known.connectReason,
            isMidCapture: entry.state.contains(.midCapture), sent: sent, received: received, outcome: outcome,
            judgement: known.judgement, encryption: encryption, leaks: more.leaks, stopped: more.stopped.packets,
            stopReason: more.stop.map { books.dispositions[$0].reason }, seenAgain: more.seenAgain,
            firstPacket: entry.firstPacket, firstTimestamp: entry.firstTimestamp, lastTimestamp: entry.lastTimestamp,
            ending: ending == .idle || ending == .captureEnded ? entry.state.ending ?? ending : ending)
    }

    private func key(of flow: FlowSummary) -> ConnectionRows.Key {
        ConnectionRows.Key(
            client: places.group(flow.client.address.address),
            requested: flow.requested.name ?? flow.requested.address.address.description,
            requestedPort: flow.requested.address.port, protocolNumber: flow.protocolNumber,
            final: flow.final.map { places.group($0.address.address) }, finalPort: flow.final?.address.port,
            isViaWaypoint: flow.waypoint != nil, isMidCapture: flow.isMidCapture, outcome: flow.outcome,
            stopReason: flow.stopReason, judgement: flow.judgement, connectReason: flow.connectReason,
            encryption: flow.encryption)
    }
}

extension FlowEntry.State {
    /// Whether the connection is closed or reset.
    var isOver: Bool { contains(.reset) || isSuperset(of: [.clientFinished, .serverFinished]) }

    /// How the connection itself has ended, nil where it has not.
    fileprivate var ending: FlowEnding? {
        if contains(.reset) { return .reset }
        return isSuperset(of: [.clientFinished, .serverFinished]) ? .closed : nil
    }
}
