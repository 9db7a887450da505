/// One connection in two meshes, of which each part can be looked at as it was and as it is.
struct VerdictScene {
    var source: VerdictPoint
    var destinationBefore: SocketAddress
    var destinationAfter: SocketAddress
    /// Those that apply.
    var policiesBefore: [Policy]
    var policiesAfter: [Policy]
    /// Those of the meshes.
    var allBefore: [String: Policy]
    var allAfter: [String: Policy]

    /// Which parts are as after the change.
    struct Parts: OptionSet {
        let rawValue: Int

        static let policies = Parts(rawValue: 1)
        static let identity = Parts(rawValue: 2)
        static let sourceAddress = Parts(rawValue: 4)
        static let destinationAddress = Parts(rawValue: 8)
        static let allBefore: Parts = []
        static let allAfter: Parts = [.policies, .identity, .sourceAddress, .destinationAddress]
    }

    func verdict(_ parts: Parts) -> AuthorizationVerdict {
        let request = AuthorizationRequest(
            source: parts.contains(.sourceAddress) ? source.after : source.before,
            identity: parts.contains(.identity) ? source.identityAfter : source.identityBefore,
            destination: parts.contains(.destinationAddress) ? destinationAfter : destinationBefore)
        return ReferenceAuthorization.verdict(
            on: request, by: parts.contains(.policies) ? policiesAfter : policiesBefore)
    }

    /// The fewest parts whose change turns the verdict; the first of several, in the order of `Parts`.
    private var turningParts: Parts {
        let before = verdict(.allBefore).isAllowed
        let all = (1...Parts.allAfter.rawValue).map(Parts.init)
        for count in 1...4 {
            for parts in all where parts.rawValue.nonzeroBitCount == count {
                if verdict(parts).isAllowed != before { return parts }
            }
        }
        return .allAfter
    }

    /// What changed, ordered.
    func causes() -> [VerdictCause] {
        let parts = turningParts
        var causes: [VerdictCause] = []
        if parts.contains(.policies) { causes += policyCauses(parts) }
        if parts.contains(.identity) {
            causes.append(.sourceIdentity(before: source.identityBefore, after: source.identityAfter))
        }
        if parts.contains(.sourceAddress) { causes.append(.sourceAddress) }
        if parts.contains(.destinationAddress) { causes.append(.destinationAddress) }
        return causes.sorted()
    }

    /// The policies whose change turns the verdict: each alone where one does, else all that changed and bear on it.
    private func policyCauses(_ parts: Parts) -> [VerdictCause] {
        let names = Set((policiesBefore + policiesAfter).map(\.resourceName)).sorted()
        let before = Dictionary(uniqueKeysWithValues: policiesBefore.map { ($0.resourceName, $0) })
        let after = Dictionary(uniqueKeysWithValues: policiesAfter.map { ($0.resourceName, $0) })
        let changed = names.filter { before[$0] != after[$0] }
        let wasAllowed = verdict(parts.subtracting(.policies)).isAllowed
        let alone = changed.filter { name in
            var scene = self
            // The policies before, but for one, which is as after.
            scene.policiesAfter = names.compactMap { $0 == name ? after[$0] : before[$0] }
            return scene.verdict(parts).isAllowed != wasAllowed
        }
        return (alone.isEmpty ? changed : alone).map { cause($0, applies: after[$0] != nil) }
    }

    private func cause(_ name: String, applies: Bool) -> VerdictCause {
        switch (allBefore[name], allAfter[name]) {
        case (nil, _): .policyAdded(name)
        case (_, nil): .policyRemoved(name)
        case (let old, let new) where old != new: .policyEdited(name)
        default: applies ? .policySelects(name) : .policySelectsNoMore(name)
        }
    }
}
