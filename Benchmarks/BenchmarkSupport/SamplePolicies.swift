public import Model

/// Policies as they are written for a `SampleMesh`: who may call, by namespace, principal, service account or address
/// block, and at which ports.
public struct SamplePolicies: Sendable {
    public var ruleCount: Int

    public init(ruleCount: Int) { self.ruleCount = ruleCount }

    /// Policy `index` of a namespace.
    public func policy(_ index: Int, in namespace: String, scope: Policy.Scope) -> Policy {
        Policy(
            name: "policy-\(index)", namespace: namespace, scope: scope, action: index % 4 == 0 ? .deny : .allow,
            rules: (0..<ruleCount).map { rule(index * ruleCount + $0) })
    }

    /// A rule of two clauses, as Istio makes them of `from` and `to`.
    private func rule(_ number: Int) -> Policy.Rule {
        let team = "team-\(number % 97 + 100)"
        var source = PolicyMatch()
        switch number % 4 {
        case 0: source.namespaces = .init([.exact(team)])
        case 1: source.principals = .init([.exact("cluster.local/ns/\(team)/sa/account-\(number)")])
        case 2: source.serviceAccounts = .init([.init(namespace: team, name: "account-\(number)")])
        default:
            let block = Prefix(.v4(0xc0a8_0000).advanced(by: UInt64(number % 4096) << 4), length: 28)
            source.sourceBlocks = .init(block.map { [$0] } ?? [])
        }
        var destination = PolicyMatch()
        destination.destinationPorts = .init([UInt16(7000 + number % 100), UInt16(8000 + number % 100)])
        return Policy.Rule([Policy.Clause([source]), Policy.Clause([destination])])
    }
}
