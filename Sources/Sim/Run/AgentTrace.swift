import Model

extension ScenarioRunner {
    /// Says what agents did: in short as facts, in full as sections of the trace.
    func note(_ acts: [EncryptionScene.Act], _ result: inout StepResult) {
        let namer = AgentNamer(network: network)
        for act in acts {
            result.facts.append("agent of \(act.name): \(namer.summary(of: act))")
            guard !act.steps.isEmpty else { continue }
            let steps = act.steps.map { namer.step($0.step, $0.outcome) }
            result.sections.append(TraceSection(title: "agent of \(act.name)", steps: steps))
        }
    }
}

/// Puts names to what agents do.
struct AgentNamer {
    let network: Network

    /// How many steps of each kind, in the order in which they came first.
    func summary(of act: EncryptionScene.Act) -> String {
        var counts: [(text: String, count: Int)] = []
        for (step, outcome) in act.steps {
            let text = kind(of: step) + suffix(outcome)
            if let index = counts.firstIndex(where: { $0.text == text }) {
                counts[index].count += 1
            } else {
                counts.append((text, 1))
            }
        }
        guard !counts.isEmpty else { return "nothing to do" }
        return counts.map { $0.count > 1 ? "\($0.text) × \($0.count)" : $0.text }.joined(separator: ", ")
    }

    private func kind(of step: EncryptionStep) -> String {
        switch step {
        case .xfrm(let change): what(change)
        case .markPeer: "mark a peer"
        case .forgetPeer: "forget a peer's mark"
        case .encryptTo: "encrypt to a prefix"
        case .leaveClear: "leave a prefix clear"
        case .publish(let info): "publish SPI \(info.spi.rawValue)"
        }
    }

    /// A step with names.
    func step(_ step: EncryptionStep, _ outcome: XFRMDatabase.Outcome) -> TraceStep {
        switch step {
        case .xfrm(let change): TraceStep(what: what(change), key: key(change), value: value(change) + suffix(outcome))
        case .markPeer(let address, let mark): TraceStep(what: "km_peer", key: name(address), value: "mark \(mark)")
        case .forgetPeer(let address): TraceStep(what: "km_peer", key: name(address), value: "no mark")
        case .encryptTo(let prefix): TraceStep(what: "km_nodeinfo", key: "\(prefix)", value: "encrypt")
        case .leaveClear(let prefix): TraceStep(what: "km_nodeinfo", key: "\(prefix)", value: "leave clear")
        case .publish(let info): TraceStep(what: "publish", key: "", value: "SPI \(info.spi.rawValue)")
        }
    }

    private func what(_ change: XFRMChange) -> String {
        switch change {
        case .addState: "add state"
        case .updateState: "update state"
        case .deleteState: "delete state"
        case .flushStates: "flush states"
        case .addPolicy(let policy): "add policy \(policy.direction.rawValue)"
        case .updatePolicy(let policy): "set policy \(policy.direction.rawValue)"
        case .deletePolicy(let id): "delete policy \(id.direction.rawValue)"
        case .flushPolicies: "flush policies"
        }
    }

    private func key(_ change: XFRMChange) -> String {
        switch change {
        case .addState(let state), .updateState(let state): "\(name(state.source)) → \(name(state.destination))"
        case .deleteState(let id): "→ \(name(id.destination))"
        case .addPolicy(let policy), .updatePolicy(let policy): "to \(policy.selector.destination)\(mark(policy.mark))"
        case .deletePolicy(let id): "to \(id.selector.destination)\(mark(id.mark))"
        case .flushStates, .flushPolicies: ""
        }
    }

    private func value(_ change: XFRMChange) -> String {
        switch change {
        case .addState(let state), .updateState(let state): "SPI \(state.spi.rawValue)\(mark(state.mark))"
        case .deleteState(let id): "SPI \(id.spi.rawValue)\(mark(id.mark))"
        case .addPolicy(let policy), .updatePolicy(let policy):
            policy.action == .block ? "block" : policy.templates.map(text).joined(separator: ", ")
        case .deletePolicy, .flushStates, .flushPolicies: "gone"
        }
    }

    private func text(_ template: XFRMPolicy.Template) -> String {
        let source = template.source.isUnspecified ? "anybody" : name(template.source)
        return "ESP \(source) → \(name(template.destination))" + (template.spi.map { " SPI \($0.rawValue)" } ?? "")
    }

    private func mark(_ mark: MarkSelector) -> String {
        mark == .any ? "" : " mark \(PacketMark(rawValue: mark.value))"
    }

    private func suffix(_ outcome: XFRMDatabase.Outcome) -> String {
        switch outcome {
        case .done: ""
        case .exists: " (refused: there is one)"
        case .missing: " (refused: there is none)"
        case .invalid: " (refused: invalid)"
        }
    }

    /// The node of an address.
    private func name(_ address: IPAddress) -> String {
        network.node(for: address).map { network.nodes[$0].name } ?? "\(address)"
    }
}
