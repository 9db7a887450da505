public import Model

/// Draws meshes with policies, and connections that are likely to sit on the edges of what the policies tell apart:
/// IPv4 and IPv6, every prefix length, empty lists, empty matches, clauses and rules, contradictory and overlapping
/// conditions, dry runs, all scopes.
///
/// Everything is a function of the generator that is passed in:
/// ```
/// var random = SplitMix64(seed: seed)
/// let workloads = PolicyGenerator.workloads(count: 6, using: &random)
/// let policies = PolicyGenerator.policies(count: 5, using: &random, over: workloads)
/// let mesh = PolicyGenerator.mesh(of: workloads, under: policies, using: &random)
/// let requests = PolicyGenerator.requests(count: 50, using: &random, in: mesh)
/// ```
public enum PolicyGenerator {
    /// Namespaces of workloads; some begin or end alike. Policies are in these, too.
    public static let namespaces = ["shop", "shopping", "ops", "api-1", "api-2"]
    public static let serviceAccounts = ["default", "web", "webhook", "db"]
    public static let trustDomains = ["cluster.local", "cluster.local", "other.example"]
    /// Ports that policies name and workloads listen on.
    public static let ports: [UInt16] = [1, 80, 81, 443, 8080, 8443, 9090, 65_535]

    // MARK: Workloads

    /// Workloads of several identities with addresses of either family or both, a few without any, a few on the host's
    /// network, and now and then two with one address.
    public static func workloads(count: Int, using random: inout SplitMix64) -> [Workload] {
        (0..<count).map { index in
            let namespace = random.one(of: namespaces)
            var workload = Workload(
                WorkloadUID(cluster: "c", podNamespace: namespace, pod: "p\(index)"), name: "p\(index)",
                namespace: namespace, node: random.one(of: ["n1", "n2"]),
                serviceAccount: random.one(of: serviceAccounts), trustDomain: random.one(of: trustDomains))
            // Neighbours share long prefixes, so that blocks of any length part them.
            let number = random.isOneIn(12) ? 0 : UInt64(index) << UInt64(random.one(of: [0, 0, 4, 8, 12]))
            let v4 = IPAddress.v4(0x0A00_0000 | UInt32(truncatingIfNeeded: number))
            let v6 = IPAddress.v6(high: 0xfd00_0000_0000_0000 | number << 16, low: number)
            workload.addresses = random.one(of: [[v4], [v4], [v4], [v6], [v4, v6], [v6, v4], []])
            if random.isOneIn(8) { workload.networkMode = .hostNetwork }
            return workload
        }
    }

    /// The mesh of the workloads under the policies. Every workload lists some of the policies of scope workload, rarely
    /// one of another scope, and rarely one that does not exist.
    public static func mesh(
        of workloads: [Workload], under policies: [Policy], using random: inout SplitMix64
    ) -> Mesh {
        var mesh = Mesh()
        for policy in policies { mesh.apply(.setPolicy(policy)) }
        let byName = mesh.sortedPolicies
        for workload in workloads {
            var workload = workload
            workload.policies = byName.filter { policy in
                policy.scope == .workload ? random.isOneIn(2) : random.isOneIn(16)
            }.map(\.resourceName)
            if random.isOneIn(12) { workload.policies.append("\(workload.namespace)/missing") }
            mesh.apply(.setWorkload(workload))
        }
        return mesh
    }

    // MARK: Policies

    /// Policies about the workloads, with names of their own: `p0`, `p1` and so on.
    public static func policies(
        count: Int, using random: inout SplitMix64, over workloads: [Workload]
    ) -> [Policy] {
        (0..<count).map { index in
            Policy(
                name: "p\(index)", namespace: random.one(of: namespaces),
                scope: random.one(of: [.global, .namespace, .workload, .workload]),
                action: random.one(of: Policy.Action.allCases),
                rules: (0..<random.one(of: [0, 1, 1, 2, 3])).map { _ in rule(over: workloads, using: &random) },
                isDryRun: random.isOneIn(6))
        }
    }

