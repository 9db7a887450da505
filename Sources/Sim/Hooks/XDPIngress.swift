import KernelABI
public import Model

/// xdp_ingress, at the pod's end of its veth: judges TCP connections to the pod by the compiled policies
/// (`authorization: compiled`; spec section 4, H5 to H8). What it cannot judge it drops, where policies apply or may.
///
/// Without a recorder a decision allocates nothing but what the maps grow by.
public struct XDPIngress: Sendable {
    /// Addresses from which this node probes its pods.
    private let probeSources: [MapAddress]
    /// Most denials that are reported in one second.
    private let denialsPerSecond: UInt32

    public init(probeSources: [IPAddress], denialsPerSecond: UInt32) {
        self.probeSources = probeSources.map { MapAddress($0) }
        self.denialsPerSecond = denialsPerSecond
    }

    /// Runs for a packet that arrives at a pod: `IngressPacket(parsing:)` of a frame, or `.tcp` of a simulated connection
    /// that has no bytes.
    /// - Parameter now: Nanoseconds since boot.
    public func run(
        _ packet: IngressPacket, policies: AuthorizationMaps, flows: inout InboundFlows, now: UInt64,
        recorder: inout some DecisionRecorder
    ) -> IngressDecision {
        recorder.record(.ingress(.packet(packet)))
        var decision =
            switch packet {
            case .notIP: IngressDecision(.notIP)
            case .notTCP: IngressDecision(.notTCP)
            case .malformed(_, let addresses): malformed(addresses, policies, &recorder)
            case .laterFragment(let addresses, let identification):
                laterFragment(
                    FragmentKey(addresses, identification: identification), addresses, policies, &flows, &recorder)
            case .tcp(let packet): tcp(packet, policies, &flows, &recorder)
            }
        if decision.dryRun != nil {
            decision.dryRun?.isReported = flows.takeReport(now: now, limit: denialsPerSecond)
        }
        if decision.isNewDenial { decision.isReported = flows.takeReport(now: now, limit: denialsPerSecond) }
        recorder.record(.rule(decision.reason))
        if let dryRun = decision.dryRun { recorder.record(.rule(dryRun.reason)) }
        return decision
    }

    // MARK: What has no TCP header

    /// What cannot be parsed passes only where no policy can want it dropped.
    private func malformed(
        _ addresses: AddressPair?, _ policies: AuthorizationMaps, _ recorder: inout some DecisionRecorder
    ) -> IngressDecision {
        guard let addresses else { return IngressDecision(.malformedDropped) }
        guard let destination = destination(addresses.destination, policies, &recorder) else {
            return IngressDecision(.malformedPassed)
        }
        return destination.decision(destination.state == KM_VIEW_OPEN ? .malformedPassed : .malformedDropped)
    }

    /// A later fragment goes the way of its first.
    private func laterFragment(
        _ key: FragmentKey, _ addresses: AddressPair, _ policies: AuthorizationMaps, _ flows: inout InboundFlows,
        _ recorder: inout some DecisionRecorder
    ) -> IngressDecision {
        guard let destination = destination(addresses.destination, policies, &recorder) else {
            return IngressDecision(.notJudged)
        }
        if destination.state == KM_VIEW_OPEN { return destination.decision(.noPolicy) }
        let first = flows.fragments.lookup(key)
        recorder.record(.ingress(.fragment(first, generation: policies.generation)))
        let isLetIn = first?.verdict(in: policies.generation) == .allowed
        return destination.decision(isLetIn ? .fragmentAllowed : .fragmentDropped)
    }

    // MARK: TCP

    private func tcp(
        _ packet: TCPPacket, _ policies: AuthorizationMaps, _ flows: inout InboundFlows,
        _ recorder: inout some DecisionRecorder
    ) -> IngressDecision {
        let decision = whole(packet, ConnectionTuple(packet.flow), policies, &flows, &recorder)
        guard let identification = packet.fragmented, decision.reason != .notJudged, decision.reason != .noPolicy else {
            return decision
        }
        let addresses = AddressPair(
            source: packet.flow.source.address, destination: packet.flow.destination.address)
        let key = FragmentKey(addresses, identification: identification)
        switch decision.verdict {
        case .pass:
            let verdict = CachedVerdict(generation: policies.generation, verdict: FlowVerdict.allowed.rawValue)
            flows.fragments.update(key, to: verdict)
        case .drop:
            // Most often there is none.
            try? flows.fragments.delete(key)
        }
        return decision
    }

