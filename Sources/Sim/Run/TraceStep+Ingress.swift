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
            let value = found.map { $0.check == MapAddress(address).check(as: address.family) ? "slot \($0.slot)" : "of another address" }
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
                $0.check == MapAddress(address).check(as: address.family) ? "identity \($0.identity)" : "of another address"
            }
            return TraceStep(what: "km_identity", key: self.address(address), value: value ?? "nobody")
        case .alternative(let number, let rule):
            return TraceStep(
                what: "km_authz_rule", key: "alternative \(number)",
                value: rule.map { "\(name($0.policy_id)) rule \($0.rule)" } ?? "not there")
        }
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