    /// A rule of any shape, one without clauses among them.
    public static func rule(over workloads: [Workload], using random: inout SplitMix64) -> Policy.Rule {
        Policy.Rule(
            (0..<random.one(of: [0, 1, 1, 1, 2, 2, 3])).map { _ in
                Policy.Clause(
                    (0..<random.one(of: [0, 1, 1, 1, 2, 3])).map { _ in match(over: workloads, using: &random) })
            })
    }

    /// A match that names some kinds, most often one or two, rarely none.
    public static func match(over workloads: [Workload], using random: inout SplitMix64) -> PolicyMatch {
        var match = PolicyMatch()
        for _ in 0..<random.one(of: [0, 1, 1, 1, 1, 2, 2, 3]) {
            switch random.one(of: PolicyMatch.Kind.allCases) {
            case .namespaces:
                match.namespaces = values(using: &random) { random in
                    Self.stringMatch(like: random.one(of: namespaces), using: &random)
                }
            case .principals:
                match.principals = values(using: &random) { random in
                    let identity = Self.identity(over: workloads, using: &random)
                    return Self.stringMatch(like: identity.principal, using: &random)
                }
            case .serviceAccounts:
                match.serviceAccounts = values(using: &random) { random in
                    let identity = Self.identity(over: workloads, using: &random)
                    return .init(namespace: identity.namespace, name: identity.serviceAccount)
                }
            case .sourceBlocks:
                match.sourceBlocks = values(using: &random) { Self.block(over: workloads, using: &$0) }
            case .destinationBlocks:
                match.destinationBlocks = values(using: &random) { Self.block(over: workloads, using: &$0) }
            case .destinationPorts:
                match.destinationPorts = values(using: &random) { $0.one(of: ports) }
            }
        }
        return match
    }

    /// Either list may be empty, rarely both. Now and then one value is in both.
    private static func values<Value>(
        using random: inout SplitMix64, _ draw: (inout SplitMix64) -> Value
    ) -> PolicyMatch.Values<Value> {
        var any = (0..<random.one(of: [0, 1, 1, 1, 2, 3])).map { _ in draw(&random) }
        let none = (0..<random.one(of: [0, 0, 0, 1, 2])).map { _ in draw(&random) }
        if let value = none.first, random.isOneIn(4) { any.append(value) }
        return PolicyMatch.Values(any, not: none)
    }

    private static func identity(over workloads: [Workload], using random: inout SplitMix64) -> PeerIdentity {
        if !workloads.isEmpty, !random.isOneIn(8) { return PeerIdentity(of: random.one(of: workloads)) }
        return PeerIdentity(
            trustDomain: random.one(of: trustDomains), namespace: random.one(of: namespaces),
            serviceAccount: random.one(of: serviceAccounts))
    }

    /// A match of the text, of a part of it, or of nearly it.
    public static func stringMatch(like text: String, using random: inout SplitMix64) -> StringMatch {
        switch random.below(10) {
        case 0...4: .exact(text)
        case 5...6: .prefix(String(text.prefix(random.below(text.count + 1))))
        case 7: .suffix(String(text.suffix(random.below(text.count + 1))))
        case 8: .exact(String(text.dropLast()))
        default: .presence
        }
    }

    /// A block of any length around an address, with or without host bits.
    public static func block(over workloads: [Workload], using random: inout SplitMix64) -> Prefix {
        let near = workloads.flatMap(\.addresses)
        let address = near.isEmpty || random.isOneIn(6) ? anyAddress(using: &random) : random.one(of: near)
        let bits = address.bitCount
        let length = random.one(of: [0, bits, bits, bits - 1 - random.below(16), random.below(bits + 1)])
        guard let block = Prefix(address, length: length) else { preconditionFailure("length \(length) of \(bits)") }
        guard random.isOneIn(2), let masked = Prefix(block.network, length: length) else { return block }
        return masked
    }

    private static func anyAddress(using random: inout SplitMix64) -> IPAddress {
        random.isOneIn(2)
            ? .v4(random.draw()) : .v6(high: 0x2001_0db8_0000_0000 | random.next() >> 32, low: random.next())
    }
}
