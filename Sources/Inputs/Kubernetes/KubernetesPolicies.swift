import Model

/// The security policies of a cluster, what they come to, and which of them each pod lists.
struct KubernetesPolicies: Sendable {
    private(set) var authorization: [KubernetesName: KubernetesAuthorizationPolicy] = [:]
    private(set) var peerAuthentication: [KubernetesName: KubernetesPeerAuthentication] = [:]
    private var authorizationBySelector = SelectorIndex<KubernetesName>()
    private var peersBySelector = SelectorIndex<KubernetesName>()
    /// Those without a selector, by namespace; the oldest counts.
    private var peersOfAll: [String: Set<KubernetesName>] = [:]

    /// The policy that denies everybody unknown; there is one as soon as there are PeerAuthentications.
    /// Source: Istio pilot/pkg/serviceregistry/kube/controller/ambient/authorization.go, staticStrictPolicyName.
    static let strictName = "istio_converted_static_strict"

    var isEmpty: Bool { authorization.isEmpty && peerAuthentication.isEmpty }

    /// Adds a policy, or replaces the one of its name.
    mutating func set(_ object: KubernetesAuthorizationPolicy) {
        removeAuthorization(object.name)
        authorization[object.name] = object
        guard let selector = object.attachment else { return }
        authorizationBySelector.insert(object.name, namespace: object.name.namespace, selector: selector)
    }

    /// Adds a policy, or replaces the one of its name.
    mutating func set(_ object: KubernetesPeerAuthentication) {
        removePeerAuthentication(object.name)
        peerAuthentication[object.name] = object
        if let selector = object.selector {
            peersBySelector.insert(object.name, namespace: object.name.namespace, selector: selector)
        } else {
            peersOfAll[object.name.namespace, default: []].insert(object.name)
        }
    }

    /// - Returns: Whether it was there.
    @discardableResult
    mutating func removeAuthorization(_ name: KubernetesName) -> Bool {
        guard let old = authorization.removeValue(forKey: name) else { return false }
        guard let selector = old.attachment else { return true }
        authorizationBySelector.remove(name, namespace: name.namespace, selector: selector)
        return true
    }

    /// - Returns: Whether it was there.
    @discardableResult
    mutating func removePeerAuthentication(_ name: KubernetesName) -> Bool {
        guard let old = peerAuthentication.removeValue(forKey: name) else { return false }
        if let selector = old.selector {
            peersBySelector.remove(name, namespace: name.namespace, selector: selector)
        } else {
            peersOfAll[name.namespace]?.remove(name)
            if peersOfAll[name.namespace]?.isEmpty ?? false { peersOfAll[name.namespace] = nil }
        }
        return true
    }

    // MARK: Policies

    /// What the objects come to, one policy for each that comes to any.
    func converted(_ settings: KubernetesSettings) -> [Policy] {
        authorization.values.compactMap { $0.policy(settings) }
            + peerAuthentication.values.compactMap { policy(of: $0, settings) }
    }

    /// All policies, by `Policy.resourceName`.
    func policies(_ settings: KubernetesSettings) -> [String: Policy] {
        var policies: [String: Policy] = [:]
        for policy in converted(settings) { policies[policy.resourceName] = policy }
        if let strict = strictPolicy(settings) { policies[strict.resourceName] = strict }
        return policies
    }

    /// The policy that an AuthorizationPolicy comes to, nil where it is not there or comes to none.
    func policy(of name: KubernetesName, _ settings: KubernetesSettings) -> Policy? {
        authorization[name]?.policy(settings)
    }

    private func strictPolicy(_ settings: KubernetesSettings) -> Policy? {
        guard !peerAuthentication.isEmpty else { return nil }
        let unknown = PolicyMatch(principals: .init(not: [.presence]))
        return Policy(
            name: Self.strictName, namespace: settings.rootNamespace, scope: .workload, action: .deny,
            rules: [Policy.Rule([Policy.Clause([unknown])])])
    }

    private func policy(of object: KubernetesPeerAuthentication, _ settings: KubernetesSettings) -> Policy? {
        object.policy(inherited: isStrict(namespace: object.name.namespace, settings), settings)
    }

    /// What a namespace asks for: its own mode, or that of the mesh where it has none.
    private func isStrict(namespace: String, _ settings: KubernetesSettings) -> Bool {
        for namespace in [namespace, settings.rootNamespace] {
            let oldest = oldest(peersOfAll[namespace] ?? [])
            if let mode = oldest?.mode, mode != .unset { return mode == .strict }
        }
        return false
    }

    private func oldest(_ names: some Sequence<KubernetesName>) -> KubernetesPeerAuthentication? {
        names.lazy.compactMap { peerAuthentication[$0] }.min(by: KubernetesPeerAuthentication.isOlder)
    }

    // MARK: Pods

    /// The names of the policies that the workload of a pod lists: those that select it, by name, then what
    /// PeerAuthentications come to for it.
    /// Source: Istio pilot/pkg/serviceregistry/kube/controller/ambient/workloads.go, buildWorkloadPolicies.
    func names(selecting labels: [String: String], in namespace: String, _ settings: KubernetesSettings) -> [String] {
        guard !isEmpty else { return [] }
        var names = authorizationBySelector.candidates(namespace: namespace, labels: labels)
        names.formUnion(authorizationBySelector.candidates(namespace: settings.rootNamespace, labels: labels))
        let selecting = names.filter { name in
            let isInReach = name.namespace == namespace || name.namespace == settings.rootNamespace
            return isInReach && authorization[name]?.attachment?.matches(labels) ?? false
        }
        let listed = selecting.map { "\($0.namespace)/\($0.name)" }.sorted()
        return peerAuthentication.isEmpty ? listed : listed + peerNames(selecting: labels, in: namespace, settings)
    }

    /// Source: Istio pilot/pkg/serviceregistry/kube/controller/ambient/authorization.go,
    /// convertedSelectorPeerAuthentications.
    private func peerNames(
        selecting labels: [String: String], in namespace: String, _ settings: KubernetesSettings
    ) -> [String] {
        let strict = ["\(settings.rootNamespace)/\(Self.strictName)"]
        let selecting = peersBySelector.candidates(namespace: namespace, labels: labels).filter { name in
            name.namespace == namespace && peerAuthentication[name]?.selector?.matches(labels) ?? false
        }
        let inherited = isStrict(namespace: namespace, settings)
        guard namespace != settings.rootNamespace, let own = oldest(selecting) else { return inherited ? strict : [] }
        if let policy = own.policy(inherited: inherited, settings) { return [policy.resourceName] }
        return own.mode == .strict || own.mode == .unset && inherited ? strict : []
    }

    // MARK: Notes

    /// What was left out, in no order.
    func notes(_ settings: KubernetesSettings) -> [InputNote] {
        var notes = authorization.values.flatMap(\.notes)
        notes += peerAuthentication.values.flatMap { $0.notes(settings) }
        for names in peersOfAll.values where names.count > 1 {
            let oldest = oldest(names)
            for name in names where name != oldest?.name {
                guard let object = peerAuthentication[name], let oldest else { continue }
                notes.append(
                    object.origin.note(
                        "PeerAuthentication \(name) is ignored: \(oldest.name) is older and for the same"))
            }
        }
        return notes
    }
}
