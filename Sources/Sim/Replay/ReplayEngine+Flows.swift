import Model

extension ReplayEngine {
    // MARK: Following

    /// Whether a packet goes from the client to the server.
    func isForward(_ packet: PacketContext, _ entry: FlowEntry) -> Bool {
        packet.key.source == entry.client && packet.key.sourcePort == entry.clientPort
    }

    /// The flow of a packet: the one that is followed, or a new one that begins with it.
    mutating func follow(
        _ bytes: RawSpan, _ packet: PacketContext, _ side: PacketSide, _ place: FlowTable.Place?,
        _ observer: inout some ReplayObserver
    ) -> UInt32 {
        if let place {
            guard let ending = reasonToEnd(flows[place.number], bytes, packet) else { return place.number }
            endFlow(place.number, ending, &observer)
        }
        return begin(bytes, packet, side, &observer)
    }

    /// Why a packet with the ends of a flow is none of its own.
    private func reasonToEnd(_ entry: FlowEntry, _ bytes: RawSpan, _ packet: PacketContext) -> FlowEnding? {
        let tick = entry.tick(at: packet.record.timestamp)
        if tick > entry.lastTick, UInt64(tick - entry.lastTick) << FlowEntry.tickBits > timeout(of: entry) {
            return .idle
        }
        guard packet.isTCP, packet.outline.tcpFlags.isOpening else { return nil }
        let isOver = entry.state.contains(.reset) || entry.state.isSuperset(of: [.clientFinished, .serverFinished])
        if isOver { return .replaced }
        let isRepeated = isForward(packet, entry) && sequence(bytes, packet) == entry.initialSequence
        return entry.state.contains(.established) && !isRepeated ? .replaced : nil
    }

    private func sequence(_ bytes: RawSpan, _ packet: PacketContext) -> UInt32 {
        bytes.network32(at: packet.outline.transportOffset + 4)
    }

    /// How long a flow is followed without a packet, in nanoseconds.
    func timeout(of entry: FlowEntry) -> UInt64 {
        let state = entry.state
        switch IPProtocol(rawValue: entry.protocolNumber) {
        case .tcp:
            if state.contains(.reset) { return timeouts.reset }
            if state.isSuperset(of: [.clientFinished, .serverFinished]) { return timeouts.closed }
            if !state.isDisjoint(with: [.clientFinished, .serverFinished]) { return timeouts.closing }
            return state.contains(.answered) || state.contains(.midCapture) ? timeouts.established : timeouts.opening
        case .udp: return state.contains(.answered) ? timeouts.datagramStream : timeouts.datagram
        case .icmp, .icmpv6: return timeouts.datagram
        default: return timeouts.other
        }
    }

    // MARK: Beginning

    /// Flows that each new one has looked at, to see whether they are idle.
    private static let sweepCount = 4

    private mutating func begin(
        _ bytes: RawSpan, _ packet: PacketContext, _ side: PacketSide, _ observer: inout some ReplayObserver
    ) -> UInt32 {
        sweep(packet.record.timestamp, &observer)
        let isSourceClient = isSourceClient(packet)
        let key = isSourceClient ? packet.key : packet.key.reversed
        var entry = FlowEntry(key, firstPacket: packet.record.number, timestamp: packet.record.timestamp)
        if packet.isTCP, packet.outline.fragment?.isLater != true, packet.outline.tcpFlags.isOpening {
            entry.initialSequence = sequence(bytes, packet)
        } else if packet.isTCP || !isSourceClient {
            entry.state.insert(.midCapture)
            midCaptureFlows += 1
        }
        // The hooks of a pod's sockets lie ahead at the pod alone.
        let client: Int? =
            switch side {
            case .sent(let pod) where isSourceClient: pod
            case .arrived(let pod) where !isSourceClient: pod
            default: nil
            }
        var known = FlowFacts()
        var storage: SocketStorage?
        if let client { connect(&entry, &known, &storage, of: client, packet, &observer) }
        recordOpening(entry, known)
        entry.facts = number(of: known)
        if let storage, storage.has_set_ip | storage.via_waypoint != 0, needsStorage(entry, storage) {
            entry.details = details.add()
            details[entry.details].storage = storage
        }
        let number = flows.insert(entry)
        mostLiveFlows = max(mostLiveFlows, flows.count)
        return number
    }

    /// Only a waypoint's header and the answers of DNS servers ask for what connect left on the socket.
    private func needsStorage(_ entry: FlowEntry, _ storage: SocketStorage) -> Bool {
        storage.via_waypoint != 0 || entry.protocolNumber == IPProtocol.udp.rawValue
    }

