public import Model

extension Network {
    /// Carries one IP packet from where it enters to where it ends.
    /// - Parameters:
    ///   - packet: From the IP header on; the capture may hold less than the whole of it.
    ///   - byteCount: Its size as it was sent; nil for as much as there is.
    ///   - mark: Of a packet that a node sends itself.
    @specialized(where R == NoJourneyRecorder)
    public mutating func carry<R: JourneyRecorder>(
        _ packet: RawSpan, byteCount: Int? = nil, from entry: JourneyEntry, mark: PacketMark = .none,
        recorder: inout R
    ) -> Journey {
        var journey = Journey(end: .outside)
        let head: PacketHead
        do throws(NetworkDrop) {
            head = try PacketHead(parsing: packet, available: byteCount ?? packet.byteCount)
        } catch {
            end(.dropped(error, node: receiver(of: entry)), &journey, &recorder)
            return journey
        }
        var transit = Transit(head, mark: mark)
        switch entry {
        case .pod(let pod): leavePod(pod, packet, &transit, &journey, &recorder)
        case .node(let node): sendOwn(packet, &transit, at: node, &journey, &recorder)
        case .wire:
            let node = node(for: head.destination)
            observe(.wire, packet, &transit, at: node ?? -1, &recorder)
            if let node {
                journey.wire = takesAsESP(packet, head, at: node) ? .encrypted : .clear
                arriveAtUplink(packet, &transit, at: node, &journey, &recorder)
            } else {
                journey.wire = .clear
                end(.outside, &transit, &journey, &recorder)
            }
        }
        return journey
    }

    /// The node that sees a packet first that cannot be parsed; -1 between nodes.
    private mutating func receiver(of entry: JourneyEntry) -> Int {
        switch entry {
        case .pod(let pod): pods[pod].node
        case .node(let node): node
        case .wire: -1
        }
    }

    /// Takes down where a packet ended, and how.
    mutating func end<R: JourneyRecorder>(
        _ end: JourneyEnd, _ transit: inout Transit, _ journey: inout Journey, _ recorder: inout R
    ) {
        journey.mark = transit.mark
        journey.timeToLive = transit.head.timeToLive
        self.end(end, &journey, &recorder)
    }

    private mutating func end<R: JourneyRecorder>(_ end: JourneyEnd, _ journey: inout Journey, _ recorder: inout R) {
        journey.end = end
        recorder.record(node: node(of: end), .end(end))
    }

    private mutating func node(of end: JourneyEnd) -> Int {
        switch end {
        case .pod(let pod): pods[pod].node
        case .node(let index), .nobody(let index), .waiting(let index), .unreadable(let index), .dropped(_, let index):
            index
        case .outside: -1
        }
    }

    /// Drops a packet, and counts it where XFRM does.
    mutating func drop<R: JourneyRecorder>(
        _ reason: NetworkDrop, _ transit: Transit, at node: Int, _ journey: inout Journey, _ recorder: inout R
    ) {
        var transit = transit
        end(.dropped(reason, node: node), &transit, &journey, &recorder)
    }

    /// Shows a packet's bytes, brought up to what changed on its way.
    @inline(__always)
    mutating func observe<R: JourneyRecorder>(
        _ point: ObservationPoint, _ bytes: RawSpan, _ transit: inout Transit, at node: Int, _ recorder: inout R
    ) {
        if R.wantsBytes { show(point, bytes, transit, at: node, &recorder) }
    }

    private mutating func show<R: JourneyRecorder>(
        _ point: ObservationPoint, _ bytes: RawSpan, _ transit: Transit, at node: Int, _ recorder: inout R
    ) {
        var buffer = takeBuffer()
        buffer.removeAll(keepingCapacity: true)
        buffer.append(bytes, 0..<(transit.frontByteCount ?? transit.head.byteCount))
        buffer.patch(transit.head)
        // Bytes have no padding that could be uninitialized.
        recorder.observe(
            point, node: node, mark: transit.mark, unsafe buffer.span.bytes, byteCount: transit.head.byteCount)
        giveBack(buffer)
    }

    // MARK: From a pod

    private mutating func leavePod<R: JourneyRecorder>(
        _ pod: Int, _ bytes: RawSpan, _ transit: inout Transit, _ journey: inout Journey, _ recorder: inout R
    ) {
        let node = pods[pod].node
        observe(.pod, bytes, &transit, at: node, &recorder)
        let addresses = AddressPair(source: transit.head.source, destination: transit.head.destination)
        // That program does not ask for ESP.
        let decision = tcPod.run(.ip(addresses, isESP: false), mark: .none, maps: nodes.span[node])
        transit.mark = decision.mark
        recorder.record(node: node, .podMark(found: decision.reason == .markedForPeer, transit.mark))
        observe(.hostInterface, bytes, &transit, at: node, &recorder)
        receive(bytes, &transit, at: node, &journey, &recorder)
    }

    // MARK: Routing

    /// What the stack does with a packet that tc has let through. Source: Linux, ip_rcv, ipv6_rcv.
    mutating func receive<R: JourneyRecorder>(
        _ bytes: RawSpan, _ transit: inout Transit, at node: Int, _ journey: inout Journey, _ recorder: inout R
    ) {
        recorder.record(node: node, .netfilter(.prerouting))
        let route = route(to: transit.head.destination, at: node)
        recorder.record(node: node, .route(route))
        if route == .local {
            deliver(bytes, &transit, at: node, &journey, &recorder)
        } else {
            forward(bytes, &transit, at: node, by: route, &journey, &recorder)
        }
    }

