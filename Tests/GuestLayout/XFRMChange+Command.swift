public import Model

extension XFRMChange {
    /// The change as `ip xfrm` takes it, without `ip`.
    public var command: String {
        switch self {
        case .addState(let state): "xfrm state add \(Self.text(of: state))"
        case .updateState(let state): "xfrm state update \(Self.text(of: state))"
        case .deleteState(let id):
            "xfrm state delete dst \(id.destination) proto esp spi \(id.spi)" + Self.text(of: id.mark)
        case .flushStates: "xfrm state flush"
        case .addPolicy(let policy): "xfrm policy add \(Self.text(of: policy))"
        case .updatePolicy(let policy): "xfrm policy update \(Self.text(of: policy))"
        case .deletePolicy(let id):
            "xfrm policy delete \(Self.text(of: id.selector)) dir \(id.direction.rawValue)" + Self.text(of: id.mark)
        case .flushPolicies: "xfrm policy flush"
        }
    }

    private static func text(of state: XFRMState) -> String {
        let key = state.key.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        var text = "src \(state.source) dst \(state.destination) proto esp spi \(state.spi.rawValue)"
        text += " reqid \(state.requestID) mode tunnel"
        if state.takesEitherFamily { text += " flag af-unspec" }
        if state.replayWindow > 0 { text += " replay-window \(state.replayWindow)" }
        text += " aead \(AEADKey.algorithm) 0x\(key) \(state.key.icvByteCount * 8)" + self.text(of: state.mark)
        if let mark = state.outputMark { text += " output-mark \(mark) mask 0xffffffff" }
        return text
    }

    private static func text(of policy: XFRMPolicy) -> String {
        var text = "\(self.text(of: policy.selector)) dir \(policy.direction.rawValue)" + self.text(of: policy.mark)
        if policy.action == .block { text += " action block" }
        for template in policy.templates {
            text += " tmpl src \(template.source) dst \(template.destination) proto esp"
            if let spi = template.spi { text += " spi \(spi.rawValue)" }
            text += " reqid \(template.requestID) mode tunnel"
        }
        return text
    }

    private static func text(of selector: XFRMSelector) -> String {
        "src \(selector.source) dst \(selector.destination)"
    }

    private static func text(of mark: MarkSelector) -> String {
        mark == .any
            ? "" : " mark 0x\(String(mark.value, radix: 16)) mask 0x\(String(mark.mask, radix: 16))"
    }
}
