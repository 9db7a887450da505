extension EncryptionController {
    /// What upstream's handlers do, one event after another: they add what is there already, and what is refused they
    /// leave. Source: Kmesh, pkg/controller/encryption/ipsec, handleOneNodeInfo, syncAllNodeInfo, handleKNIDeleteFunc.
    func upstreamSteps(from held: EncryptionHoldings, digest: ([UInt8]) -> [UInt8]) -> [EncryptionStep] {
        var steps: [EncryptionStep] = []
        var mustPublish = false
        for event in events {
            switch event {
            case .start:
                let others = held.policies.values.filter(isOfAnotherPreset)
                steps += others.map(\.id).inOrder.map { .xfrm(.deletePolicy($0)) }
                mustPublish = true
            case .peer(let name): steps += handlerSteps(name, held, digest)
            case .gone(let peer): steps += removal(of: peer, from: held)
            case .key:
                for name in peers.keys.sorted() { steps += handlerSteps(name, held, digest) }
                steps.append(.publish(local))
                mustPublish = false
            }
        }
        return mustPublish ? steps + [.publish(local)] : steps
    }

    /// Whether a policy is one that these options have no use for, so that nothing would take it away: it blocks what
    /// leaves in clear here, or names the key of an earlier day for a node's errors.
    private func isOfAnotherPreset(_ policy: XFRMPolicy) -> Bool {
        policy.priority == EncryptionRules.guardPriority || policy.action == .block && options.unknownSPI == .leaveClear
            || policy.direction == .out && policy.selector.icmpType != nil && options.nodeErrors != .encrypt
    }

    /// Without a key for it, nothing comes of a peer but its prefixes in km_nodeinfo (H20).
    private func handlerSteps(
        _ name: String, _ held: EncryptionHoldings, _ digest: ([UInt8]) -> [UInt8]
    ) -> [EncryptionStep] {
        guard let peer = peers[name] else { return [] }
        let isEstablished = peer.podPrefixes.contains { held.establishedTemplate(to: $0, at: peer.addresses) != nil }
        do throws(KeyDerivationError) {
            let rules = try rules(for: peer, isEstablished: isEstablished, digest: digest)
            return marks(of: peer) + (rules.receiving + rules.sending).map(EncryptionStep.xfrm)
                + peer.podPrefixes.map(EncryptionStep.encryptTo)
        } catch {
            return []
        }
    }

    /// All that names one of its addresses, also the policies that other peers' packets need.
    private func removal(of peer: NodeEncryption, from held: EncryptionHoldings) -> [EncryptionStep] {
        let states = held.states.values.map(\.state).filter {
            peer.addresses.contains($0.source) || peer.addresses.contains($0.destination)
        }
        let policies = held.policies.values.filter { policy in
            policy.templates.contains { peer.addresses.contains($0.source) || peer.addresses.contains($0.destination) }
        }
        return states.map(\.id).inOrder.map { .xfrm(.deleteState($0)) }
            + policies.map(\.id).inOrder.map { .xfrm(.deletePolicy($0)) }
            + peer.podPrefixes.map(EncryptionStep.leaveClear)
    }
}

extension [XFRMState.ID] {
    var inOrder: [XFRMState.ID] {
        sorted {
            ($0.destination.halves.high, $0.destination.halves.low, $0.spi.rawValue, $0.mark.value, $0.mark.mask)
                < ($1.destination.halves.high, $1.destination.halves.low, $1.spi.rawValue, $1.mark.value, $1.mark.mask)
        }
    }
}

extension [XFRMPolicy.ID] {
    var inOrder: [XFRMPolicy.ID] {
        sorted { a, b in
            guard a.direction == b.direction else { return a.direction.rawValue < b.direction.rawValue }
            let (first, second) = (a.selector.destination.orderingKey, b.selector.destination.orderingKey)
            guard first == second else { return first < second }
            let (from, to) = (a.selector.source.orderingKey, b.selector.source.orderingKey)
            guard from == to else { return from < to }
            let types = (a.selector.icmpType.map(Int.init) ?? -1, b.selector.icmpType.map(Int.init) ?? -1)
            guard types.0 == types.1 else { return types.0 < types.1 }
            return (a.mark.value, a.mark.mask) < (b.mark.value, b.mark.mask)
        }
    }
}