    /// Source: Linux, ip_forward and ip6_forward, whose order this is: IPv4 learns of the tunnel's limit here, IPv6
    /// only behind FORWARD.
    private mutating func forward<R: JourneyRecorder>(
        _ bytes: RawSpan, _ transit: inout Transit, at node: Int, by route: NetworkRoute, _ journey: inout Journey,
        _ recorder: inout R
    ) {
        if let counter = refusal(.fwd, of: &transit, at: node, &recorder) {
            return refuse(counter, transit, at: node, &journey, &recorder)
        }
        guard transit.head.timeToLive > 1 else {
            tell(.timeExceeded, about: bytes, transit, at: node, &journey, &recorder)
            return drop(.timeToLive, transit, at: node, &journey, &recorder)
        }
        let state: Int?
        switch transformation(of: &transit, at: node, &recorder) {
        case .none: state = nil
        case .state(let index): state = index
        case .refused(let counter): return refuse(counter, transit, at: node, &journey, &recorder)
        }
        let link = linkMTU(of: route, at: node)
        let limit =
            switch transit.head.family {
            case .v4: state.map { nodes[node].tunnelMTU($0) } ?? link
            case .v6: max(link, IPv6Header.minimumMTU)
            }
        if transit.head.byteCount > limit, transit.head.isWhole {
            return refuseSize(limit, bytes, transit, at: node, &journey, &recorder)
        }
        recorder.record(node: node, .timeToLive(transit.head.timeToLive, transit.head.timeToLive - 1))
        transit.head.timeToLive -= 1
        recorder.record(node: node, .netfilter(.forward))
        send(bytes, &transit, at: node, by: route, state: state, &journey, &recorder)
    }

    /// Counts what XFRM refused.
    mutating func refuse<R: JourneyRecorder>(
        _ counter: XFRMCounter, _ transit: Transit, at node: Int, _ journey: inout Journey, _ recorder: inout R
    ) {
        nodes[node].xfrm.counters.add(counter)
        drop(.xfrm(counter), transit, at: node, &journey, &recorder)
    }

    /// Drops a packet that is too big for the way and tells its sender.
    private mutating func refuseSize<R: JourneyRecorder>(
        _ limit: Int, _ bytes: RawSpan, _ transit: Transit, at node: Int, _ journey: inout Journey,
        _ recorder: inout R
    ) {
        recorder.record(node: node, .size(transit.head.byteCount, limit: limit))
        tell(.tooBig(limit: limit), about: bytes, transit, at: node, &journey, &recorder)
        drop(.tooBig(limit: limit), transit, at: node, &journey, &recorder)
    }

    // MARK: From the node itself

    /// Sends a packet of a process of the node, or of the node's stack. Source: Linux, ip_route_output_flow, ip_output.
    mutating func sendOwn<R: JourneyRecorder>(
        _ bytes: RawSpan, _ transit: inout Transit, at node: Int, _ journey: inout Journey, _ recorder: inout R
    ) {
        let route = route(to: transit.head.destination, at: node)
        recorder.record(node: node, .route(route))
        let state: Int?
        switch transformation(of: &transit, at: node, &recorder) {
        case .none: state = nil
        case .state(let index): state = index
        case .refused(let counter): return refuse(counter, transit, at: node, &journey, &recorder)
        }
        recorder.record(node: node, .netfilter(.output))
        let limit = state.map { nodes[node].tunnelMTU($0) } ?? linkMTU(of: route, at: node)
        if transit.head.byteCount > limit, transit.head.isWhole {
            // The process learns it from its own stack: no packet.
            recorder.record(node: node, .size(transit.head.byteCount, limit: limit))
            return drop(.tooBig(limit: limit), transit, at: node, &journey, &recorder)
        }
        if route == .local { return end(.node(node), &transit, &journey, &recorder) }
        send(bytes, &transit, at: node, by: route, state: state, &journey, &recorder)
    }

    // MARK: Sending

    /// POSTROUTING, then encryption or the link.
    private mutating func send<R: JourneyRecorder>(
        _ bytes: RawSpan, _ transit: inout Transit, at node: Int, by route: NetworkRoute, state: Int?,
        _ journey: inout Journey, _ recorder: inout R
    ) {
        recorder.record(node: node, .netfilter(.postrouting))
        guard let state else { return transmit(bytes, &transit, at: node, by: route, &journey, &recorder) }
        let limit = nodes[node].tunnelMTU(state)
        let limitOfV6 = max(limit, IPv6Header.minimumMTU)
        if transit.head.family == .v6, transit.head.byteCount > limitOfV6 {
            return refuseSize(limitOfV6, bytes, transit, at: node, &journey, &recorder)
        }
        recorder.record(node: node, .size(transit.head.byteCount, limit: limit))
        encrypt(bytes, &transit, at: node, state: state, &journey, &recorder)
    }

    mutating func linkMTU(of route: NetworkRoute, at node: Int) -> Int {
        if case .pod = route { return nodes.span[node].podMTU }
        return nodes.span[node].uplinkMTU
    }
}
