import Model

extension ReplayEngine {
    // MARK: The way of a packet

    /// The rest of a packet's way from where it was captured.
    /// - Parameter number: Of its flow.
    mutating func travel<Observer: ReplayObserver>(
        _ bytes: RawSpan, _ packet: PacketContext, _ side: PacketSide, _ number: UInt32, _ observer: inout Observer
    ) -> PacketFate {
        let entry = flows[number]
        let known = facts[Int(entry.facts)]
        if known.isRefused {
            let hook: Hook = entry.family == .v4 ? .connect4 : .connect6
            return PacketFate(.refused, .hook(hook, known.connectReason ?? .none))
        }
        if known.isUnknown { return PacketFate(.undetermined, .severalBackends) }
        let isForward = isForward(packet, entry)
        guard rewrite(bytes, packet, side, number, isForward: isForward, &observer) else {
            return finish(bytes, packet, side, number, packet.outline, &observer)
        }
        return travelRewritten(packet, side, number, &observer)
    }

    /// The way of the packet in the editor, in segments where it is too large for its interface.
    private mutating func travelRewritten<Observer: ReplayObserver>(
        _ packet: PacketContext, _ side: PacketSide, _ number: UInt32, _ observer: inout Observer
    ) -> PacketFate {
        let limit = segmentLimit(packet, side)
        let edited = editor.bytes
        let count = editor.segmentCount(limit: limit)
        guard count > 1 else {
            // Bytes have no padding that could be uninitialized.
            let held = unsafe edited.span.bytes.extracting(first: editor.heldByteCount)
            return finish(held, packet, side, number, editor.outline, &observer)
        }
        firstSegmented = firstSegmented ?? packet.record.number
        observer.step(.segmented(into: count))
        var fate: PacketFate?
        for index in 0..<count {
            editor.segment(index, limit: limit, into: &segment)
            let bytes = segment.bytes
            // Bytes have no padding that could be uninitialized.
            let held = unsafe bytes.span.bytes.extracting(first: segment.heldByteCount)
            let part = finish(held, packet, side, number, segment.outline, &observer)
            // The first that is stopped tells of all.
            if fate?.isStop != true, fate == nil || part.isStop || part.leak != nil { fate = part }
        }
        return fate ?? PacketFate(.delivered, .arrived)
    }

    /// Largest packet of the interface at which TCP hands over more at once.
    func segmentLimit(_ packet: PacketContext, _ side: PacketSide) -> Int {
        let node: Int? =
            switch side {
            case .sent(let pod): networkPods[pod] < 0 ? nil : network.pods[networkPods[pod]].node
            case .transit: network.node(for: packet.destination)
            case .arrived, .foreign: nil
            }
        return node.map { network.nodes[$0].podMTU } ?? .max
    }

    /// Carries a packet through the network, and has it judged where it arrives.
    /// - Parameter bytes: What the capture holds of it.
    private mutating func finish<Observer: ReplayObserver>(
        _ bytes: RawSpan, _ packet: PacketContext, _ side: PacketSide, _ number: UInt32, _ outline: PacketOutline,
        _ observer: inout Observer
    ) -> PacketFate {
        var context = packet
        context.outline = outline
        let entry: JourneyEntry
        switch side {
        case .arrived(let pod): return receive(bytes, context, at: pod, number, &observer)
        case .sent(let pod):
            if let service = places.owner(of: context.destination), case .service = service {
                return PacketFate(.undetermined, .notTranslated)
            }
            if networkPods[pod] >= 0 {
                entry = .pod(networkPods[pod])
            } else if let node = network.node(for: context.source) {
                entry = .node(node)
            } else {
                return PacketFate(.undetermined, .notOfThePod)
            }
        case .transit:
            if case .service? = places.owner(of: context.destination) {
                return PacketFate(.undetermined, .notTranslated)
            }
            if case .service? = places.owner(of: context.source) { return PacketFate(.undetermined, .notTranslated) }
            entry = .wire
        case .foreign: return PacketFate(.undetermined, .notOfThePod)
        }
        let journey = network.carry(bytes, byteCount: outline.byteCount, from: entry, recorder: &observer)
        var fate = fate(of: journey)
        if case .pod(let pod) = journey.end {
            if journey.isRebuilt {
                var arrived = context
                if let outline = arrivedOutline(&arrived) { arrived.outline = outline }
                let arrival = network.arrival
                // Bytes have no padding that could be uninitialized.
                fate = receive(unsafe arrival.span.bytes, arrived, at: placedPods[pod], number, &observer)
            } else {
                fate = receive(bytes, context, at: placedPods[pod], number, &observer)
            }
        }
        // What leaves the mesh is not between nodes, wherever it is captured.
        fate.wire = fate.disposition.kind == .leftMesh ? .none : journey.wire
        fate.leak = journey.wire == .clear && mustBeEncrypted(context) ? .inClear : leakByError(journey)
        fate.hops = outline.hopLimit &- journey.timeToLive
        if journey.wire == .encrypted || journey.error != nil || journey.isRebuilt || mayBeESP(context, journey.end) {
            fate.isLasting = false
        }
        return fate
    }