    /// Whether the source of a flow's first packet is its client. Where neither a SYN nor a service's address tells,
    /// servers have the lower port.
    private func isSourceClient(_ packet: PacketContext) -> Bool {
        guard packet.isTCP || packet.outline.protocolNumber == .udp else { return true }
        if packet.isTCP, packet.outline.fragment?.isLater != true, packet.outline.tcpFlags.contains(.syn) {
            return !packet.outline.tcpFlags.contains(.ack)
        }
        if case .service? = places.owner(of: packet.destination) { return true }
        if case .service? = places.owner(of: packet.source) { return false }
        guard packet.isTCP || packet.key.sourcePort == 53 else { return true }
        return packet.key.sourcePort >= packet.key.destinationPort
    }

    /// Runs the hooks of a pod's connect, or of its datagram to a DNS server.
    private mutating func connect(
        _ entry: inout FlowEntry, _ known: inout FlowFacts, _ storage: inout SocketStorage?, of client: Int,
        _ packet: PacketContext, _ observer: inout some ReplayObserver
    ) {
        let (pod, requested) = (places.pods[client].uid, entry.requestedAddress)
        let isTraced = observer.wantsSteps(of: packet.record)
        let isBegun = entry.state.contains(.midCapture)
        if packet.isTCP {
            let flow = PacketFlow(source: entry.clientAddress, destination: requested)
            guard
                let seen = world.connect(seen: flow, of: pod, isTCP: true, isBegun: isBegun, isTraced: isTraced)
            else { return }
            if let event = seen.event { observer.step(.hook(event)) }
            known.connectReason = seen.decision.reason
            known.waypoint = seen.decision.waypoint
            known.isUnknown = isBegun && seen.isDrawn
            known.isRefused = seen.decision.verdict == .refuse && !isBegun
            storage = seen.storage
            if seen.decision.verdict == .rewrite, !known.isUnknown { entry.setFinal(seen.decision.destination) }
            if isBegun {
                let final = known.isUnknown ? nil : entry.finalAddress
                observer.step(
                    .midCapture(
                        requested: requested, service: places.service(at: requested.address), final: final))
            }
        } else if packet.outline.protocolNumber == .udp, requested.port == 53, entry.family == .v4 {
            guard
                let sent = world.sendDatagram(to: requested, of: pod, storage: &storage, isTraced: isTraced)
            else { return }
            if let event = sent.event { observer.step(.hook(event)) }
            known.connectReason = sent.decision.reason
            entry.setFinal(sent.decision.address)
        }
    }

    /// sockops of the client records the flow, so that its replies are known where policies are.
    private mutating func recordOpening(_ entry: FlowEntry, _ known: FlowFacts) {
        guard entry.protocolNumber == IPProtocol.tcp.rawValue, !known.isRefused, !known.isUnknown,
            let pod = places.pod(at: entry.clientAddress.address), judgedPods[pod]
        else { return }
        world.beginFlow(
            PacketFlow(source: entry.clientAddress, destination: entry.finalAddress), of: places.pods[pod].uid)
    }

    /// Ends a few flows that are idle, and where there are too many, one that is not.
    private mutating func sweep(_ timestamp: UInt64, _ observer: inout some ReplayObserver) {
        for _ in 0..<Self.sweepCount {
            guard let number = flows.nextInRound(), flows.isLive(number) else { continue }
            let entry = flows[number]
            let tick = entry.tick(at: timestamp)
            if tick > entry.lastTick, UInt64(tick - entry.lastTick) << FlowEntry.tickBits > timeout(of: entry) {
                endFlow(number, .idle, &observer)
            }
        }
        while flows.count >= max(1, min(options.flowLimit, FlowTable.limit)) {
            guard let number = flows.nextInRound() else { return }
            if flows.isLive(number) { endFlow(number, .crowdedOut, &observer) }
        }
    }

    // MARK: Facts and details

    /// The number of facts that flows share.
    mutating func number(of known: FlowFacts) -> UInt32 {
        if let number = factNumbers[known] { return number }
        let number = UInt32(facts.count)
        facts.append(known)
        factNumbers[known] = number
        return number
    }

    /// Takes a verdict over: a denial counts more than what came before it, and a rule more than an earlier verdict.
    mutating func noteJudgement(_ judgement: Judgement, _ flow: UInt32) {
        var known = facts[Int(flows[flow].facts)]
        let old = known.judgement
        let isNews =
            old.map { $0.isAllowed && !judgement.isAllowed || $0.policy == nil && $0.isAllowed == judgement.isAllowed }
        guard isNews ?? true, old != judgement else { return }
        known.judgement = judgement
        flows[flow].facts = number(of: known)
    }

    /// Changes the details of a flow.
    mutating func withDetails(of flow: UInt32, _ change: (inout FlowDetails) -> Void) {
        var number = flows[flow].details
        if number == 0 {
            number = details.add()
            flows[flow].details = number
        }
        change(&details[number])
    }
}

extension FlowKey {
    /// Of the answers.
    fileprivate var reversed: FlowKey {
        FlowKey(destinationAddress, sourceAddress, IPProtocol(rawValue: protocolNumber))
    }
}
