import KernelABI
import Model

extension TraceNamer {
    /// A step of xdp_ingress with names.
    func ingress(_ step: IngressStep) -> TraceStep {
        switch step {
        case .packet(let packet):
            return TraceStep(what: "packet", key: ends(of: packet), value: kind(of: packet))
        case .verdict(let cached, let generation):
            return TraceStep(what: "km_verdict", key: "generation \(generation)", value: verdict(cached, generation))
        case .destination(let address, let found):
            let value = found.map {
                $0.check == MapAddress(address).check(as: address.family) ? "slot \($0.slot)" : "of another address"
            }
            return TraceStep(what: "km_authz_dst", key: self.address(address), value: value ?? "not there")
        case .view(let slot, let view):
            let key = slot.backend_uid == 0 ? "view \(slot.view)" : "view \(slot.view) of \(name(slot.backend_uid))"
            return TraceStep(what: "km_authz_view", key: key, value: text(of: view))
        case .openedFlow(let found):
            return TraceStep(what: "km_flow", key: "", value: found ? "opened by the pod" : "not there")
        case .fragment(let first, let generation):
            return TraceStep(what: "km_fragment", key: "generation \(generation)", value: verdict(first, generation))
        case .identity(let address, let found):
            let value = found.map {
                $0.check == MapAddress(address).check(as: address.family)
                    ? identity($0.identity) : "of another address"
            }
            return TraceStep(what: "km_identity", key: self.address(address), value: value ?? "nobody")
        case .alternative(let number, let rule):
            return TraceStep(
                what: "km_authz_rule", key: "alternative \(number)",
                value: rule.map { "\(policy($0.policy_id)) rule \($0.rule + 1)" } ?? "not there")
        case .upstream(let outcome): return upstream(outcome)
        case .userSpace(let decision, let isWritten):
            let written = isWritten ? ", written to km_auth_res" : decision.isAllowed ? "" : ", not written: full"
            return TraceStep(
                what: "user space", key: "\(Judgement(decision))", value: "\(decision.reason)\(written)")
        case .recording:
            return TraceStep(
                what: "recording", key: "", value: "the node's maps are a recording: nobody judges by policies here")
        }
    }

    /// What upstream's program did, by what.
    private func upstream(_ outcome: UpstreamXDPOutcome) -> TraceStep {
        var ends = ""
        if let source = outcome.source, let destination = outcome.destination {
            ends = "\(book.text(of: source)) → \(book.text(of: destination))"
        }
        var value = "\(outcome.reason)"
        if let policy = outcome.policy { value += "; \(policy)" }
        if let hit = outcome.hit { value += " rule \(hit.rule + 1)" }
        if let id = outcome.missingPolicy { value += "; policy id \(id)" }
        if outcome.isCached { value += "; the verdict is kept" }
        if outcome.leavesState { value += "; an entry stays in km_tcargs" }
        return TraceStep(what: "xdp", key: ends, value: value)
    }

    private func policy(_ id: ResourceID) -> String { node?.authorization?.policyName(id) ?? name(id) }

    private func identity(_ number: UInt32) -> String {
        let principal = node?.authorization?.identity(number)?.principal
        return "identity \(number)" + (principal.map { " (\($0))" } ?? "")
    }

    private func ends(of packet: IngressPacket) -> String {
        switch packet {
        case .notIP, .notTCP, .malformed(_, nil): ""
        case .malformed(_, let addresses?), .laterFragment(let addresses, _):
            "\(address(addresses.source)) → \(address(addresses.destination))"
        case .tcp(let packet): "\(book.text(of: packet.flow.source)) → \(book.text(of: packet.flow.destination))"
        }
    }

    private func kind(of packet: IngressPacket) -> String {
        switch packet {
        case .notIP: return "not IP"
        case .notTCP: return "not TCP"
        case .malformed(let fault, _): return "malformed: \(fault.rawValue)"
        case .laterFragment(_, let identification): return "later fragment of datagram \(identification)"
        case .tcp(let packet):
            let fragment = packet.fragmented.map { ", first fragment of datagram \($0)" } ?? ""
            return (packet.isOpening ? "opens a connection" : "of a connection") + fragment
        }
    }

    private func verdict(_ cached: CachedVerdict?, _ generation: UInt32) -> String {
        guard let cached else { return "not there" }
        let verdict = FlowVerdict(rawValue: cached.verdict).map { "\($0)" } ?? "verdict \(cached.verdict)"
        return cached.generation == generation ? verdict : "\(verdict), but of generation \(cached.generation)"
    }

    private func text(of view: AuthorizationView) -> String {
        switch view.state {
        case KM_VIEW_OPEN.rawValue: "no policy applies"
        case KM_VIEW_JUDGED.rawValue:
            "policies apply" + (view.has_allow != 0 ? ", ALLOW among them" : "") + (view.hasDryRuns ? ", dry runs" : "")
        default: "closed: everything is denied"
        }
    }
}
