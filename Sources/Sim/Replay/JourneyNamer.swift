import Model

/// Puts names to what happens to a packet between hooks.
struct JourneyNamer {
    let network: Network
    let book: NameBook

    func node(_ index: Int) -> String {
        network.nodes.indices.contains(index) ? network.nodes[index].name : "between the nodes"
    }

    private func pod(_ index: Int) -> String {
        guard network.pods.indices.contains(index) else { return "pod \(index)" }
        let pod = network.pods[index]
        return pod.addresses.first.flatMap { book.name(of: $0) } ?? pod.name
    }

    func step(_ step: ReplayStep) -> TraceStep {
        switch step {
        case .hook(let event): TraceStep(what: event.hook.rawValue, key: "", value: event.reason.rawValue)
        case .translated(let from, let to):
            if from.destination != to.destination {
                TraceStep(
                    what: "translated", key: book.text(of: from.destination), value: book.text(of: to.destination))
            } else {
                TraceStep(what: "translated", key: book.text(of: from.source), value: book.text(of: to.source))
            }
        case .midCapture(let requested, let service, let final):
            TraceStep(
                what: "mid-capture", key: service.map { "\($0)" } ?? book.text(of: requested),
                value: final.map { book.text(of: $0) } ?? "the backend is not known")
        case .header(let bytes, let destination):
            TraceStep(
                what: "header", key: "\(bytes.count) bytes before the payload", value: book.text(of: destination))
        case .shifted(let count):
            TraceStep(what: "shifted", key: "sequence numbers", value: count >= 0 ? "+\(count)" : "\(count)")
        case .segmented(let count): TraceStep(what: "segmented", key: "", value: "into \(count) segments")
        }
    }

    func step(_ step: JourneyStep, at node: Int) -> TraceStep {
        switch step {
        case .podMark(let found, let mark):
            TraceStep(
                what: "tc, pod", key: "km_nodeinfo", value: found ? "a peer's pods, mark \(mark)" : "not there, no mark"
            )
        case .uplinkMark(let before, let after):
            TraceStep(
                what: "tc, uplink", key: "mark \(before)", value: before == after ? "stays" : "\(after)")
        case .netfilter(let hook): TraceStep(what: "netfilter", key: "", value: hook.rawValue)
        case .route(let route): TraceStep(what: "route", key: "", value: text(route))
        case .policy(let direction, let index): policy(direction, index, at: node)
        case .state(let spi, let index): state(spi, index, at: node)
        case .timeToLive(let before, let after): TraceStep(what: "TTL", key: "\(before)", value: "\(after)")
        case .size(let count, let limit):
            TraceStep(what: "size", key: "\(count) bytes", value: "\(limit) pass")
        case .encrypted(let index, let sequence):
            TraceStep(what: "ESP", key: stateName(index, at: node), value: "encrypted, sequence \(sequence)")
        case .replay(let check): self.step(check, by: nil, at: node)
        case .decrypted(let index, let mark):
            TraceStep(what: "ESP", key: stateName(index, at: node), value: "decrypted, mark \(mark)")
        case .fragmented(let count): TraceStep(what: "fragments", key: "", value: "goes on in \(count)")
        case .reassembled(let count): TraceStep(what: "fragments", key: "", value: "whole again, \(count) bytes")
        case .error(let error): TraceStep(what: "ICMP", key: "", value: text(error))
        case .option(let option):
            TraceStep(
                what: "option", key: option.rawValue + (option.rule.isEmpty ? "" : " (\(option.rule))"),
                value: network.options.value(of: option))
        case .end(let end): TraceStep(what: "end", key: "", value: text(end))
        }
    }

    /// What the replay window of a state says; without a window it says nothing.
    func step(_ check: ReplayWindow.Check, by state: Int?, at node: Int) -> TraceStep {
        let states = network.nodes.indices.contains(node) ? network.nodes[node].xfrm.states : []
        let isChecked = state.map { !states.indices.contains($0) || states[$0].window.size > 0 } ?? true
        return TraceStep(
            what: "replay window", key: "", value: isChecked ? text(check) : "none, so that nothing is checked")
    }

    private func policy(_ direction: XFRMPolicy.Direction, _ index: Int?, at node: Int) -> TraceStep {
        let what = "policy \(direction.rawValue)"
        guard let index, network.nodes.indices.contains(node) else {
            return TraceStep(what: what, key: "", value: "none")
        }
        let policies = network.nodes[node].xfrm.policies(direction)
        guard policies.indices.contains(index) else { return TraceStep(what: what, key: "", value: "none") }
        let policy = policies[index]
        let mark = policy.mark == .any ? "" : " mark \(PacketMark(rawValue: policy.mark.value))"
        let templates = policy.templates.map { "\($0.source) → \($0.destination)" }.joined(separator: ", ")
        let action = policy.action == .block ? "block" : templates.isEmpty ? "in clear" : "ESP \(templates)"
        let type = policy.selector.icmpType.map { " ICMP type \($0)" } ?? ""
        return TraceStep(what: what, key: "to \(policy.selector.destination)\(type)\(mark)", value: action)
    }

    private func state(_ spi: SPI, _ index: Int?, at node: Int) -> TraceStep {
        TraceStep(what: "state", key: "SPI \(spi)", value: index.map { stateName($0, at: node) } ?? "none")
    }

    /// Who sends to whom by a state.
    private func stateName(_ index: Int, at node: Int) -> String {
        guard network.nodes.indices.contains(node), network.nodes[node].xfrm.states.indices.contains(index) else {
            return "state \(index)"
        }
        let state = network.nodes[node].xfrm.states[index].state
        return "\(name(state.source)) → \(name(state.destination)) SPI \(state.spi)"
    }

    private func name(_ address: IPAddress) -> String {
        network.node(for: address).map { node($0) } ?? "\(address)"
    }

    private func text(_ route: NetworkRoute) -> String {
        switch route {
        case .local: "to the node itself"
        case .pod(let index): "to its pod \(pod(index))"
        case .node(let index): "by the uplink to \(node(index))"
        case .nobody: "to an address of its pods that no pod has"
        case .outside: "by the uplink, out of the mesh"
        }
    }

    private func text(_ check: ReplayWindow.Check) -> String {
        switch check {
        case .fresh(let number): "\(number) is new"
        case .replayed: "seen before"
        case .tooOld: "behind the window"
        case .zero: "0 is never sent"
        }
    }

    private func text(_ error: ICMPError) -> String {
        switch error {
        case .tooBig(let limit): "too big, \(limit) bytes pass"
        case .timeExceeded: "time exceeded"
        }
    }

    private func text(_ end: JourneyEnd) -> String {
        switch end {
        case .pod(let index): "at the interface of pod \(pod(index))"
        case .node(let index): "in the stack of \(node(index))"
        case .outside: "out of the mesh"
        case .nobody: "no pod has the address"
        case .waiting: "waits for other fragments"
        case .unreadable: "the capture holds too little of it"
        case .dropped(let drop, _): "dropped: \(drop.phrase)"
        }
    }
}
