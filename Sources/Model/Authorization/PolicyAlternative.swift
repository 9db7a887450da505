/// Connections that a rule matches, as a product of sets: one of the parts of which a rule is the union.
struct PolicyAlternative: Hashable, Sendable {
    var identities: IntervalSet<UInt32>
    var sources: AddressSet
    var destinations: AddressSet
    /// Of 0…65535; what is beyond is of no account.
    var ports: IntervalSet<UInt32>

    static let full = PolicyAlternative(identities: .full, sources: .full, destinations: .full, ports: .full)

    private init(
        identities: IntervalSet<UInt32>, sources: AddressSet, destinations: AddressSet, ports: IntervalSet<UInt32>
    ) {
        self.identities = identities
        self.sources = sources
        self.destinations = destinations
        self.ports = ports
    }

    /// What a match lets through; nil when that is nothing.
    init?(_ match: PolicyMatch, in table: IdentityTable) {
        guard !match.isEmpty else { return nil }
        self.init(
            identities: table.identities(for: match), sources: AddressSet(match.sourceBlocks),
            destinations: AddressSet(match.destinationBlocks), ports: Self.ports(match.destinationPorts))
        if isEmpty { return nil }
    }

    private static func ports(_ values: PolicyMatch.Values<UInt16>) -> IntervalSet<UInt32> {
        let any = values.any.isEmpty ? .full : IntervalSet<UInt32>(values.any.lazy.map { UInt32($0) })
        guard !values.none.isEmpty else { return any }
        return any.intersection(IntervalSet<UInt32>(values.none.lazy.map { UInt32($0) }).complement)
    }

    var isEmpty: Bool { identities.isEmpty || sources.isEmpty || destinations.isEmpty || ports.isEmpty }

    func intersection(_ other: PolicyAlternative) -> PolicyAlternative {
        PolicyAlternative(
            identities: identities.intersection(other.identities), sources: sources.intersection(other.sources),
            destinations: destinations.intersection(other.destinations), ports: ports.intersection(other.ports))
    }

    /// The union, where it is a product again: where the two differ in one set at most.
    func union(_ other: PolicyAlternative) -> PolicyAlternative? {
        let same = [
            identities == other.identities, sources == other.sources, destinations == other.destinations,
            ports == other.ports,
        ]
        guard same.count(where: { !$0 }) <= 1 else { return nil }
        return PolicyAlternative(
            identities: identities.union(other.identities), sources: sources.union(other.sources),
            destinations: destinations.union(other.destinations), ports: ports.union(other.ports))
    }
}

extension Policy.Rule {
    /// The alternatives of which the rule is the union: none when it never matches.
    /// - Returns: nil when there are more than `limit`.
    func alternatives(in table: IdentityTable, limit: Int) -> [PolicyAlternative]? {
        var result = [PolicyAlternative.full]
        for clause in clauses where !clause.matches.isEmpty {
            let parts = clause.alternatives(in: table)
            guard result.count * parts.count <= limit else { return nil }
            result = result.flatMap { left in parts.map { left.intersection($0) } }.filter { !$0.isEmpty }
        }
        return result
    }
}

extension Policy.Clause {
    /// The alternatives of the matches; those of one kind, as Istio's are, come to one.
    fileprivate func alternatives(in table: IdentityTable) -> [PolicyAlternative] {
        var result: [PolicyAlternative] = []
        for match in matches {
            guard var next = PolicyAlternative(match, in: table) else { continue }
            while let index = result.firstIndex(where: { $0.union(next) != nil }), let union = result[index].union(next)
            {
                next = union
                result.remove(at: index)
            }
            result.append(next)
        }
        return result
    }
}
