import Model
import Sim

/// Words for what happens while keys are rotated.
enum RotationPhrases {
    static func event(_ event: RotationEvent) -> String {
        switch event {
        case .rotate(let node): "\(name(node)): the key file gets SPI \(RotationCluster.newSPI.rawValue)"
        case .deliver(let from, let to): "\(name(to)) hears what \(name(from)) has published"
        case .step(let node): "\(name(node)): the agent goes on"
        case .quiet(let node, let other): "\(name(node)) finds that \(name(other)) sends under the new key alone"
        case .restart(let node): "\(name(node)): the agent is started anew"
        case .reboot(let node): "\(name(node)) boots"
        }
    }

    /// What an agent does.
    static func step(_ step: EncryptionStep) -> String {
        switch step {
        case .xfrm(.addState(let state)):
            "adds the state \(name(state.source)) → \(name(state.destination)), SPI \(state.spi.rawValue)"
        case .xfrm(.deleteState(let id)):
            "deletes the state to \(name(id.destination)), SPI \(id.spi.rawValue)"
                + (id.mark == .any ? "" : ", mark \(PacketMark(rawValue: id.mark.value))")
        case .xfrm(.updatePolicy(let policy)): "sets the policy \(text(policy.id)): \(action(of: policy))"
        case .xfrm(.deletePolicy(let id)): "deletes the policy \(text(id))"
        case .xfrm(let change): "\(change)"
        case .markPeer(let address, let mark): "marks ESP from \(name(address)) with \(mark)"
        case .forgetPeer(let address): "forgets the mark of \(name(address))"
        case .encryptTo(let prefix): "marks packets to \(prefix)"
        case .leaveClear(let prefix): "no longer marks packets to \(prefix)"
        case .publish(let info): "publishes SPI \(info.spi.rawValue)"
        }
    }

    private static func text(_ id: XFRMPolicy.ID) -> String {
        "\(id.direction.rawValue) to \(id.selector.destination)"
            + (id.selector.icmpType.map { ", ICMP type \($0)" } ?? "")
    }

    private static func action(of policy: XFRMPolicy) -> String {
        guard policy.action == .allow, let template = policy.templates.first else { return "block" }
        let source = template.source.isUnspecified ? "any" : name(template.source)
        return "\(source) → \(name(template.destination))" + (template.spi.map { ", SPI \($0.rawValue)" } ?? "")
    }

    static func failure(_ failure: RotationFailure) -> String {
        let what = failure.isError ? "an ICMP error of \(name(failure.source))" : "a packet of \(name(failure.source))"
        return "\(what) to pods of \(name(failure.target)) is \(kind(failure.verdict)): \(reason(failure))"
    }

    static func kind(_ verdict: RotationVerdict) -> String {
        switch verdict {
        case .delivered: "delivered"
        case .clear: "clear"
        case .lost: "lost"
        }
    }

    static func reason(_ failure: RotationFailure) -> String {
        let (source, target) = (name(failure.source), name(failure.target))
        return switch failure.verdict {
        case .delivered: ""
        case .clear(.unmarked): "km_nodeinfo of \(source) has not the pods of \(target)"
        case .clear(.noPolicy): "\(source) has no policy for it"
        case .lost(.blocked): "a policy of \(source) blocks it"
        case .lost(.noStateToSend(let spi)):
            "\(source) has no state" + (spi.map { " with SPI \($0.rawValue)" } ?? "") + " that its policy asks for"
        case .lost(.noState(let spi, let mark)):
            "\(target) has no state with SPI \(spi.rawValue)" + (mark == .none ? "" : " and mark \(mark)")
                + " (XfrmInNoStates)"
        case .lost(.wrongKey(let spi)):
            "the state of \(target) with SPI \(spi.rawValue) has another key (XfrmInStateProtoError)"
        case .lost(.noPolicyToReceive): "\(target) has no policy for what it decrypted (XfrmInNoPols)"
        case .lost(.otherTemplate(let address)):
            "the policy of \(target) is for what \(name(address)) sends (XfrmInTmplMismatch)"
        }
    }

    private static func name(_ node: Int) -> String { RotationCluster.name(node) }

    private static func name(_ address: IPAddress) -> String {
        (0..<RotationCluster.maximumNodeCount).first { RotationCluster.address($0) == address }.map(name)
            ?? "\(address)"
    }
}