    /// Whether km_nodeinfo of the node whose pods have the source has the destination, which is on another node.
    private func mustBeEncrypted(_ packet: PacketContext) -> Bool {
        if case .node? = places.owner(of: packet.source) { return false }
        guard let node = network.node(for: packet.source), network.node(for: packet.destination) != node else {
            return false
        }
        return network.nodes[node].nodeInfo.lookup(MapAddress(packet.destination)) != nil
    }

    /// Whether an error about a packet that had come encrypted left in clear.
    func leakByError(_ journey: Journey) -> Leak? { journey.errorEnd?.isLeak == true ? .quotedInError : nil }

    /// Whether a node that got a datagram looks into it for ESP, of which each packet is another.
    private func mayBeESP(_ packet: PacketContext, _ end: JourneyEnd) -> Bool {
        guard case .node(let node) = end, packet.outline.protocolNumber == .udp else { return false }
        return network.nodes[node].xfrm.states.contains { entry in
            entry.state.destination == packet.destination
                && entry.state.encapsulation?.destinationPort == packet.outline.destinationPort
        }
    }

    /// What a journey's end means, but for a packet that has yet to be judged.
    func fate(of journey: Journey) -> PacketFate {
        var fate: PacketFate
        switch journey.end {
        case .pod, .node: fate = PacketFate(.delivered, .arrived)
        case .outside: fate = PacketFate(.leftMesh, .noMeshAddress)
        case .nobody: fate = PacketFate(.dropped, .nobodyHasIt)
        case .waiting: fate = PacketFate(.held, .waitsForFragments)
        case .unreadable: fate = PacketFate(.undetermined, .cutShort)
        case .dropped(.malformed(let fault), node: -1): fate = PacketFate(.malformed, .fault(fault))
        case .dropped(let drop, _): fate = PacketFate(.dropped, .network(drop))
        }
        switch journey.end {
        case .pod, .node, .outside, .nobody: fate.isLasting = true
        case .waiting, .unreadable, .dropped: break
        }
        fate.wire = journey.wire
        return fate
    }

    // MARK: Arriving

    /// A packet arrives at a pod's interface: xdp_ingress, then the socket.
    /// - Parameter pod: Index in the places; -1 for one that the mesh does not have.
    mutating func receive<Observer: ReplayObserver>(
        _ bytes: RawSpan, _ packet: PacketContext, at pod: Int, _ number: UInt32, _ observer: inout Observer
    ) -> PacketFate {
        var fate = PacketFate(.delivered, .arrived)
        fate.isLasting = true
        guard pod >= 0 else { return fate }
        let place = places.pods[pod]
        if judgedPods[pod], let hook = hooks[place.node] {
            let isTraced = observer.wantsSteps(of: packet.record)
            let judged = world.judge(
                bytes, packet.outline, at: place.uid, hook: hook, frame: &frame, isTraced: isTraced)
            if let judged {
                if let event = judged.event { observer.step(.hook(event)) }
                fate = PacketFate(judged.arrival.outcome.kind, .hook(.xdpIngress, judged.arrival.reason))
                fate.judgement = judged.arrival.judgement
                fate.isLasting = judged.arrival.reason.holdsForTheFlow
            }
        }
        if fate.disposition.kind == .delivered { reachSocket(packet, pod, number, &fate, &observer) }
        return fate
    }

    /// What a packet does to the socket that gets it, as far as hooks tell: a server's end is established, a client's
    /// program reads the answer of a DNS server.
    private mutating func reachSocket<Observer: ReplayObserver>(
        _ packet: PacketContext, _ pod: Int, _ number: UInt32, _ fate: inout PacketFate, _ observer: inout Observer
    ) {
        let entry = flows[number]
        let isForward = isForward(packet, entry)
        let isTraced = observer.wantsSteps(of: packet.record)
        if packet.isTCP, isForward, !entry.state.contains(.established),
            packet.outline.tcpFlags.isSuperset(of: .ack), !packet.outline.tcpFlags.contains(.syn)
        {
            flows[number].state.insert(.established)
            guard judgedPods[pod], !entry.state.contains(.midCapture) else { return }
            var events: [HookEvent] = []
            let verdict = world.acceptFlow(
                from: entry.clientAddress, at: entry.finalAddress, of: places.pods[pod].uid, &events)
            if isTraced { for event in events { observer.step(.hook(event)) } }
            if let verdict { noteJudgement(verdict, number) }
            fate.isLasting = false
        } else if entry.requestedPort == 53, packet.outline.protocolNumber == .udp, !isForward, entry.family == .v4,
            entry.details != 0, let storage = details[entry.details].storage
        {
            let received = world.receiveDatagram(
                from: entry.finalAddress, of: places.pods[pod].uid, storage: storage, isTraced: isTraced)
            if let event = received?.event { observer.step(.hook(event)) }
            if let reason = received?.decision.reason { fate.disposition.reason = .hook(.recvmsg4, reason) }
            fate.isLasting = false
        }
    }
}

extension NodeAuthorization.Arrival.Outcome {
    fileprivate var kind: Disposition.Kind {
        switch self {
        case .passed: .delivered
        case .dropped: .dropped
        case .reset: .reset
        }
    }
}

extension Reason {
    /// Whether xdp_ingress says the same of the flow's next packet.
    fileprivate var holdsForTheFlow: Bool {
        switch self {
        case .allowedBefore, .deniedBefore, .reply, .notJudged, .noPolicy, .nodeProbe, .notTCP, .noDenial: true
        default: false
        }
    }
}
