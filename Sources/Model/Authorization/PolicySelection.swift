/// Which policies apply to a workload: the global ones, those of its namespace, and those that it lists.
public struct PolicySelection: Sendable {
    private var global: [String] = []
    private var byNamespace: [String: [String]] = [:]
    private let policies: [String: Policy]

    public init(_ policies: [String: Policy]) {
        self.policies = policies
        for (name, policy) in policies {
            switch policy.scope {
            case .global: global.append(name)
            case .namespace: byNamespace[policy.namespace, default: []].append(name)
            case .workload: break
            }
        }
    }

    /// The policies that apply, dry runs among them, ordered by name; each once. Names that a workload lists and that
    /// no policy has are passed over.
    public func policies(for workload: Workload) -> [Policy] {
        var names = Set(global)
        names.formUnion(byNamespace[workload.namespace] ?? [])
        names.formUnion(workload.policies)
        return names.sorted().compactMap { policies[$0] }
    }

    /// Names that a workload lists and that no policy has, ordered; each once.
    public func missingPolicies(of workload: Workload) -> [String] {
        Set(workload.policies).filter { policies[$0] == nil }.sorted()
    }
}