    /// Decides by the TCP header, as if the packet were whole.
    private func whole(
        _ packet: TCPPacket, _ tuple: ConnectionTuple, _ policies: AuthorizationMaps, _ flows: inout InboundFlows,
        _ recorder: inout some DecisionRecorder
    ) -> IngressDecision {
        let generation = policies.generation
        if !packet.isOpening {
            let cached = flows.verdicts.lookup(tuple)
            recorder.record(.ingress(.verdict(cached, generation: generation)))
            switch cached?.verdict(in: generation) {
            case .denied: return IngressDecision(.deniedBefore)
            case .allowed: return IngressDecision(.allowedBefore)
            case .reply: return IngressDecision(.reply)
            case nil: break
            }
        }
        guard let destination = destination(packet.flow.destination.address, policies, &recorder) else {
            return IngressDecision(.notJudged)
        }
        if destination.state == KM_VIEW_OPEN { return destination.decision(.noPolicy) }
        let source = MapAddress(packet.flow.source.address)
        let isOfItsFamily = source.family == packet.flow.source.address.family
        if isOfItsFamily, probeSources.contains(where: { $0.isSame(as: source) }) {
            return destination.decision(.nodeProbe)
        }
        if !packet.isOpening {
            let isReply = flows.opened.lookup(tuple) != nil
            recorder.record(.ingress(.openedFlow(found: isReply)))
            if isReply {
                flows.cache(.reply, generation, tuple)
                return destination.decision(.reply)
            }
        }
        guard destination.state == KM_VIEW_JUDGED else { return destination.decision(.policiesMissing) }
        let decision = evaluate(packet.flow, destination, policies, &recorder)
        guard decision.reason != .policiesMissing else { return decision }
        // An opening packet is judged again when it comes again; what follows is not.
        if !packet.isOpening { flows.cache(decision.verdict == .pass ? .allowed : .denied, generation, tuple) }
        return decision
    }

    /// Evaluates the destination's view.
    private func evaluate(
        _ flow: PacketFlow, _ destination: Destination, _ policies: AuthorizationMaps,
        _ recorder: inout some DecisionRecorder
    ) -> IngressDecision {
        let source = flow.source.address
        let found = policies.identities.lookup(MapAddress(source))
        recorder.record(.ingress(.identity(source, found)))
        var missing = destination.decision(.policiesMissing)
        // An element of another address; nothing is written between two lookups here, so another try finds it again.
        if let found, found.check != MapAddress(source).check(as: source.family) { return missing }
        let identity = found?.identity ?? 0
        missing.identity = identity
        let view = destination.view
        guard let result = policies.evaluate(view, identity: identity, source: source, port: flow.destination.port)
        else { return missing }
        var decision = destination.decision(result.reason)
        decision.identity = identity
        if let alternative = result.alternative {
            guard let rule = rule(alternative, view, policies, &recorder) else { return missing }
            decision.rule = rule
        }
        if let dryRun = result.dryRun {
            decision.dryRun = IngressDecision.DryRun(reason: dryRun.reason, rule: nil, isReported: false)
            if let alternative = dryRun.alternative {
                guard let rule = rule(alternative, view, policies, &recorder) else { return missing }
                decision.dryRun?.rule = rule
            }
        }
        return decision
    }

    private func rule(
        _ alternative: Int, _ view: AuthorizationView, _ policies: AuthorizationMaps,
        _ recorder: inout some DecisionRecorder
    ) -> IngressDecision.Rule? {
        let rule = policies.rule(of: view, alternative: alternative)
        recorder.record(.ingress(.alternative(alternative, rule)))
        return rule.map { IngressDecision.Rule($0) }
    }

    // MARK: The destination

    /// An address that is judged: the view of its slot.
    private struct Destination {
        var view: AuthorizationView
        var backendUID: ResourceID

        /// A state that is none counts as closed.
        var state: km_view_state {
            switch view.state {
            case KM_VIEW_OPEN.rawValue: KM_VIEW_OPEN
            case KM_VIEW_JUDGED.rawValue: KM_VIEW_JUDGED
            default: KM_VIEW_CLOSED
            }
        }

        /// A decision about a packet to this destination.
        func decision(_ reason: Reason) -> IngressDecision {
            var decision = IngressDecision(reason)
            decision.backendUID = backendUID
            return decision
        }
    }

    /// Looks up who has an address and what policies apply; nil where it is not judged.
    private func destination(
        _ address: IPAddress, _ policies: AuthorizationMaps, _ recorder: inout some DecisionRecorder
    ) -> Destination? {
        let found = policies.destination(address)
        recorder.record(.ingress(.destination(address, found)))
        guard let found else { return nil }
        // An element of another address; nothing is written between two lookups here, so another try finds it again.
        guard found.check == MapAddress(address).check(as: address.family) else { return Destination(view: .closed, backendUID: 0) }
        let slot = Int(found.slot) < policies.slots.count ? policies.slots[Int(found.slot)] : AuthorizationSlot()
        let view = policies.view(ofSlot: found.slot)
        recorder.record(.ingress(.view(slot, view)))
        return Destination(view: view, backendUID: slot.backend_uid)
    }
}

extension InboundFlows {
    /// Keeps a verdict for the packets that follow.
    fileprivate mutating func cache(_ verdict: FlowVerdict, _ generation: UInt32, _ tuple: ConnectionTuple) {
        verdicts.update(tuple, to: CachedVerdict(generation: generation, verdict: verdict.rawValue))
    }
}
